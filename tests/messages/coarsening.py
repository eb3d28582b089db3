"""Messages of sampling, coarsening and its inverse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from geonets.core.sampling import farthest_points
from messages.things import cloud

flat = gn.points([torch.randn(4, 2)])

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`most` must be at least 1 or None; got 0", lambda: gn.Radius(1.0, most=0)),
    ("`source.pos` must have 3 coordinates.*got 2", lambda: gn.KNN(2).edges(cloud, flat)),
    ("`source` must have positions for Radius", lambda: gn.Radius(2.0).edges(cloud, cloud.replace(pos=None))),
    ("`ratio` must be a part.*got 1.5", lambda: farthest_points(cloud.pos, cloud.topology, 1.5)),
]
