"""Every reduction against a loop in Python; empty, single, equal and far-away rows; second derivatives; small dtypes."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from drawing import chains, graphs, rows
from hypothesis import given, settings
from hypothesis import strategies as st

import geonets as gn

WORDS = ("sum", "mean", "max", "min", "var", "std", "softmax")
TEMPERATURE = 0.7


def by_hand(reduction: str, values: list[float]) -> float:
    """One channel of one set, as one would write it down."""
    if not values:
        return 0.0
    mean = math.fsum(values) / len(values)
    var = math.fsum((value - mean) ** 2 for value in values) / len(values)
    weights = [math.exp(TEMPERATURE * (value - max(values))) for value in values]
    return {
        "sum": math.fsum(values),
        "mean": mean,
        "max": max(values),
        "min": min(values),
        "var": var,
        "std": math.sqrt(var),
        "softmax": math.fsum(w * v for w, v in zip(weights, values, strict=True)) / math.fsum(weights),
    }[reduction]


def table_by_hand(reduction: str, sets: list[torch.Tensor], channels: int) -> torch.Tensor:
    table = [[by_hand(reduction, part[:, channel].tolist()) for channel in range(channels)] for part in sets]
    return torch.tensor(table, dtype=torch.float64).reshape(len(sets), channels)


@pytest.mark.parametrize("reduction", WORDS)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_messages_are_reduced_as_by_hand(reduction: str, data: Any) -> None:
    structure = data.draw(graphs(2))
    links = structure.topology.links
    layer = gn.nn.MessagePassing(lambda sender: sender, reduction, reads=("sender",), temperature=TEMPERATURE)  # pyright: ignore[reportArgumentType]
    heard = [structure.x[links.senders[links.receivers == node]] for node in range(structure.num_nodes)]
    expected = table_by_hand(reduction, heard, 2)
    torch.testing.assert_close(layer(structure).x, expected, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("reduction", WORDS)
@settings(max_examples=30, deadline=None)
@given(structure=st.one_of(chains(2), chains(2, ragged=False)))
def test_items_are_reduced_as_by_hand(reduction: str, structure: gn.Structure) -> None:
    expected = table_by_hand(reduction, [item.x for item in structure], 2)
    torch.testing.assert_close(gn.nn.Readout(reduction, TEMPERATURE)(structure).x, expected, atol=1e-12, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(data=st.data(), several=st.lists(st.sampled_from(WORDS), min_size=1, max_size=5))
def test_several_reductions_are_each_of_them_side_by_side(data: Any, several: list[str]) -> None:
    structure = data.draw(st.one_of(chains(2), chains(2, ragged=False), graphs(2)))
    together = gn.nn.Readout(tuple(several), TEMPERATURE)(structure).x
    alone = torch.cat([gn.nn.Readout(word, TEMPERATURE)(structure).x for word in several], 1)
    torch.testing.assert_close(together, alone, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("ragged", [True, False])
def test_a_large_offset_leaves_the_spread(dtype: torch.dtype, ragged: bool) -> None:
    """`mean(x^2) - mean(x)^2` loses all of it in float32."""
    counts = [50, 3, 2, 97] if ragged else [38] * 4
    near = rows(sum(counts), 3, 1)
    far = (near + 1e4).to(dtype)
    structure = gn.Structure(gn.Set(torch.tensor(counts)), {"x": far})
    offsets = [0, *itertools.accumulate(counts)]
    sets = [far[a:b].double() for a, b in itertools.pairwise(offsets)]
    for reduction in ("std", "var"):
        found = gn.nn.Readout(reduction)(structure).x.double()
        torch.testing.assert_close(found, table_by_hand(reduction, sets, 3), atol=1e-3, rtol=1e-3)
    lost = far.square().mean() - far.mean().square()
    assert dtype == torch.float64 or abs(lost - 1) > 0.5


@pytest.mark.parametrize("reduction", ["var", "std"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_rows_have_no_spread_and_no_gradient(reduction: str, dtype: torch.dtype) -> None:
    x = torch.full((10, 1), 0.1, dtype=dtype, requires_grad=True)  # 0.1 + 0.1 + 0.1 is not 0.3
    for counts in ([3, 1, 6], [5, 5]):
        out = gn.nn.Readout(reduction)(gn.Structure(gn.Chain(torch.tensor(counts)), {"x": x})).x
        (grad,) = torch.autograd.grad(out.sum(), x)
        assert out.abs().max() == 0 and grad.abs().max() == 0


def test_a_spread_over_a_missing_value_is_missing() -> None:
    x = torch.tensor([[1.0], [float("nan")], [3.0], [2.0]])
    for reduction in ("var", "std", "softmax"):
        out = gn.nn.Readout(reduction)(gn.chain([x[:3], x[3:]])).x.flatten()
        assert bool(out[0].isnan()) and bool(out[1].isfinite())


@pytest.mark.parametrize("reduction", WORDS)
@pytest.mark.parametrize("counts", [[3, 0, 1], [2, 2]], ids=["ragged", "uniform"])
def test_a_readout_can_be_differentiated_twice(reduction: str, counts: list[int]) -> None:
    x, topology = rows(sum(counts), 2, 5).requires_grad_(), gn.Chain(torch.tensor(counts))
    temperature = torch.nn.Parameter(torch.tensor([0.3, -0.8], dtype=torch.float64))
    layer = gn.nn.Readout(reduction, temperature)
    inputs = (x, temperature) if reduction == "softmax" else (x,)

    def rows_of(x: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        return layer(gn.Structure(topology, {"x": x})).x

    assert torch.autograd.gradcheck(rows_of, inputs)
    assert torch.autograd.gradgradcheck(rows_of, inputs)


@pytest.mark.parametrize("reduction", WORDS)
def test_messages_can_be_differentiated_twice(reduction: str) -> None:
    edges = torch.tensor([[0, 1, 2, 2, 3, 1], [1, 1, 1, 0, 3, 1]])
    layer = gn.nn.MessagePassing(lambda s, r: s * r.cos(), reduction, reads=("sender", "receiver"))
    x = rows(4, 2, 3).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: layer(gn.graph(edges, x=x)).x, (x,))


@pytest.mark.parametrize("reduction", WORDS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_smaller_numbers_give_nearly_the_same(reduction: str, dtype: torch.dtype) -> None:
    tolerance = 0.05 if dtype == torch.bfloat16 else 1e-5
    structure = gn.graph(torch.tensor([[0, 1, 2, 2, 3, 1], [1, 1, 1, 0, 3, 1]]), x=rows(4, 2, 3))
    for layer in (gn.nn.MessagePassing(lambda s: s, reduction, reads=("sender",)), gn.nn.Readout(reduction)):
        x = structure.x.to(dtype).requires_grad_()
        out = layer(structure.replace(x=x)).x
        assert out.dtype == dtype
        out.sum().backward()
        assert x.grad is not None and bool(x.grad.isfinite().all())
        torch.testing.assert_close(out.double(), layer(structure).x, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("reduction", ["var", "std", "softmax"])
def test_reductions_are_pygs(reduction: str) -> None:
    from torch_geometric.nn import aggr

    ids = torch.tensor([0, 0, 0, 2, 3, 3])  # nobody speaks to 1, one speaks to 2
    x = rows(6, 3, 2).requires_grad_()
    native = {
        "var": aggr.VarAggregation(),
        "std": aggr.StdAggregation(),
        "softmax": aggr.SoftmaxAggregation(TEMPERATURE),
    }
    structure = gn.Structure(gn.Set(torch.tensor([3, 0, 1, 2])), {"x": x})
    ours, theirs = gn.nn.Readout(reduction, TEMPERATURE)(structure).x, native[reduction](x, ids, dim_size=4)
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-12)
    weights = torch.arange(12.0, dtype=torch.float64).reshape(4, 3)
    grads = [torch.autograd.grad((out * weights).sum(), x)[0] for out in (ours, theirs)]
    torch.testing.assert_close(*grads, atol=1e-10, rtol=1e-10)


def test_one_message_may_be_a_number() -> None:
    structure = gn.graph(torch.tensor([[0, 1, 2], [1, 1, 0]]), x=rows(3, 2, 1))
    layer = gn.nn.MessagePassing(lambda s: s[:, 0], ("sum", "max"), reads=("sender",))
    expected = gn.nn.MessagePassing(lambda s: s[:, :1], ("sum", "max"), reads=("sender",))(structure).x
    torch.testing.assert_close(layer(structure).x, expected)


def test_messages_over_a_neighborhood_with_edge_rows_of_its_own_and_from_another_structure() -> None:
    words, pixels = gn.chain([torch.randn(2, 3), torch.randn(1, 3)]), gn.grid(torch.randn(2, 2, 2, 3))
    edges = gn.Cross().edges(words, pixels)
    weight = torch.rand(edges.num_edges, 1)
    layer = gn.nn.MessagePassing(lambda s, r, e: e * (s - r), neighborhood=gn.Cross())
    expected = [
        sum(
            weight[row] * (pixels.x[edges.senders[row]] - words.x[node])
            for row in (edges.receivers == node).nonzero()[:, 0]
        )
        for node in range(3)
    ]
    torch.testing.assert_close(layer(words, weight, source=pixels).x, torch.stack(expected))  # pyright: ignore[reportArgumentType]
