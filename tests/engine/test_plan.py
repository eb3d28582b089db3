"""The planner: what it names is what runs, it says why not, it builds no edges that a kernel does not need."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import every_layer
import pytest
import torch
from every_layer import CASES, IDS, made

import geonets as gn
from geonets.core.neighborhoods import Neighborhood
from geonets.engine import plan
from geonets.engine.spec import AggregateOperands, AggregateSpec


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the kernels in the order in which they are called."""
    called: list[str] = []

    def spied(rule: Any) -> Any:
        @functools.wraps(rule.kernel)
        def kernel(call: Any) -> Any:
            called.append(rule.kernel.__name__)
            return rule.kernel(call)

        return dataclasses.replace(rule, kernel=kernel)

    monkeypatch.setattr(plan, "RULES", tuple(spied(rule) for rule in plan.RULES))
    monkeypatch.setattr(plan, "_decisions", {})
    return called


@pytest.mark.parametrize(("name", "draw"), CASES, ids=IDS)
def test_the_kernel_that_is_named_is_the_one_that_runs(name: str, draw: Any, traced: list[str]) -> None:
    layer = made(name)
    for structure in (draw([4, 2, 3], seed=1), draw([3, 3], seed=1)):
        named = [step.plan.name for step in plan.explain_plan(layer, structure)]
        traced.clear()
        layer(structure)
        assert traced == named
        assert "reference" not in named


def test_a_report_names_layer_kernel_sizes_and_reasons() -> None:
    net = gn.nn.Sequential(gn.nn.Conv2d(1, 4, 3), gn.nn.ReLU(), gn.nn.Readout("mean"), gn.nn.Linear(4, 2))
    photos = gn.grid([torch.randn(8, 8, 1), torch.randn(5, 9, 1)])
    report = gn.explain_plan(net, photos)
    assert [step.layer for step in report] == ["0 Conv2d", "2 Readout"]
    assert str(report).splitlines() == [
        "0 Conv2d: conv_on_canvas",
        "    on Grid(2 items of 5 x 8 .. 8 x 9 nodes along (y, x)) -> rows (57, 4)",
        "    refused conv_on_grid: items differ in size",
        "2 Readout: reduce_hub",
        "    on Grid(2 items of 3 x 6 .. 6 x 7 nodes along (y, x)) -> rows (2, 4)",
    ]
    assert str(gn.explain_plan(gn.nn.Linear(1, 2), photos)).startswith("no operation between nodes")


def test_explaining_leaves_the_network_as_it_was() -> None:
    net = gn.nn.Sequential(gn.nn.BatchNorm(4), gn.nn.SAGEConv(4, 4))
    net[0].eval()
    norm: Any = net[0]
    before = norm.running_mean.clone()
    gn.explain_plan(net, every_layer.graph([4], 1).to(torch.float32))
    assert [net.training, net[0].training, net[1].training] == [True, False, True]
    assert torch.equal(norm.running_mean, before)
    assert not net[1]._forward_hooks and not net[1]._forward_pre_hooks


def test_refusals_say_why() -> None:
    reasons = {
        "items differ in size": (gn.nn.Conv2d(4, 2, 3), every_layer.grid([4, 5], 1)),
        "chains differ in length": (gn.nn.GRU(4, 2), every_layer.chain([4, 5], 1)),
        "the topology is a Graph, not a Chain": (gn.nn.LSTM(4, 2), every_layer.forest([4], 1)),
        "the reduction is var; a product sums": (gn.nn.SAGEConv(4, 2, aggr="var"), every_layer.graph([4], 1)),
        "the message is opaque: a product weighs rows by one number an edge": (
            gn.nn.MessagePassing(lambda s, r, e: s),
            every_layer.graph([4], 1),
        ),
        "edges come from WithLoops; here everybody hears everybody": (gn.nn.GATConv(4, 2), every_layer.graph([4], 1)),
    }
    for reason, (layer, structure) in reasons.items():
        (step,) = gn.explain_plan(layer.double(), structure)
        assert reason in [why for _, why in step.plan.refusals]


def test_the_reference_switch_reaches_every_layer_and_is_left_on_errors() -> None:
    structure = every_layer.graph([4], 1)
    with gn.reference():
        with gn.reference():
            pass
        (step,) = gn.explain_plan(made("GCNConv"), structure)
        assert step.plan.name == "reference" and step.plan.refusals == (("every kernel", "gn.reference() is on"),)
    with pytest.raises(ZeroDivisionError), gn.reference():
        raise ZeroDivisionError
    (step,) = gn.explain_plan(made("GCNConv"), structure)
    assert step.plan.name == "sparse_product"


