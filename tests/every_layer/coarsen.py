"""Layers that lead to fewer nodes and back, and the model made of them."""

from __future__ import annotations

from typing import Any

import torch

import geonets as gn
from every_layer.structures import chain, cloud, graph, grid, volume


class ThereAndBack(torch.nn.Module):
    """What `up(down(structure), structure)` is, for layers that take a coarse structure and a fine one."""

    def __init__(self, down: torch.nn.Module, up: Any = None) -> None:
        super().__init__()
        self.down = down
        self.up: Any = down.refine if up is None else up

    def forward(self, structure: gn.Structure) -> gn.Structure:
        return self.up(self.down(structure), structure)


def scattered() -> ThereAndBack:
    return ThereAndBack(gn.nn.Coarsen(gn.Farthest(0.4), "mean"), gn.nn.Interpolate(k=2))


LAYERS = {
    "Coarsen": (gn.nn.Coarsen, [chain, grid, volume, cloud]),
    "Coarsen on graphs": (lambda: ThereAndBack(gn.nn.Coarsen(gn.Independent(2))), [graph]),
    "Coarsen voxels": (lambda: gn.nn.Coarsen(gn.Voxels(9.0), "mean"), [cloud, graph]),
    "Refine": (
        lambda: ThereAndBack(gn.nn.Coarsen(gn.Coarser(3), "mean"), gn.nn.Refine(gn.Coarser(3))),
        [chain, grid, volume, cloud],
    ),
    "Interpolate": (scattered, [cloud, graph]),
    "TopKPooling": (lambda: gn.nn.TopKPooling(4, ratio=0.6), [chain, grid, cloud, graph]),
    "TopKPooling and back": (lambda: ThereAndBack(gn.nn.TopKPooling(4)), [cloud, graph]),
    "models.UNet": (lambda: gn.models.UNet(4, 3, widths=(4, 5, 6)), [chain, grid, volume, cloud]),
    "models.UNet on graphs": (lambda: gn.models.UNet(4, 3, widths=(4, 5, 6)), [graph]),
}
