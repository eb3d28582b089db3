"""Layers made of `convolve`."""

from __future__ import annotations

import geonets as gn
from every_layer.structures import chain, cloud, graph, grid, volume

LAYERS = {
    "Conv1d": (lambda: gn.nn.Conv1d(4, 3, 3, padding=1), [chain]),
    "Conv1d causal": (lambda: gn.nn.Conv1d(4, 3, 2, dilation=2, padding="causal"), [chain]),
    "Conv2d": (lambda: gn.nn.Conv2d(4, 3, 3, stride=2, padding=1), [grid]),
    "Conv3d": (lambda: gn.nn.Conv3d(4, 3, 3, padding=1), [volume]),
    "ConvTranspose1d": (lambda: gn.nn.ConvTranspose1d(4, 3, 3, stride=2, padding=1, output_padding=1), [chain]),
    "ConvTranspose2d": (lambda: gn.nn.ConvTranspose2d(4, 2, 3, dilation=2, groups=2), [grid]),
    "ConvTranspose3d": (lambda: gn.nn.ConvTranspose3d(4, 3, 2, stride=2), [volume]),
    "RGCNConv": (lambda: gn.nn.RGCNConv(4, 3, 6, num_bases=2), [chain, grid, graph]),
    "RGCNConv in blocks": (lambda: gn.nn.RGCNConv(4, 2, 6, num_blocks=2, aggr="max"), [grid, graph]),
    "KPConv": (lambda: gn.nn.KPConv(4, 3, sigma=0.7, kernel_points=5), [cloud]),
}
