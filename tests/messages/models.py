"""Messages of models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geonets as gn
from messages.things import chain, image, ring

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`structure` must have in_features=8.*got items of different sizes", lambda: gn.models.MLP(8, [4], 2)(chain)),
    ("`structure` must have in_features=8.*got 18 numbers an item", lambda: gn.models.MLP(8, [4], 2)(image)),
    ("`structure` must have positions for PointNet;", lambda: gn.models.PointNet(2)(ring)),
]