LOWERED = ["Conv1d", "Conv2d", "Conv3d", "MaxPool2d", "AvgPool2d", "Readout", "MultiheadAttention", "Sequential"]
LOWERED += ["MultiheadAttention causal", "MultiheadAttention in a window", "MultiheadAttention with lags as keys"]
LOWERED += ["TransformerEncoder", "TransformerDecoder", "InducedSetAttentionBlock", "PoolingByMultiheadAttention"]
LOWERED += ["Conv1d causal", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


@pytest.mark.parametrize("name", LOWERED)
@pytest.mark.parametrize("counts", [[4, 4], [5, 3]], ids=["uniform", "ragged"])
def test_a_lowered_layer_builds_no_edges(name: str, counts: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    structure = every_layer.LAYERS[name][1][0](counts, 1)
    layer = made(name)

    def forbidden(*_: Any) -> Any:
        raise AssertionError("edges were built")

    for rule in _all_neighborhoods():
        monkeypatch.setattr(rule, "build", forbidden)
    layer(structure)


def test_a_fused_recurrence_builds_no_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gn.Predecessors, "build", lambda *_: pytest.fail("edges were built"))
    for counts in ([4, 4], [5, 3, 0]):
        made("LSTM")(every_layer.chain(counts, 1))


def _all_neighborhoods() -> list[Any]:
    return Neighborhood.__subclasses__()


@pytest.mark.parametrize("name", ["Conv1d", "Conv2d", "Conv3d", "MaxPool1d", "MaxPool3d", "AvgPool2d"])
def test_uniform_lattices_reach_torch_as_views(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No copy before the native call and none behind it: asserted by the storage's address."""
    sizes = (8,) * int(name[-2])
    structure = gn.grid(torch.randn(4, *sizes, 4))
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def spied(function: Any) -> Any:
        def call(images: torch.Tensor, *rest: Any) -> torch.Tensor:
            out = function(images, *rest)
            seen.append((images, out))
            return out

        return call

    native = ("conv2d", "conv3d", "max_pool2d", "max_pool3d", "avg_pool2d", "avg_pool3d")
    for function in native:
        monkeypatch.setattr(torch.nn.functional, function, spied(getattr(torch.nn.functional, function)))
    rows = made(name).float()(structure).x
    ((images, out),) = seen
    assert images.data_ptr() == structure.x.data_ptr()
    assert rows.data_ptr() == out.data_ptr()
    assert images.is_contiguous(memory_format=torch.channels_last if images.ndim == 4 else torch.channels_last_3d)


def test_a_decision_reads_no_sizes_and_is_made_once() -> None:
    plan._decisions.clear()
    layer = made("Conv2d")
    for counts in ([4, 4], [5, 5], [3, 3, 3]):
        layer(every_layer.grid(counts, 1))
    assert len(plan._decisions) == 1
    layer(every_layer.grid([3, 4], 1))
    assert len(plan._decisions) == 2


COMPILED = ["Conv2d", "MultiheadAttention", "GCNConv", "GATConv without edges", "SAGEConv"]
COMPILED += ["MultiheadAttention causal", "MultiheadAttention with lags as keys", "TransformerEncoder", "GATv2Conv"]


@pytest.mark.filterwarnings("ignore:<class 'torch.autograd.function.Function'>:DeprecationWarning")  # torch's tracer
@pytest.mark.parametrize("name", COMPILED)
def test_a_layer_compiles_in_one_graph(name: str) -> None:
    layer = made(name)
    structure = every_layer.LAYERS[name][1][0]([4, 4], 1)
    expected = layer(structure).x
    found = torch.compile(layer, fullgraph=True, backend="eager")(structure).x
    torch.testing.assert_close(found, expected, atol=1e-10, rtol=1e-10)


def test_no_kernel_runs_that_would_forget_a_nodes_own_row() -> None:
    window = gn.Stencil((3,), (1,), (1,), (1,), (1,))
    spec = AggregateSpec(window, "sum", own=True)
    structure = every_layer.chain([5, 3], 1)
    operands = AggregateOperands(structure.x, own=torch.full((1,), 10.0, dtype=torch.float64))
    lowered = plan.run(spec, operands, structure)
    with gn.reference():
        torch.testing.assert_close(lowered, plan.run(spec, operands, structure))
    assert (lowered - plan.run(AggregateSpec(window, "sum"), operands, structure)).abs().max() > 1
