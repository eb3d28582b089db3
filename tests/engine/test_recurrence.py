"""Fused recurrences and the compiler."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import geonets as gn
from geonets.engine.kernels import recurrence


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
