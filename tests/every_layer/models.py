"""Models of geonets."""

from __future__ import annotations

import torch

import geonets as gn
from every_layer.structures import cloud, grid


class _Elements(torch.nn.Module):
    """A model of atoms, on the small whole numbers that the features of a cloud round to."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, structure: gn.Structure) -> gn.Structure:
        return self.model(structure.replace(x=structure.x.detach().abs().clamp(max=9).ceil()))


LAYERS = {
    "models.PointNet": (lambda: gn.models.PointNet(3, in_channels=4), [cloud]),
    "models.ResNet18": (lambda: gn.models.ResNet18(3, in_channels=4), [grid]),
    "models.PointNet2": (lambda: gn.models.PointNet2(3, in_channels=4), [cloud]),
    "models.PointNet2 per point": (lambda: gn.models.PointNet2(3, in_channels=4, per_point=True), [cloud]),
    "models.SchNet": (lambda: _Elements(gn.models.SchNet(6, 5, 2, 7, 3.0)), [cloud]),
}
