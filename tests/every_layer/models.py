"""Models of geonets."""

from __future__ import annotations

import geonets as gn
from every_layer.structures import cloud, grid

LAYERS = {
    "models.PointNet": (lambda: gn.models.PointNet(3, in_channels=4), [cloud]),
    "models.ResNet18": (lambda: gn.models.ResNet18(3, in_channels=4), [grid]),
}
