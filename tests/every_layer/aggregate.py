"""Layers made of `aggregate`."""

from __future__ import annotations

from typing import Any

import torch

import geonets as gn
from every_layer.structures import chain, cloud, graph, grid


def difference(sender: Any, receiver: Any) -> torch.Tensor:
    return (sender - receiver).tanh()


def _pyg_graph_conv() -> torch.nn.Module:
    from torch_geometric.nn import GraphConv

    return gn.nn.FromPyG(GraphConv(4, 3))


def _pna(**options: Any) -> torch.nn.Module:
    scalers = ["identity", "amplification", "attenuation", "linear", "inverse_linear"]
    return gn.nn.PNAConv(4, 6, ["mean", "min", "max", "std"], scalers, torch.tensor([1, 3, 2]), **options)


LAYERS = {
    "MessagePassing": (
        lambda: gn.nn.MessagePassing(difference, "max", reads=("sender", "receiver")),
        [chain, grid, graph],
    ),
    "MessagePassing several": (
        lambda: gn.nn.MessagePassing(difference, ("std", "var", "softmax", "min"), reads=("sender", "receiver")),
        [chain, grid, graph],
    ),
    "GCNConv": (lambda: gn.nn.GCNConv(4, 3), [chain, grid, graph]),
    "GCNConv on near points": (lambda: gn.nn.GCNConv(4, 3, neighborhood=gn.Radius(1.5)), [cloud]),
    "SAGEConv": (lambda: gn.nn.SAGEConv(4, 3, aggr="max"), [chain, grid, graph]),
    "GINConv": (lambda: gn.nn.GINConv(gn.nn.MLP([4, 3])), [chain, grid, graph]),
    "GINEConv": (lambda: gn.nn.GINEConv(gn.nn.MLP([4, 3])), [graph]),
    "GraphConv": (lambda: gn.nn.GraphConv(4, 3), [chain, grid, graph]),
    "GraphConv several": (lambda: gn.nn.GraphConv(4, 3, ["max", "std"]), [graph]),
    "NNConv": (lambda: gn.nn.NNConv(4, 3, gn.nn.MLP([4, 5, 12])), [graph]),
    "NNConv max": (lambda: gn.nn.NNConv(4, 3, gn.nn.MLP([4, 12]), "max"), [graph]),
    "ResGatedGraphConv": (lambda: gn.nn.ResGatedGraphConv(4, 3), [chain, grid, graph]),
    "ResGatedGraphConv with edges": (lambda: gn.nn.ResGatedGraphConv(4, 3, edge_dim=4), [graph]),
    "GatedGraphConv": (lambda: gn.nn.GatedGraphConv(5, 2), [chain, grid, graph]),
    "EdgeConv": (lambda: gn.nn.EdgeConv(gn.nn.MLP([8, 5, 3])), [chain, grid, graph]),
    "EdgeConv on near points": (lambda: gn.nn.EdgeConv(gn.nn.MLP([8, 3]), "mean", gn.KNN(3)), [cloud]),
    "DynamicEdgeConv": (lambda: gn.nn.DynamicEdgeConv(gn.nn.MLP([8, 5, 3]), 3), [chain, grid, cloud, graph]),
    "PNAConv": (lambda: _pna(towers=2), [chain, grid, graph]),
    "PNAConv with edges": (lambda: _pna(edge_dim=4, pre_layers=2, post_layers=2), [graph]),
    "ChebConv": (lambda: gn.nn.ChebConv(4, 3, 3), [chain, grid, graph]),
    "ChebConv without normalisation": (lambda: gn.nn.ChebConv(4, 3, 3, normalization=None), [chain, graph]),
    "APPNP": (lambda: gn.nn.APPNP(3, 0.1), [chain, grid, graph]),
    "SGConv": (lambda: gn.nn.SGConv(4, 3, 2), [chain, grid, graph]),
    "FromPyG": (_pyg_graph_conv, [chain, grid, graph]),
}
