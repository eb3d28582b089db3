"""Messages of what announces a size: batch vectors, paddings, edges of trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn

x43 = torch.zeros(4, 3)


def pool(*ids: float, **options: Any) -> gn.Structure:
    return gn.points(None, x=x43, batch=torch.tensor(ids), **options)


def tree(*edges: list[int]) -> gn.Structure:
    return gn.tree(torch.tensor(edges))


CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`batch` must hold integers; got torch.float32", lambda: pool(0.0, 0.0, 1.0, 1.0)),
    (
        "`num_items` must be a number that memory has room for, 16 bytes each of .*; got 1000000000000000. Number nodes",
        lambda: pool(0, 0, 1, 1, num_items=10**15),
    ),
    ("`sizes` must have fewer than 2..63 nodes in all items together; got 18446744", lambda: gn.Grid((2**32, 2**32))),
    (
        "`sizes` must have fewer than 2..63 nodes .*; got 10600000000000000000. .* larger voxels",
        lambda: gn.batch(
            [gn.Structure(gn.Set(counts)) for counts in ([2 * 10**18, 33 * 10**17], [2 * 10**18, 33 * 10**17])]
        ),
    ),
    ("`batch` must have 4 entries, one a node; got shape .3,.", lambda: pool(0, 0, 1)),
    ("`batch` must ascend.*got 0 after 1 .row 2.", lambda: pool(0, 1, 0, 1)),
    ("`batch` must be between 0; got -1 .. 0", lambda: pool(-1, 0, 0, 0)),
    ("`batch` must be between 0 and 1, as num_items=2; got 0 .. 2", lambda: pool(0, 1, 1, 2, num_items=2)),
    (
        "`batch` must leave out no item unless num_items is given; got 100000000000 .row 3.",
        lambda: pool(0, 0, 0, 10**11),
    ),
    ("`batch` must leave out no item.*got 1 .row 0. after nothing", lambda: pool(1, 1, 1, 1)),
    (
        "`padding` and `stride` must not add more than 268435456 nodes; got 4e.12 from 9",
        lambda: gn.nn.Conv2d(3, 2, 3, padding=10**6)(gn.grid(torch.zeros(1, 3, 3, 3))),
    ),
    (
        "`parents` must be .N,. node numbers or .2, N - 1. edges; got torch.int64 of shape .3, 1.",
        lambda: tree([0], [1], [2]),
    ),
    (
        "`parents` must name nodes between 0 and 2, one more than there are edges; got 0 .. 5",
        lambda: tree([1, 5], [0, 0]),
    ),
    ("`parents` must give each node one parent; got 2 for node 2", lambda: tree([2, 2], [0, 1])),
]
