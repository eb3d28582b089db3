"""Messages of neighborhoods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geonets as gn
from messages.things import around, chain, cloud, image, ring

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`structure` must have positions for KNN.2.", lambda: gn.KNN(2).edges(ring)),
    (
        "`source` must have as many items",
        lambda: gn.nn.MultiheadAttention(2, 1, kdim=3, vdim=3)(chain, cloud.replace(x=cloud.pos)),
    ),
    ("`k` must be at least 1; got 0", lambda: gn.KNN(0)),
    ("`r` must be positive; got -1", lambda: gn.Radius(-1)),
    ("`stride` must be 1 integers of at least 1; got .0,", lambda: gn.nn.Conv1d(2, 2, 1, stride=0)(chain)),
    ("`padding_mode` must be one of zeros", lambda: gn.Stencil((1,), (1,), (0,), (0,), (1,), "mirror")),
    ("`structure` must be a lattice of 2 axes.*got a Graph", lambda: gn.nn.Conv2d(4, 2, 1)(ring)),
    ("`structure` must be a lattice of 2 axes.*got 1 axes", lambda: gn.nn.Conv2d(2, 2, 1)(chain)),
    ("`kernel_size` must fit.*window of .5,.*input of .4,.*item 0", lambda: gn.nn.Conv1d(2, 2, 5)(chain)),
    ("`kernel_size` must fit.*input of .3, 3.", lambda: gn.nn.Conv2d(2, 2, 4)(image)),
    (
        "`stride` must divide the size of a periodic axis; got 2 on 3 nodes .axis y.",
        lambda: gn.nn.MaxPool2d(2)(gn.grid(image.x.reshape(1, 3, 3, 2), periodic=True)),
    ),
    ("`structure` must have a first node along every axis", lambda: gn.Predecessors().edges(around)),
    (
        "`padding` must be at most 2 with padding_mode='reflect'; got 3",
        lambda: gn.nn.Conv2d(2, 2, 3, padding=3, padding_mode="reflect")(image),
    ),
    (
        "`neighborhood` must say who is whose neighbour on a Set",
        lambda: gn.nn.GCNConv(3, 2)(cloud.replace(x=cloud.pos)),
    ),
]
