"""Models of geonets."""

from __future__ import annotations

import geonets as gn
from every_layer.structures import cloud

LAYERS = {
    "models.PointNet": (lambda: gn.models.PointNet(3, in_channels=4), [cloud]),
}
