"""Messages of engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from geonets.engine.plan import run
from geonets.engine.spec import AggregateSpec, AttendSpec, ConvolveOperands, ConvolveSpec
from messages.things import unknown


def beyond_the_weights() -> Any:
    bonds = gn.graph(torch.tensor([[0, 1], [1, 0]]), x=torch.randn(2, 1), edge_type=torch.tensor([0, 3]))
    return run(ConvolveSpec(gn.Links()), ConvolveOperands(bonds.x, torch.randn(1, 1, 2), None), bonds)


CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`reduce` must be one of sum, mean, max, min, var, std, softmax; got 'median'", lambda: gn.nn.Readout("median")),
    ("`reduce` must be one of sum, mean.*got 'median'", lambda: gn.nn.Readout(("mean", "median"))),
    ("`reduce` must be one of sum; got ..", lambda: gn.nn.Readout(())),
    ("`reduce` must be one of sum; got 'max'", lambda: AggregateSpec(gn.Links(), "max", own=True)),
    (
        "`reads` must be one of sender, receiver, edge; got 'node'",
        lambda: AggregateSpec(gn.Links(), "sum", reads=unknown),
    ),
    ("`score` must be one of dot, additive, gatv2, opaque; got 'cosine'", lambda: AttendSpec(gn.Links(), "cosine")),
    ("`reads` must be one of query, key, edge; got 'node'", lambda: AttendSpec(gn.Links(), reads=unknown)),
    (
        "`edge_terms` must be one of bias, keys, values; got 'node'",
        lambda: AttendSpec(gn.Links(), edge_terms=unknown),
    ),
    ("`edge_type` must be below 2, the number of weights; got 3. Pass a weight for every type", beyond_the_weights),
]
