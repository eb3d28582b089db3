"""The field's graph convolutions, with PyG's arguments and keys; they run on any structure that has edges."""

from geonets.nn.graph.gat import GATConv
from geonets.nn.graph.gcn import GCNConv
from geonets.nn.graph.gin import GINConv, GINEConv
from geonets.nn.graph.sage import SAGEConv

__all__ = ["GATConv", "GCNConv", "GINConv", "GINEConv", "SAGEConv"]
