"""Six solids, and clouds of points on their surfaces."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.constructors import points

NOISE = 0.02
SCALES = (0.6, 1.4)


def solids() -> dict[str, Any]:
    """Name and mesh of each solid; the mean squared distance of the surface from the centre is 1."""
    creation = require("trimesh.creation", "trimesh")
    meshes = {
        "box": creation.box(),
        "ball": creation.icosphere(3),
        "cylinder": creation.cylinder(radius=0.5, height=1.2),
        "cone": creation.cone(radius=0.6, height=1.2),
        "torus": creation.torus(0.6, 0.22),
        "capsule": creation.capsule(radius=0.4, height=0.8),
    }
    for mesh in meshes.values():
        surface = on_surface(mesh, 20_000, seed=0)
        mesh.apply_translation(-surface.mean(0))
        mesh.apply_scale(1 / np.sqrt((surface - surface.mean(0)).var(0).sum()))
    return meshes


def clouds(per_solid: int, num_points: int, seed: int) -> Structure:
    """Sampled, turned about z, scaled and shaken clouds of every solid; `y` numbers the solids."""
    generator = np.random.default_rng(seed)
    positions, kinds = [], []
    for kind, mesh in enumerate(solids().values()):
        sampled = on_surface(mesh, per_solid * num_points, seed=int(generator.integers(2**31)))
        cloud = generator.permutation(sampled).reshape(per_solid, num_points, 3)
        angle = generator.uniform(0, 2 * np.pi, per_solid)
        turn = np.zeros((per_solid, 3, 3))
        turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
        turn[:, 0, 1], turn[:, 1, 0] = np.sin(angle), -np.sin(angle)
        turn[:, 2, 2] = 1
        scale = generator.uniform(*SCALES, (per_solid, 1, 1))
        positions.append(cloud @ turn * scale + generator.normal(0, NOISE, cloud.shape))
        kinds.append(np.full(per_solid, kind))
    return points(torch.tensor(np.concatenate(positions), dtype=torch.float32), y=torch.tensor(np.concatenate(kinds)))


def on_surface(mesh: Any, count: int, seed: int) -> np.ndarray:
    """`(count, 3)` points, evenly spread at random over a mesh of trimesh."""
    return np.asarray(require("trimesh.sample", "trimesh").sample_surface(mesh, count, seed=seed)[0])
