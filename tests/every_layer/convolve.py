"""Layers made of `convolve`."""

from __future__ import annotations

import geonets as gn
from every_layer.structures import chain, grid, volume

LAYERS = {
    "Conv1d": (lambda: gn.nn.Conv1d(4, 3, 3, padding=1), [chain]),
    "Conv2d": (lambda: gn.nn.Conv2d(4, 3, 3, stride=2, padding=1), [grid]),
    "Conv3d": (lambda: gn.nn.Conv3d(4, 3, 3, padding=1), [volume]),
}
