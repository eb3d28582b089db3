"""Fused recurrences and the compiler."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import every_layer
import pytest
import torch
from drawing import assert_same, with_grads

import geonets as gn
from geonets.engine.kernels import chains, recurrence


@pytest.mark.parametrize("make", [gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU])
def test_a_compiler_traces_uniform_chains_in_one_graph(make: Any) -> None:
    layer, x = make(3, 4, 2, bidirectional=True), torch.randn(2, 5, 3)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(gn.chain(x)).x, layer(gn.chain(x)).x)


def test_chains_are_cut_into_the_cheapest_calls() -> None:
    """Against all ways to cut them."""
    counts = torch.randint(1, 40, (9,), generator=torch.Generator().manual_seed(0)).sort(descending=True).values

    def cost(cuts: list[int]) -> int:
        parts = counts.split(cuts)
        return sum(recurrence.CALL + int(part[0]) * (len(part) + recurrence.STEP) for part in parts)

    ways = [[b - a for a, b in itertools.pairwise([0, *ends, 9])] for n in range(9) for ends in _choices(n)]
    found = recurrence._cuts(counts)
    assert cost(found) == min(map(cost, ways)) and 1 < len(found) < 9


def _choices(count: int) -> Iterator[tuple[int, ...]]:
    return itertools.combinations(range(1, 9), count)


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> gn.Structure:
    monkeypatch.setattr(chains, "WORTH", 0)
    draw = torch.Generator().manual_seed(0)
    return gn.chain([torch.randn(count, 3, generator=draw) for count in (4, 0, 9, 1, 9)])


def test_memories_of_chains_are_differentiated_twice_and_again(long: gn.Structure) -> None:
    layer, structure = gn.nn.LSTM(3, 2, bidirectional=True).double(), long.to(torch.float64)
    assert [step.plan.name for step in gn.explain_plan(layer, structure)] == ["chain_memories"]
    x = structure.x.clone().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: layer(structure.replace(x=x)).x, (x,), atol=1e-6)
    out = layer(structure.replace(x=x)).x.sin().sum()
    first, again = (torch.autograd.grad(out, [x, *layer.parameters()], retain_graph=True) for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))


def test_memories_of_chains_in_single_precision(long: gn.Structure) -> None:
    """Inputs so large, and so small, that all of a hyperbolic tangent is seen; what is no number stays in its chain."""
    layer = gn.nn.LSTM(3, 2)
    structure = long.replace(x=long.x * torch.logspace(-6, 1, len(long.x))[:, None])
    ours = with_grads(layer, structure)
    with gn.reference():
        assert_same(ours, with_grads(layer, structure), 1e-5)
    broken = long.x.clone()
    broken[-1] = torch.nan
    assert layer(long.replace(x=broken)).x.isnan().any(1).nonzero().flatten().tolist() == [len(broken) - 1]


def test_memories_of_chains_keep_half_of_what_torch_keeps() -> None:
    layer, draw = gn.nn.LSTM(64, 128), torch.Generator().manual_seed(0)
    structure = gn.chain([torch.randn(int(count), 64, generator=draw) for count in torch.arange(4, 24, 2).repeat(5)])
    layer(structure)
    with torch.profiler.profile(profile_memory=True) as record:
        out = layer(structure).x
    profiler: Any = record.profiler
    kept = sum(event.nbytes() for event in profiler.kineto_results.events() if event.name() == "[memory]")
    assert out.requires_grad and kept < 4 * len(out) * 1200 < 4 * len(out) * 1936  # what oneDNN keeps a step


def test_a_tree_learns_the_state_that_it_starts_from() -> None:
    layer, structure = gn.nn.LSTM(4, 2).double(), every_layer.forest([4, 6], 1)
    start = [torch.randn(1, 2, 2, dtype=torch.double, requires_grad=True) for _ in range(2)]
    (step,) = gn.explain_plan(layer, structure, tuple(start))
    assert step.plan.name == "level_memories"

    def gradients() -> tuple[torch.Tensor, ...]:
        return torch.autograd.grad(layer(structure, tuple(start)).x.square().sum(), start)

    found = gradients()
    with gn.reference():
        known = gradients()
    torch.testing.assert_close(found, known, atol=1e-10, rtol=0)
    assert all(bool(part.any()) for part in known)
