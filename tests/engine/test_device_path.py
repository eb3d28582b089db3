"""Promise: nothing is made on the CPU by the way, so that a layer runs where its tensors live.

No GPU is needed to see it: a tensor factory of torch that is called in geonets without a device, and a tensor that is
brought to the CPU, would be a transfer (or an error) on any other device.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from every_layer import CASES, IDS, made
from torch.overrides import TorchFunctionMode

import geonets as gn
from geonets import transforms
from geonets.core.sampling import nearest_pairs, nearest_within, pairs_within

PACKAGE = str(Path(gn.__file__).parent)
FACTORIES = {
    getattr(torch, name)
    for name in (
        *("arange", "as_tensor", "empty", "eye", "full", "linspace", "logspace", "ones", "rand", "randint", "randn"),
        *("randperm", "tensor", "tril_indices", "triu_indices", "zeros"),
    )
}
TO_CPU = {torch.Tensor.cpu, torch.Tensor.numpy}
ALLOWED = (
    "engine/kernels/recurrence.py:_packing",
    "core/loops.py:_array",
    "core/sampling/tree.py",
    "core/sampling/points.py:in_parts",
)
"""torch's packed recurrences want the batch sizes on the CPU; compiled loops and trees are for CPUs only; the widths of
tables are read."""


class NothingOnTheCPU(TorchFunctionMode):
    """Writes down which lines of geonets make a tensor without naming a device, or bring one to the CPU."""

    def __init__(self) -> None:
        super().__init__()
        self.breaches: set[str] = set()

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        options = kwargs or {}
        stays = func is torch.as_tensor and isinstance(args[0], torch.Tensor)
        if (func in FACTORIES and options.get("device") is None and not stays) or func in TO_CPU:
            caller = sys._getframe(1)
            name = f"{caller.f_code.co_filename}:{caller.f_code.co_name}".removeprefix(f"{PACKAGE}/")
            if caller.f_code.co_filename.startswith(PACKAGE) and not name.startswith(ALLOWED):
                self.breaches.add(f"{name} calls {getattr(func, '__name__', func)}")
        return func(*args, **options)


def breaches_of(layer: Any, structure: gn.Structure) -> set[str]:
    leaf = structure.x.clone().requires_grad_()
    with NothingOnTheCPU() as mode:
        out = layer(structure.replace(x=leaf)).x
        if out.requires_grad:
            torch.autograd.grad(out.sum(), leaf, allow_unused=True)
    return mode.breaches


@pytest.mark.parametrize("counts", [[4, 4], [5, 0, 3], []], ids=["uniform", "ragged", "nothing"])
@pytest.mark.parametrize(("name", "draw"), CASES, ids=IDS)
def test_a_layer_makes_nothing_on_the_cpu(name: str, draw: Any, counts: list[int]) -> None:
    assert breaches_of(made(name), draw(counts, 1)) == set()


@pytest.mark.parametrize("name", ["GCNConv", "Conv2d", "MaxPool2d", "LSTM", "MultiheadAttention", "GATConv", "Readout"])
def test_the_reference_makes_nothing_on_the_cpu(name: str) -> None:
    from every_layer import LAYERS

    with gn.reference():
        assert breaches_of(made(name), LAYERS[name][1][0]([5, 0, 3], 1)) == set()


def test_a_careless_line_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(structure: gn.Structure) -> gn.Structure:
        ones = torch.ones(structure.num_nodes, 1)
        return structure.replace(x=structure.x * ones + torch.from_numpy(structure.x.detach().numpy()))

    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", str(Path(__file__).parent))
    structure = gn.chain(torch.randn(1, 3, 2))
    assert breaches_of(careless, structure) == {
        "test_device_path.py:careless calls ones",
        "test_device_path.py:careless calls numpy",
    }


@pytest.mark.parametrize("way", ["brute", "cells"])
def test_searches_without_a_tree_stay_where_the_points_are(way: str) -> None:
    clouds = gn.points([torch.rand(50, 3), torch.rand(7, 3)])
    with NothingOnTheCPU() as mode:
        nearest_pairs(clouds.pos, clouds.topology, 3, False, None, way)
        nearest_within(clouds.pos, clouds.topology, 0.3, 3, False, None, way)
        pairs_within(clouds.pos, clouds.topology, 0.3, False, None, way)
    assert mode.breaches == set()


def test_transforms_stay_where_the_structure_is() -> None:
    mesh = gn.batch([gn.mesh(torch.rand(4, 3), [[0, 1, 2], [1, 2, 3]])] * 2)
    image = gn.grid(torch.rand(2, 6, 5, 1))
    with NothingOnTheCPU() as mode:
        cloud = gn.sample_surface(mesh, 20, seed=0)
        for transform in (transforms.normalize, transforms.rotate, partial(transforms.flip, axis="x")):
            cloud = transform(cloud)
        cloud = transforms.jitter(transforms.scale(cloud, (0.5, 2.0), seed=0), 0.1, seed=0)
        transforms.subsample(cloud, 5, by="farthest")
        transforms.subsample(transforms.random_crop(cloud, 9, seed=0), 0.5, seed=0)
        transforms.flip(transforms.random_crop(image, y=3, seed=0), "x", share=0.5, seed=0)
        graph = transforms.coalesce(transforms.to_undirected(transforms.add_self_loops(mesh)))
        graph = transforms.random_walk_encoding(transforms.laplacian_encoding(graph, 2), 3)
        transforms.join(transforms.one_hot(transforms.degree(graph), "degree", 9), ["degree", "laplacian"])
        gn.sample_neighbors(graph.replace(levels={}), torch.tensor([1, 0]), (2, 2), seed=0)
    assert mode.breaches == set()
