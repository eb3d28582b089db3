"""Messages of models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from messages.things import chain, cloud, image, ring

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`structure` must have in_features=8.*got items of different sizes", lambda: gn.models.MLP(8, [4], 2)(chain)),
    ("`structure` must have in_features=8.*got 18 numbers an item", lambda: gn.models.MLP(8, [4], 2)(image)),
    ("`structure` must have positions for PointNet;", lambda: gn.models.PointNet(2)(ring)),
    (
        "`structure.x` must hold atomic numbers from 0 to 99.*got 200 .. 200",
        lambda: gn.models.SchNet(4)(cloud.replace(x=200 * torch.ones(5, 1))),
    ),
    ("`readout` must be one of add, mean; got 'max'", lambda: gn.models.SchNet(4, readout="max")),
]
