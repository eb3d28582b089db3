"""Messages of structures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from geonets.core import shapes
from messages.things import chain, level, no_features, ring

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`x` must be a tensor of axes .* got list", lambda: shapes.expect([1], "N C", "x")),
    ("`x` must have axes .N C.; got 1 axes", lambda: shapes.expect(torch.zeros(3), "N C", "x")),
    ("`x` must be a dense tensor; got torch.sparse_coo", lambda: gn.graph([[0], [1]], x=torch.eye(3).to_sparse_coo())),
    ("`nodes.*must be a dense tensor; got torch.sparse_coo", lambda: ring.replace(x=torch.eye(3).to_sparse_coo())),
    ("`pos` must have axes .N 3. with 3; got 2 there", lambda: shapes.expect(torch.zeros(5, 2), "N 3", "pos")),
    ("`topology` must be a Chain.*got int", lambda: gn.Structure(5)),  # pyright: ignore[reportArgumentType]
    ("`meta` must have one record for each of the 1 items; got 2", lambda: gn.Structure(gn.Set(2), meta=[{}, {}])),
    ("`charge` must be one of x, pos", lambda: ring.replace(charge=torch.zeros(3))),
    ("`size` must be at least 1; got 0", lambda: chain.batches(0)),
    ("`by` must be one of items, nodes, edges; got 'rows'", lambda: chain.batches(1, by="rows")),
    ("`size` must be at least the size of every item; got 3, and an item of 4", lambda: chain.batches(3, by="nodes")),
    (
        "`y` must be on one level only; got it on nodes and globals",
        lambda: ring.replace(nodes={"y": torch.zeros(3)}, globals={"y": torch.zeros(1)}),
    ),
    ("`y` must be on a level already", lambda: ring.replace(y=torch.zeros(1))),
    ("`structures` must hold at least one", lambda: gn.batch([])),
    ("`levels` must have the same names", lambda: gn.batch([level(), gn.Structure(gn.Set(3))])),
    ("`nodes\\['x'\\]` must be a tensor; got list", lambda: gn.Structure(gn.Set(2), {"x": [1, 2]})),  # pyright: ignore[reportArgumentType]
    ("`nodes\\['x'\\]` must have 2 rows.*got shape .3,", lambda: gn.Structure(gn.Set(2), {"x": torch.zeros(3)})),
    ("`globals\\['y'\\]` must have 1 rows", lambda: ring.replace(globals={"y": torch.zeros(2)})),
    ("`levels\\['faces'\\]` must have one count", lambda: level(counts=torch.tensor([1, 0]))),
    (
        "`levels\\['faces'\\]\\['vertices'\\]` must name nodes",
        lambda: level(fields={"vertices": torch.tensor([[0, 1, 3]])}),
    ),
    ("`nodes` must have the same fields", lambda: gn.batch([ring, no_features])),
    ("`items` must be between -2 and 1; got 2", lambda: chain[2]),
    ("`items` must be between -2 and 1; got -3", lambda: chain[[0, -3]]),
    ("`items` must have 2 entries, one an item, to be a mask", lambda: chain[torch.tensor([True])]),
    ("`items` must be an int, a slice", lambda: chain[torch.tensor([0.5])]),
]
