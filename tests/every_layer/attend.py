"""Layers made of `attend`."""

from __future__ import annotations

import geonets as gn
from every_layer.structures import chain, cloud, graph, grid

LAYERS = {
    "MultiheadAttention": (lambda: gn.nn.MultiheadAttention(4, 2), [chain, grid, cloud, graph]),
    "GATConv": (lambda: gn.nn.GATConv(4, 3, heads=2, edge_dim=4), [graph]),
    "GATConv without edges": (lambda: gn.nn.GATConv(4, 3), [chain, grid, graph]),
    "GATv2Conv": (lambda: gn.nn.GATv2Conv(4, 3, heads=2, edge_dim=4), [graph]),
    "GATv2Conv without edges": (lambda: gn.nn.GATv2Conv(4, 3), [chain, grid, graph]),
    "TransformerConv": (lambda: gn.nn.TransformerConv(4, 3, heads=2, edge_dim=4, beta=True), [graph]),
    "TransformerConv without edges": (lambda: gn.nn.TransformerConv(4, 3), [chain, grid, graph]),
}
