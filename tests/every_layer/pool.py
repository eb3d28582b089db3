"""Layers that pool over windows and items."""

from __future__ import annotations

import geonets as gn
from every_layer.structures import chain, cloud, graph, grid, volume

LAYERS = {
    "MaxPool1d": (lambda: gn.nn.MaxPool1d(2, padding=1), [chain]),
    "MaxPool2d": (lambda: gn.nn.MaxPool2d(2, padding=1), [grid]),
    "MaxPool3d": (lambda: gn.nn.MaxPool3d(2, padding=1), [volume]),
    "AvgPool1d": (lambda: gn.nn.AvgPool1d(2, padding=1), [chain]),
    "AvgPool2d": (lambda: gn.nn.AvgPool2d(2, padding=1), [grid]),
    "AvgPool3d": (lambda: gn.nn.AvgPool3d(2, padding=1, count_include_pad=False), [volume]),
    "Readout": (lambda: gn.nn.Readout("max"), [chain, grid, cloud, graph]),
    "Readout several": (lambda: gn.nn.Readout(("mean", "std", "softmax")), [chain, grid, cloud, graph]),
    "Readout mean": (lambda: gn.nn.Readout("mean"), [chain, grid, cloud, graph]),
}
