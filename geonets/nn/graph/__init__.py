"""The field's graph convolutions, with PyG's arguments and keys; they run on any structure that has edges."""

from geonets.nn.graph.gat import GATConv
from geonets.nn.graph.gatv2 import GATv2Conv
from geonets.nn.graph.gcn import GCNConv
from geonets.nn.graph.gin import GINConv, GINEConv
from geonets.nn.graph.gps import GPSConv
from geonets.nn.graph.sage import SAGEConv
from geonets.nn.graph.transformer import TransformerConv

__all__ = ["GATConv", "GATv2Conv", "GCNConv", "GINConv", "GINEConv", "GPSConv", "SAGEConv", "TransformerConv"]
