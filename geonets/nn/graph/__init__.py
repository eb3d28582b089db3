"""The field's graph convolutions, with PyG's arguments and keys; they run on any structure that has edges."""

from geonets.nn.graph.appnp import APPNP, SGConv
from geonets.nn.graph.cheb import ChebConv
from geonets.nn.graph.edgeconv import DynamicEdgeConv, EdgeConv
from geonets.nn.graph.gat import GATConv
from geonets.nn.graph.gated import GatedGraphConv, ResGatedGraphConv
from geonets.nn.graph.gatv2 import GATv2Conv
from geonets.nn.graph.gcn import GCNConv
from geonets.nn.graph.gin import GINConv, GINEConv
from geonets.nn.graph.gps import GPSConv
from geonets.nn.graph.nnconv import NNConv
from geonets.nn.graph.pna import PNAConv
from geonets.nn.graph.rgcn import RGCNConv
from geonets.nn.graph.sage import GraphConv, SAGEConv
from geonets.nn.graph.transformer import TransformerConv

__all__ = [
    "APPNP",
    "ChebConv",
    "DynamicEdgeConv",
    "EdgeConv",
    "GATConv",
    "GATv2Conv",
    "GCNConv",
    "GINConv",
    "GINEConv",
    "GPSConv",
    "GatedGraphConv",
    "GraphConv",
    "NNConv",
    "PNAConv",
    "RGCNConv",
    "ResGatedGraphConv",
    "SAGEConv",
    "SGConv",
    "TransformerConv",
]
