"""Messages of layers made of `aggregate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

import geonets as gn
from messages.things import chain, ring


def pna(**options: Any) -> gn.nn.PNAConv:
    given: dict[str, Any] = {"aggregators": ["mean"], "scalers": ["identity"], "deg": torch.ones(2), **options}
    return gn.nn.PNAConv(4, 4, **given)


def from_pyg(name: str, *arguments: Any) -> gn.nn.FromPyG:
    from torch_geometric import nn as pyg

    return gn.nn.FromPyG(getattr(pyg, name)(*arguments))


CASES: list[tuple[str, Callable[[], Any]]] = [
    (
        "`neighborhood` must lead to the nodes themselves where receivers are read; got Hub",
        lambda: gn.nn.MessagePassing(lambda s, r: s - r, reads=("sender", "receiver"), neighborhood=gn.Hub())(chain),
    ),
    (
        "`structure` must have all that GINEConv reads; got no edge_attr",
        lambda: from_pyg("GINEConv", nn.Linear(4, 2))(ring),
    ),
    ("`structure` must have all that GCN2Conv reads; got no x_0", lambda: from_pyg("GCN2Conv", 4, 0.1)(ring)),
    ("`act` must be one of .*relu.*; got 'rlu'", lambda: pna(act="rlu", pre_layers=2)),
    ("`scalers` must be one of identity, amplification.*; got 'none'", lambda: pna(scalers=["none"])),
    ("`out_channels` must be a multiple of towers=3; got 4", lambda: pna(towers=3)),
    ("`structure.x` must have at most out_channels=3 channels; got 4", lambda: gn.nn.GatedGraphConv(3, 1)(ring)),
    ("`normalization` must be one of None, sym, rw; got 'left'", lambda: gn.nn.ChebConv(4, 2, 2, "left")),
    ("`edge_weight` must have axes .E. with E=3; got 2", lambda: gn.nn.GraphConv(4, 2)(ring, torch.ones(2))),
    ("`structure.x` must have 5 channels", lambda: gn.nn.EdgeConv(gn.nn.MLP([10, 2]))(ring)),
]
