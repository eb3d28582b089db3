"""Promise: loops that several threads share give what one thread gives, bit by bit, values and gradients."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from drawing import rows
from every_layer import graph

import geonets as gn
from geonets.core import loops
from geonets.core.sampling import farthest_points
from geonets.engine.kernels import loops as loops_of_kernels

pytestmark = pytest.mark.skipif(not loops.is_there(), reason="loops need numba")


def cloud(counts: list[int], axes: int) -> gn.Structure:
    return gn.points([rows(count, axes, place) for place, count in enumerate(counts)])


def pairs(neighborhood: Any, axes: int) -> list[torch.Tensor]:
    edges = neighborhood.edges(cloud([40, 0, 25, 1, 30], axes))
    return [edges.senders, edges.receivers]


def learnt(layer: torch.nn.Module) -> list[torch.Tensor]:
    """The rows and all gradients; weights are the same every time."""
    layer, structure = layer.double(), graph([9, 0, 14], 1)
    for place, weight in enumerate(layer.parameters()):
        weight.data = rows(weight.numel(), 1, place).reshape(weight.shape)
    x = structure.x.clone().requires_grad_()
    out = layer(structure.replace(x=x)).x
    return [out, *torch.autograd.grad(out.square().sum(), [x, *layer.parameters()])]


def farthest() -> list[torch.Tensor]:
    points = cloud([40, 0, 25, 1, 30], 3)
    return list(farthest_points(points.pos, points.topology, 0.4))


WAYS: dict[str, Callable[[], list[torch.Tensor]]] = {
    "near nodes": lambda: pairs(gn.KNN(5), 3),
    "near nodes along many axes": lambda: pairs(gn.KNN(5), 9),
    "farthest points": farthest,
    "SAGE-max": lambda: learnt(gn.nn.SAGEConv(4, 5, "max")),
    "GAT": lambda: learnt(gn.nn.GATConv(4, 3, heads=4)),
    "GATv2": lambda: learnt(gn.nn.GATv2Conv(4, 3, heads=4)),
    "PointNet": lambda: learnt(gn.nn.Readout("max", nn=gn.nn.MLP([4, 6, 7]))),
}


@pytest.mark.parametrize("way", WAYS)
def test_threads_share_the_work_and_nothing_else(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[int] = set()
    by_threads = loops.by_threads

    def finely(part: Callable[[int, int], object], offsets: Any, least: int) -> None:
        def counted(start: int, stop: int) -> None:
            seen.add(threading.get_ident())
            part(start, stop)

        by_threads(counted, offsets, 1)

    expected = WAYS[way]()
    for module in (loops, loops_of_kernels):
        monkeypatch.setattr(module, "by_threads", finely)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    found = WAYS[way]()
    assert len(seen) > 1
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_ranges_make_up_all_rows(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    for offsets in (torch.tensor([0]), torch.tensor([0, 0, 9, 9, 10]), range(0, 21, 4), torch.tensor([0, 50])):
        counts = [0] * (len(offsets) - 1)

        def count(start: int, stop: int, counts: list[int] = counts) -> None:
            for row in range(start, stop):
                counts[row] += 1

        loops.by_threads(count, offsets, 2)
        assert counts == [1] * len(counts)


def test_an_error_of_another_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)

    def fail(start: int, stop: int) -> None:
        if start:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loops.by_threads(fail, range(11), 1)
