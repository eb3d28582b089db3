"""Messages of topologies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from messages.things import chain, edges, image, ring, x34

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`first` and `second` must have as many items; got 1 and 2", lambda: gn.Product(gn.Chain(3), gn.Set([1, 2]))),
    ("`structures` must be of one kind.*Chain, Graph", lambda: gn.batch([chain, ring])),
    (
        "`edge_type` must be given for all graphs of a batch or for none",
        lambda: gn.batch([ring, gn.graph(edges, x=x34, edge_type=torch.zeros(2, dtype=torch.long))]),
    ),
    ("`senders` must be an integer tensor; got torch.float32", lambda: gn.Graph(edges[0].float(), edges[1], 3)),
    ("`senders` must be an integer tensor; got list", lambda: gn.Graph([0], edges[1], 3)),  # pyright: ignore[reportArgumentType]
    (
        "`receivers` must have shape .2,., one entry an edge; got .3,",
        lambda: gn.Graph(edges[0], torch.zeros(3).long(), 3),
    ),
    ("`receivers` must be between 0 and 1; got 2 .edge 1.", lambda: gn.Graph(edges[0], edges[1], 2)),
    ("`senders` must be between 0 and 2; got -1", lambda: gn.Graph(edges[0] - 1, edges[1], 3)),
    ("`edge_type` must be at least 0; got -1", lambda: gn.Graph(edges[0], edges[1], 3, edges[0] - 1)),
    ("`edges` must be free of cycles.*got the cycle", lambda: gn.nn.LSTM(4, 2)(ring)),
    (
        "`structures` must have the same axes",
        lambda: gn.batch([image, gn.grid(torch.randn(1, 3, 3, 2), axes=("a", "b"))]),
    ),
    (
        "`structures` must be periodic along the same axes.*got .y, x. and ..",
        lambda: gn.batch([gn.grid(torch.randn(1, 3, 3, 2), periodic=True), image]),
    ),
    ("`periodic` must name axes among y, x; got z", lambda: gn.Grid((2, 2), periodic="z")),
    ("`axes` must name each of the 4 axes", lambda: gn.Grid((2, 2, 2, 2))),
    ("`sizes` must not be negative; got -1", lambda: gn.Chain(-1)),
    ("`node_counts` must not be negative; got -1", lambda: gn.Graph(edges[0, :0], edges[1, :0], [2, -1])),
    (
        "`edge_index` must join nodes of one item; got 1 -> 2, from item 0 to item 1",
        lambda: gn.Graph(edges[0], edges[1], [2, 1]),
    ),
]
