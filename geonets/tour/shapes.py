"""Six solids as clouds of points: a set has no first point."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

import geonets.nn as layers
from geonets import models
from geonets.core.structure import Structure
from geonets.data.catalog.shapes import clouds, on_surface, solids
from geonets.data.constructors import points
from geonets.tour.trials import Bound, Budget, Contest, Part, Solid, Task
from geonets.training import accuracy

TEXT = """
Points sampled from the surfaces of six solids: box, ball, cylinder, cone, torus and capsule, all of one mean size, then
turned at random about the z axis, made up to 40 % larger or smaller, and shaken. 100 clouds of 128 points each to
train, 50 others to test. Points have no order, so a vector of them means nothing: the flat MLP learns its training
clouds by heart. PointNet looks at every point by itself and keeps the largest answers, so it can tell which points
decided.
"""
POINTS = 128
BUDGET = Budget(12, 32, 5e-3)


def set_model() -> nn.Module:
    """PointNet in the pose as given, so that the points with the largest answers decide alone."""
    return models.PointNet(6, widths=(32, 64, 128), hidden=(64,), input_transform=False)


class FlatMLP(layers.Layer):
    """All coordinates as one vector."""

    def __init__(self) -> None:
        super().__init__()
        self.net = models.MLP(3 * POINTS, [128], 6)

    def forward(self, structure: Structure) -> Structure:
        return self.net(structure.replace(x=structure.pos))


def visit(seed: int = 0, quick: bool = False) -> Part:
    """Train PointNet and the flat MLP, and show which points decided."""
    train, test = clouds(8 if quick else 100, POINTS, seed=1), clouds(4 if quick else 50, POINTS, seed=2)
    task = Task(functional.cross_entropy, accuracy, BUDGET, seed, quick)
    model = task.run("PointNet", set_model, train, test, Bound(">=", 0.97))
    flat = task.run("flat MLP", FlatMLP, train, test, Bound("<=", 0.3), broken=True)
    return Part(
        "Six solids: a set of points", TEXT, (Contest("solids", "accuracy", model, (flat,)),), (_decided(model.model),)
    )


def _decided(model: Any) -> Solid:
    """A torus, sampled more densely than in training, and the points that PointNet's answer rests on."""
    name = "torus"
    dense = points([torch.tensor(on_surface(solids()[name], 600, seed=3), dtype=torch.float32)])
    critical = model.eval().critical_points(dense)
    caption = (
        f"{int(critical.sum())} of {len(critical)} points attain the maximum of some channel: "
        "take all others away and the answer stays the same."
    )
    names = ["decided" if decided else "did not matter" for decided in critical.tolist()]
    return Solid(dense, names, f"The points of a {name} that decided", caption)
