"""Messages of layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import every_layer
import torch
from torch import nn

import geonets as gn
from messages.things import Pool, chain, no_features, ring, x34

related = gn.relate(ring, ring, torch.tensor([[0, 1], [1, 2]]), "hears")

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`structure` must be a Structure; got Tensor", lambda: gn.nn.GCNConv(4, 2)(x34)),
    ("`structure` must be a Structure; got Tensor", lambda: gn.nn.MaxPool1d(2)(x34)),
    ("`structure` must have node features; got none", lambda: gn.nn.GCNConv(4, 2)(no_features)),
    ("`structure.x` must have 5 channels for this layer; got shape .3, 4.", lambda: gn.nn.GCNConv(5, 2)(ring)),
    (
        "`layers` must act.*got torch.nn.modules.conv.Conv1d .position 0.*Use gn.nn.Conv1d",
        lambda: gn.nn.Sequential(nn.Conv1d(1, 1, 1)),
    ),
    ("`layers` must act.*LSTM.*Use gn.nn.LSTM", lambda: gn.nn.Sequential(nn.LSTM(1, 1))),
    ("`layers` must act.*BatchNorm2d.*Use gn.nn.BatchNorm", lambda: gn.nn.Sequential(nn.BatchNorm2d(1))),
    ("`layers` must act.*Softmax.*Use a layer of gn.nn", lambda: gn.nn.Sequential(nn.ReLU(), nn.Softmax(0))),
    ("`layers` must act.*LayerNorm", lambda: gn.nn.Sequential(nn.LayerNorm([2, 3]))),
    ("`return_indices` and `divisor_override` must be left", lambda: gn.nn.MaxPool1d(2, return_indices=True)(chain)),
    ("`norm` must be 'batch', 'layer' or None; got 'group'", lambda: gn.nn.MLP([1, 2], norm="group")),
    ("`channels` must name at least input and output; got .3.", lambda: gn.nn.MLP([3])),
    ("`conv` must return one row a node, 3; got .1, 4. from Pool", lambda: gn.nn.FromPyG(Pool())(ring)),
    (
        "`add_self_loops` must be False without normalize",
        lambda: gn.nn.GCNConv(2, 2, add_self_loops=True, normalize=False),
    ),
    (
        "`fill_value` must be a number or 'mean'; got 'max'",
        lambda: gn.nn.GATConv(4, 2, edge_dim=4, fill_value="max")(every_layer.graph([3], 1).to(torch.float32)),
    ),
    ("`nn` must start with a linear layer", lambda: gn.nn.GINEConv(nn.ReLU(), edge_dim=2)),
    ("`structure` must have positions for PointNetConv", lambda: gn.nn.PointNetConv()(ring)),
    (
        "`structure` must have edge_attr on its own links for GINEConv; got none",
        lambda: gn.nn.GINEConv(nn.Linear(4, 2))(ring),
    ),
    (
        "`structure` must have edge_attr on its level 'hears' for GINEConv; got senders, receivers",
        lambda: gn.nn.GINEConv(nn.Linear(4, 2), neighborhood=gn.Between("hears"))(related, source=ring),
    ),
    (
        "`source.x` must have the 4 channels of `structure.x`, to which it is added; got 3",
        lambda: gn.nn.GINConv(nn.Linear(4, 2), neighborhood=gn.Between("hears"))(
            related, source=ring.replace(x=torch.zeros(3, 3))
        ),
    ),
]
