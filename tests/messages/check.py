"""Messages of check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from messages.things import chain, image, path, x34

check = gn.check
CASES: list[tuple[str, Callable[[], Any]]] = [
    (
        r"`layer` must give the same results in any order of the nodes, edges and items; got fails, a difference of "
        r".* from LSTM on Chain\(2 items of 3 .. 4 nodes along \(time\)\)\. Use layers that hear a set",
        lambda: check.permutation(gn.nn.LSTM(2, 3), chain).require(),
    ),
    ("`structure` must be a Structure to be checked on; got Tensor", lambda: check.lowering(gn.nn.ReLU(), x34)),  # pyright: ignore[reportArgumentType]
    (
        "`layer` must return a Structure, or rows of nodes or items, to be checked; got tuple .LSTM.",
        lambda: check.permutation(gn.nn.LSTM(2, 3), chain, call=lambda f, s: f(s, return_state=True)),
    ),
    (
        "`structure` must be on a chain or grid for check.translation; got Graph",
        lambda: check.translation(gn.nn.ReLU(), path),
    ),
    (
        "`layer` must return nodes of a lattice or one row an item for check.translation; got Set",
        lambda: check.translation(lambda s: gn.points(None, x=s.x[None]), image),
    ),
    ("`shifts` must have one number for each of the axes", lambda: check.translation(gn.nn.ReLU(), image, [(1, 0, 0)])),
    (
        r"`shifts` must be multiples of the stride \(3, 3\); got \(1, 0\)",
        lambda: check.translation(gn.nn.AvgPool2d(3), gn.grid(torch.randn(1, 9, 9, 1)), [(1, 0)]),
    ),
    ("`axis` must be one of time; got 'y'", lambda: check.causality(gn.nn.ReLU(), chain, axis="y")),
    (
        "`layer` must return nodes along time for check.causality; got Set",
        lambda: check.causality(gn.nn.Readout(), chain),
    ),
    ("`structure` must have positions to be rotated; got none", lambda: check.rotation(gn.nn.ReLU(), path)),
    ("`group` must be one of SO, O, T, SE, E; got 'U'", lambda: check.rotation(gn.nn.ReLU(), path, "U")),
    ("`order` must be one of 1, 2; got 3", lambda: check.gradients(gn.nn.ReLU(), path, order=3)),
    (
        "`node` must be one of the 9 nodes of item 0 of the result; got 9",
        lambda: check.receptive_field(gn.nn.ReLU(), image, 9),
    ),
    (
        r"`node` must be one of the 9 nodes of item 0 of the result; got \(1, 3\)",
        lambda: check.receptive_field(gn.nn.ReLU(), image, (1, 3)),
    ),
    (
        "`node` must be one of the 0 nodes of item 1 of the result; got 0",
        lambda: check.receptive_field(gn.nn.ReLU(), image, 0, item=1),
    ),
]
