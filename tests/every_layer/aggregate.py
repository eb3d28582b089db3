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
    "FromPyG": (_pyg_graph_conv, [chain, grid, graph]),
}
