"""Promise: a network on sets recognises a shape from points in any number and any order, and says which points decided.

Six shapes from trimesh, turned about the z axis, stretched, and sampled at 256 random points with noise. The broken
twin reads the same points as one long vector: an MLP that wants the points in an order which does not exist.

    python demos/cloud_set.py
"""

from __future__ import annotations

import numpy as np
import torch
import trimesh
from torch import Tensor
from torch.nn.functional import cross_entropy

import geonets as gn
from geonets.training import accuracy, fit, predict
from geonets.view import view

SHAPES = {
    "box": trimesh.creation.box((1.4, 1.0, 0.8)),
    "ball": trimesh.creation.icosphere(radius=0.8),
    "cylinder": trimesh.creation.cylinder(0.5, 1.4),
    "cone": trimesh.creation.cone(0.7, 1.4),
    "capsule": trimesh.creation.capsule(0.8, 0.4),
    "ring": trimesh.creation.torus(0.7, 0.25),
}
NUM_POINTS, NOISE = 256, 0.02
TRAIN_CLOUDS, TEST_CLOUDS = 1200, 300


def clouds(count: int, seed: int) -> gn.Structure:
    """`count` clouds of random shapes: `pos` centred and scaled into the unit ball, `y` the shape's number."""
    random = np.random.default_rng(seed)
    shapes = random.integers(len(SHAPES), size=count)
    positions = [cloud(list(SHAPES.values())[shape], NUM_POINTS, random) for shape in shapes]
    return gn.points(positions, y=torch.from_numpy(shapes))


def cloud(shape: trimesh.Trimesh, count: int, random: np.random.Generator) -> Tensor:
    """`(count, 3)` points on a shape that is turned about z by a random angle and stretched by up to a fifth."""
    sampled = trimesh.sample.sample_surface(shape, count, seed=int(random.integers(2**31)))[0]
    places = sampled * random.uniform(0.8, 1.2, 3)
    angle = random.uniform(0, 2 * np.pi)
    turn = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    places = places @ np.transpose(turn) + random.normal(0, NOISE, places.shape)
    places = places - places.mean(0)
    return torch.tensor(places / np.linalg.norm(places, axis=1).max(), dtype=torch.float32)


def main() -> None:
    torch.set_num_threads(1)  # layers this small gain nothing from a second core
    torch.manual_seed(0)
    train, test = clouds(TRAIN_CLOUDS, seed=1), clouds(TEST_CLOUDS, seed=2)
    names = list(SHAPES)

    pointnet = gn.models.PointNet(len(SHAPES))
    fit(pointnet, train, cross_entropy, epochs=8, batch_size=32, lr=2e-3, schedule="one_cycle", progress="PointNet")
    found = accuracy(predict(pointnet, test), test.y)
    print(f"PointNet, {len(SHAPES)} shapes: accuracy {found:.3f}")

    flat = gn.models.MLP(3 * NUM_POINTS, [256, 128], len(SHAPES))
    as_vector, test_vector = (part.replace(x=part.pos) for part in (train, test))
    fit(flat, as_vector, cross_entropy, epochs=8, batch_size=32, lr=2e-3, schedule="one_cycle", progress="MLP")
    blind = accuracy(predict(flat, test_vector), test.y)
    print(f"broken twin, the points as one vector: accuracy {blind:.3f}")

    random = np.random.default_rng(3)
    dense = gn.points([cloud(shape, 1024, random) for shape in SHAPES.values()])  # four times as many points: no matter
    answers = predict(pointnet, dense).argmax(1)
    print("clouds of 1,024 points:", ", ".join(f"{n} -> {names[a]}" for n, a in zip(names, answers, strict=True)))

    critical = pointnet.critical_points(dense)
    ring = names.index("ring")
    deciding = int(critical[dense.topology.item_ids == ring].sum())
    print(f"{deciding} of the ring's 1,024 points decide")
    print("promise kept: a set needs no order" if found >= 0.97 and blind <= 0.3 else "promise BROKEN")
    marked = dense.replace(nodes={"critical": critical})
    view(marked, color="critical", title=f"A ring, and the {deciding} points that decide", item=ring)


if __name__ == "__main__":
    main()
