"""Law 1: every kernel equals the reference, values and all gradients, on random structures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from drawing import SEEDS, assert_same, chains, graphs, grids, sets, trees, with_grads
from hypothesis import given, settings
from hypothesis import strategies as st

import geonets as gn
from geonets.engine.plan import RULES

Case = Callable[[Any], tuple[torch.nn.Module, gn.Structure]]
CASES: list[tuple[str, str, Case]] = []


def case(*rules: str) -> Callable[[Case], Case]:
    """Register a drawing of a layer and a structure on which the first of these rules that accepts must run."""

    def register(function: Case) -> Case:
        CASES.extend((rule, function.__name__, function) for rule in rules)
        return function

    return register


@case("conv_on_grid", "conv_by_size")
def convolution(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    axes = draw(st.integers(1, 3))
    each = st.tuples(*[st.integers(1, 2)] * axes)
    mode = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    dilation, groups = draw(each), draw(st.integers(1, 2))
    kernel = draw(st.tuples(*[st.integers(1, 3)] * axes))
    smallest = 1 + max(d * (k - 1) for d, k in zip(dilation, kernel, strict=True))
    padding: Any = draw(st.one_of(st.tuples(*[st.integers(0, 1)] * axes), st.just("same")))
    stride = (1,) * axes if padding == "same" else draw(each)
    make = (gn.nn.Conv1d, gn.nn.Conv2d, gn.nn.Conv3d)[axes - 1]
    layer = make(2, 4, kernel, stride, padding, dilation, groups, draw(st.booleans()), mode)  # pyright: ignore[reportArgumentType]
    structure = draw(grids(2, axes, smallest=max(smallest, 2), ragged=draw(st.booleans())))
    return layer, structure


@case("pool_on_grid", "pool_by_size")
def pooling(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    axes = draw(st.integers(1, 3))
    kernel = draw(st.integers(1, 3))
    options: dict[str, Any] = {"stride": draw(st.integers(1, 3)), "padding": draw(st.integers(0, kernel // 2))}
    options["ceil_mode"] = draw(st.booleans())
    if draw(st.booleans()):
        layer = (gn.nn.MaxPool1d, gn.nn.MaxPool2d, gn.nn.MaxPool3d)[axes - 1](kernel, **options)
    else:
        options["count_include_pad"] = draw(st.booleans())
        layer = (gn.nn.AvgPool1d, gn.nn.AvgPool2d, gn.nn.AvgPool3d)[axes - 1](kernel, **options)
    return layer, draw(
        grids(2, axes, smallest=draw(st.integers(kernel - 2 * options["padding"], 3)) or 1, ragged=draw(st.booleans()))
    )


@case("reduce_hub")
def readout(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layer = gn.nn.Readout(draw(st.sampled_from(["sum", "mean", "max", "min"])))
    return layer, draw(st.one_of(chains(3), chains(3, ragged=False), sets(2), graphs(2), grids(2, 2)))


@case("sparse_product")
def products(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layers = [
        gn.nn.SAGEConv(3, 2, aggr=draw(st.sampled_from(["mean", "sum"]))),
        gn.nn.GINConv(gn.nn.MLP([3, 2]), eps=0.3, train_eps=True),
        gn.nn.GCNConv(3, 2),
        gn.nn.GCNConv(3, 2, normalize=False),
    ]
    return draw(st.sampled_from(layers)), draw(st.one_of(graphs(3), chains(3), grids(3, 2)))


class _WeightedGCN(gn.nn.GCNConv):
    def forward(self, structure: gn.Structure, edge_weight: torch.Tensor | None = None) -> gn.Structure:
        return super().forward(structure, structure.edge_attr[:, 0] ** 2)


@case("sparse_product")
def weighted_products(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    return _WeightedGCN(3, 2, improved=draw(st.booleans())), draw(graphs(3, edge_channels=1))


@case("reduce_segments")
def segments(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    reduce = draw(st.sampled_from(["sum", "mean", "max", "min"]))
    opaque = gn.nn.MessagePassing(lambda s, r, e: s * r.sin() + e.sum(1, keepdim=True), reduce)
    layers = [opaque, gn.nn.GINEConv(gn.nn.MLP([3, 2]), edge_dim=2)]
    if draw(st.booleans()):
        return gn.nn.SAGEConv(3, 2, aggr=draw(st.sampled_from(["max", "min"]))), draw(graphs(3))
    return draw(st.sampled_from(layers)), draw(graphs(3, edge_channels=2))


@case("reduce_segments")
def neighbours(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    hears = draw(st.sampled_from([gn.KNN(2), gn.KNN(3, loop=True), gn.Radius(1.0)]))
    return gn.nn.PointNetConv(gn.nn.MLP([6, 4]), gn.nn.MLP([4, 2]), neighborhood=hears), draw(sets(3))


@case("dense_attention", "dense_attention_by_size")
def attention(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layer = gn.nn.MultiheadAttention(4, draw(st.sampled_from([1, 2])), bias=draw(st.booleans()))
    return layer, draw(chains(4, ragged=draw(st.booleans())))


@case("segment_attention")
def sparse_attention(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    edge_dim = draw(st.sampled_from([None, 2]))
    options = {"add_self_loops": draw(st.booleans()), "residual": draw(st.booleans()), "concat": draw(st.booleans())}
    return gn.nn.GATConv(3, 2, heads=2, edge_dim=edge_dim, **options), draw(graphs(3, edge_channels=2))


@case("fused_recurrence", "packed_recurrence")
def recurrence(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    return _recurrent(draw), draw(chains(3, ragged=draw(st.booleans())))


@case("level_recurrence")
def tree_recurrence(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    return _recurrent(draw), draw(st.one_of(trees(3), grids(3, 2)))


def _recurrent(draw: Any) -> torch.nn.Module:
    make = draw(st.sampled_from([gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU]))
    options = {"num_layers": draw(st.integers(1, 2)), "bidirectional": draw(st.booleans()), "bias": draw(st.booleans())}
    if make is gn.nn.RNN:
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    return make(3, 2, **options)


@pytest.mark.parametrize(
    ("rule", "draws"), [(rule, draws) for rule, _, draws in CASES], ids=[f"{r}-{n}" for r, n, _ in CASES]
)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=SEEDS)
def test_a_kernel_equals_the_reference(rule: str, draws: Case, data: Any, seed: int) -> None:
    torch.manual_seed(seed)
    layer, structure = draws(data.draw)
    layer = layer.double()
    lowered = with_grads(layer, structure)
    with gn.reference():
        expected = with_grads(layer, structure)
    assert_same(lowered, expected)


@pytest.mark.parametrize(
    ("rule", "draws"), [(rule, draws) for rule, _, draws in CASES], ids=[f"{r}-{n}" for r, n, _ in CASES]
)
def test_a_case_reaches_its_rule(rule: str, draws: Case, request: pytest.FixtureRequest) -> None:
    from hypothesis import find

    def reaches(drawn: tuple[torch.nn.Module, gn.Structure]) -> bool:
        layer, structure = drawn
        return rule in {step.plan.name for step in gn.explain_plan(layer.double(), structure)}

    @st.composite
    def drawn(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
        return draws(draw)

    if request.config.getoption("--plan") == "reference":
        pytest.skip("no kernel runs under the reference")
    find(drawn(), reaches, settings=settings(max_examples=300, deadline=None, database=None))


def test_every_rule_has_a_case() -> None:
    assert {rule.name for rule in RULES} == {rule for rule, _, _ in CASES}
