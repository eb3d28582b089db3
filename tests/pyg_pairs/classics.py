"""GCN, SAGE, GIN, GAT and PointNet."""

from __future__ import annotations

from typing import Any

import geonets as gn
from pyg_pairs.networks import network, torch_network


def pairs() -> dict[str, tuple[Any, Any, list[str]]]:
    """Our layer, PyG's, and which of `edge_attr, pos` PyG's forward takes after `x, edge_index`."""
    from torch_geometric import nn as pyg

    return {
        "GCN": (gn.nn.GCNConv(3, 4), pyg.GCNConv(3, 4), []),
        "GCN without normalisation": (gn.nn.GCNConv(3, 4, normalize=False), pyg.GCNConv(3, 4, normalize=False), []),
        "GCN without loops": (
            gn.nn.GCNConv(3, 4, add_self_loops=False, bias=False),
            pyg.GCNConv(3, 4, add_self_loops=False, bias=False),
            [],
        ),
        "SAGE mean": (gn.nn.SAGEConv(3, 4), pyg.SAGEConv(3, 4), []),
        "SAGE max": (gn.nn.SAGEConv(3, 4, aggr="max"), pyg.SAGEConv(3, 4, aggr="max"), []),
        "SAGE min": (gn.nn.SAGEConv(3, 4, aggr="min"), pyg.SAGEConv(3, 4, aggr="min"), []),
        "SAGE sum": (
            gn.nn.SAGEConv(3, 4, aggr="sum", normalize=True, project=True, root_weight=False),
            pyg.SAGEConv(3, 4, aggr="sum", normalize=True, project=True, root_weight=False),
            [],
        ),
        "GIN": (
            gn.nn.GINConv(network(3, 5, 4), eps=0.2, train_eps=True),
            pyg.GINConv(torch_network(3, 5, 4), eps=0.2, train_eps=True),
            [],
        ),
        "GINE": (gn.nn.GINEConv(network(3, 4)), pyg.GINEConv(torch_network(3, 4)), ["edge_attr"]),
        "GINE with edge_dim": (
            gn.nn.GINEConv(network(3, 4), edge_dim=3),
            pyg.GINEConv(torch_network(3, 4), edge_dim=3),
            ["edge_attr"],
        ),
        "GAT": (gn.nn.GATConv(3, 4, heads=2), pyg.GATConv(3, 4, heads=2), []),
        "GAT with edges": (
            gn.nn.GATConv(3, 4, heads=2, edge_dim=3, concat=False),
            pyg.GATConv(3, 4, heads=2, edge_dim=3, concat=False),
            ["edge_attr"],
        ),
        "GAT without loops": (
            gn.nn.GATConv(3, 4, edge_dim=3, add_self_loops=False, residual=True),
            pyg.GATConv(3, 4, edge_dim=3, add_self_loops=False, residual=True),
            ["edge_attr"],
        ),
        "GAT with filled edges": (
            gn.nn.GATConv(3, 4, edge_dim=3, fill_value=0.5),
            pyg.GATConv(3, 4, edge_dim=3, fill_value=0.5),
            ["edge_attr"],
        ),
        "PointNet": (
            gn.nn.PointNetConv(network(5, 6), network(6, 4)),
            pyg.PointNetConv(torch_network(5, 6), torch_network(6, 4)),
            ["pos"],
        ),
        "PointNet without loops": (
            gn.nn.PointNetConv(network(5, 6), add_self_loops=False),
            pyg.PointNetConv(torch_network(5, 6), add_self_loops=False),
            ["pos"],
        ),
    }
