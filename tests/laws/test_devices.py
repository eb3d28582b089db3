"""Law 7: the same numbers on another device, and page-locked memory; needs a GPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from every_layer import CASES, IDS, graph, made

import geonets as gn

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.mark.parametrize(("name", "draw"), CASES, ids=IDS)
def test_a_layer_on_a_gpu_equals_itself_on_a_cpu(name: str, draw: Any) -> None:
    layer, structure = made(name), draw([4, 0, 3], seed=1)
    expected = layer(structure).x
    found = layer.to("cuda")(structure.to("cuda"))
    assert found.x.device.type == found.topology.device.type == "cuda"
    torch.testing.assert_close(found.x.cpu(), expected, atol=1e-8, rtol=1e-8)


def test_page_locked_memory_holds_the_same_structure() -> None:
    structure = graph([4, 3], seed=1)
    pinned = structure.pin_memory()
    assert pinned.x.is_pinned() and torch.equal(pinned.x, structure.x)


def test_searches_and_draws_on_a_gpu_equal_those_on_a_cpu() -> None:
    clouds = gn.points([torch.rand(5000, 3), torch.rand(40, 3)])
    away = clouds.to("cuda")
    for hears in (gn.KNN(5), gn.Radius(0.05), gn.Radius(0.1, most=3)):
        ours, theirs = hears.edges(away), hears.edges(clouds)
        assert torch.equal(ours.senders.cpu(), theirs.senders) and torch.equal(ours.receivers.cpu(), theirs.receivers)
    some = gn.transforms.subsample(away, 100, seed=0)
    assert torch.equal(some.pos.cpu(), gn.transforms.subsample(clouds, 100, seed=0).pos)
