"""Six solids as clouds of points: a set has no first point."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import geonets.nn as layers
from geonets import models
from geonets.core.structure import Structure
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
NOISE = 0.02
SCALES = (0.6, 1.4)
BUDGET = Budget(12, 32, 5e-3)


def solids() -> dict[str, Any]:
    """Name and mesh of each solid; the mean squared distance of the surface from the centre is 1."""
    from trimesh import creation

    meshes = {
        "box": creation.box(),
        "ball": creation.icosphere(3),
        "cylinder": creation.cylinder(radius=0.5, height=1.2),
        "cone": creation.cone(radius=0.6, height=1.2),
        "torus": creation.torus(0.6, 0.22),
        "capsule": creation.capsule(radius=0.4, height=0.8),
    }
    for mesh in meshes.values():
        surface = _on_surface(mesh, 20_000, seed=0)
        mesh.apply_translation(-surface.mean(0))
        mesh.apply_scale(1 / np.sqrt((surface - surface.mean(0)).var(0).sum()))
    return meshes


def clouds(per_solid: int, seed: int) -> Structure:
    """Sampled, turned about z, scaled and shaken clouds of every solid."""
    generator = np.random.default_rng(seed)
    positions, kinds = [], []
    for kind, mesh in enumerate(solids().values()):
        sampled = _on_surface(mesh, per_solid * POINTS, seed=int(generator.integers(2**31)))
        cloud = generator.permutation(sampled).reshape(per_solid, POINTS, 3)
        angle = generator.uniform(0, 2 * np.pi, per_solid)
        turn = np.zeros((per_solid, 3, 3))
        turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
        turn[:, 0, 1], turn[:, 1, 0] = np.sin(angle), -np.sin(angle)
        turn[:, 2, 2] = 1
        scale = generator.uniform(*SCALES, (per_solid, 1, 1))
        positions.append(cloud @ turn * scale + generator.normal(0, NOISE, cloud.shape))
        kinds.append(np.full(per_solid, kind))
    return points(torch.tensor(np.concatenate(positions), dtype=torch.float32), y=torch.tensor(np.concatenate(kinds)))


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
    train, test = clouds(8 if quick else 100, seed=1), clouds(4 if quick else 50, seed=2)
    task = Task(functional.cross_entropy, accuracy, BUDGET, seed, quick)
    model = task.run("PointNet", set_model, train, test, Bound(">=", 0.97))
    flat = task.run("flat MLP", FlatMLP, train, test, Bound("<=", 0.3), broken=True)
    return Part(
        "Six solids: a set of points", TEXT, (Contest("solids", "accuracy", model, (flat,)),), (_decided(model.model),)
    )


def _decided(model: Any) -> Solid:
    """A torus, sampled more densely than in training, and the points that PointNet's answer rests on."""
    name = "torus"
    dense = points([torch.tensor(_on_surface(solids()[name], 600, seed=3), dtype=torch.float32)])
    critical = model.eval().critical_points(dense)
    caption = (
        f"{int(critical.sum())} of {len(critical)} points attain the maximum of some channel: "
        "take all others away and the answer stays the same."
    )
    names = ["decided" if decided else "did not matter" for decided in critical.tolist()]
    return Solid(dense, names, f"The points of a {name} that decided", caption)


def _on_surface(mesh: Any, count: int, seed: int) -> Any:
    from trimesh.sample import sample_surface

    return np.asarray(sample_surface(mesh, count, seed=seed)[0])
