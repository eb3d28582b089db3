"""Each check passes a layer that keeps its law, fails one that breaks it, and says where."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import every_layer
import pytest
import torch
from every_layer import NUMBERED, chain, cloud, forest, graph, grid, made, volume

import geonets as gn
from geonets.engine import plan

check = gn.check
ALONE = gn.grid(torch.randn(1, 9, 8, 4, generator=torch.Generator().manual_seed(0)))
CIRCLE = gn.nn.Conv2d(4, 3, 3, padding=1, padding_mode="circular")
PADDED = gn.nn.Conv2d(4, 3, (5, 3), padding=(2, 1))


class Drift(gn.nn.Layer):
    """Points that attract each other: E(n)-equivariant in `pos`, and `push` is a vector field."""

    def forward(self, structure: gn.Structure) -> gn.Structure:
        edges = gn.KNN(3).edges(structure)
        toward = structure.pos[edges.senders] - structure.pos[edges.receivers]
        pull = toward / (1 + toward.square().sum(1, keepdim=True))
        push = torch.zeros_like(structure.pos).index_add(0, edges.receivers, pull)
        return structure.replace(x=push.norm(dim=1, keepdim=True), pos=structure.pos + push, nodes={"push": push})


class Handed(gn.nn.Layer):
    """The signed volume of each item's first four points: it turns with nothing and changes sign in a mirror."""

    def forward(self, structure: gn.Structure) -> gn.Structure:
        first = structure.topology.node_offsets[:-1]
        corners = torch.stack([structure.pos[first + k] - structure.pos[first] for k in (1, 2, 3)], 1)
        return structure.replace(x=torch.linalg.det(corners)[structure.topology.item_ids, None])


class Numbered(gn.nn.Layer):
    """It adds to every node its own number, which no symmetry survives."""

    def forward(self, structure: gn.Structure) -> gn.Structure:
        return structure.replace(x=structure.x + torch.arange(structure.num_nodes)[:, None])


class Centred(gn.nn.Layer):
    """It subtracts the mean of the whole batch."""

    def forward(self, structure: gn.Structure) -> gn.Structure:
        return structure.replace(x=structure.x - structure.x.mean(0))


class _Thrice(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return 3 * x

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        return 2 * grads[0]


class _Cube(torch.autograd.Function):
    """Right first derivative, wrong second."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x.detach())
        return x**3

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return grads[0] * 3 * x.detach().clone() ** 2


Case = tuple[Callable[[], gn.check.Report], str]
PASS: dict[str, Case] = {
    "a convolution lowered": (lambda: check.lowering(PADDED, grid([5, 4], 1)), "equal"),
    "a layer without operations": (lambda: check.lowering(gn.nn.ReLU(), grid([5, 4], 1)), "nothing to lower"),
    "a set function on a chain": (lambda: check.permutation(made("Readout"), chain([6, 3], 1)), "invariant"),
    "attention on a grid": (lambda: check.permutation(made("MultiheadAttention"), grid([3, 4], 1)), "equivariant"),
    "a graph layer with edge features": (lambda: check.permutation(made("GATConv"), graph([6, 4], 1)), "equivariant"),
    "a recurrence on trees": (lambda: check.permutation(made("LSTM"), forest([6, 4], 1)), "equivariant"),
    "a circular convolution": (lambda: check.translation(CIRCLE, ALONE, exact=True), "exact"),
    "a circular convolution of ragged grids": (lambda: check.translation(CIRCLE, grid([6, 4], 1), exact=True), "exact"),
    "a padded convolution": (lambda: check.translation(PADDED, ALONE), "interior only"),
    "a strided circular convolution": (
        lambda: check.translation(
            gn.nn.Conv1d(4, 2, 4, 2, padding=1, padding_mode="circular"), chain([12], 1), exact=True
        ),
        "exact",
    ),
    "a readout over a circle": (lambda: check.translation(gn.nn.Sequential(CIRCLE, gn.nn.Readout()), ALONE), "exact"),
    "a GRU": (lambda: check.causality(gn.nn.GRU(4, 3), chain([9, 5], 1)), "causal"),
    "masked attention": (
        lambda: check.causality(made("MultiheadAttention"), chain([9, 5], 1), call=lambda f, s: f(s, is_causal=True)),
        "causal",
    ),
    "points that attract each other": (lambda: check.rotation(Drift(), cloud([7, 5], 1), vectors=["push"]), "E(3)"),
    "a layer that reads distances": (lambda: check.rotation(made("GCNConv on near points"), cloud([7, 5], 1)), "E(3)"),
    "a layer with a hand": (lambda: check.rotation(Handed(), cloud([7, 5], 1), "SE"), "SE(3)"),
    "relative positions under translation": (
        lambda: check.rotation(made("PointNetConv"), cloud([7, 5], 1), "T"),
        "T(3)",
    ),
    "batch statistics at rest": (lambda: check.batch_invariance(gn.nn.BatchNorm(4), grid([3, 4], 1)), "independent"),
    "attention of ragged items": (
        lambda: check.batch_invariance(made("MultiheadAttention"), graph([3, 0, 4], 1)),
        "independent",
    ),
    "gradients of an LSTM": (lambda: check.gradients(made("LSTM"), chain([4, 2], 1)), "derivatives"),
    "second derivatives of a GCN": (lambda: check.gradients(made("GCNConv"), graph([4, 2], 1), order=2), "derivatives"),
}
FAIL: dict[str, Case] = {
    "an LSTM under permutation": (lambda: check.permutation(gn.nn.LSTM(4, 3), chain([6, 3], 1)), "fails"),
    "a convolution under permutation": (lambda: check.permutation(PADDED, ALONE), "fails"),
    "node numbers on a graph": (lambda: check.permutation(Numbered(), graph([6, 4], 1)), "fails"),
    "node numbers on a chain": (lambda: check.translation(Numbered(), chain([9], 1)), "fails"),
    "a padded convolution at the border": (lambda: check.translation(PADDED, ALONE, exact=True), "interior only"),
    "a readout over a border": (lambda: check.translation(gn.nn.Sequential(PADDED, gn.nn.Readout()), ALONE), "fails"),
    "an LSTM under translation": (lambda: check.translation(gn.nn.LSTM(4, 3), chain([9], 1)), "fails"),
    "a centred convolution": (lambda: check.causality(made("Conv1d"), chain([9, 5], 1)), "fails"),
    "a recurrence both ways": (lambda: check.causality(made("LSTM"), chain([9, 5], 1)), "fails"),
    "PointNet turned": (lambda: check.rotation(gn.models.PointNet(3), cloud([7, 5], 1)), "fails"),
    "a vector that is not declared": (lambda: check.rotation(Drift(), cloud([7, 5], 1)), "T(3)"),
    "a layer with a hand in a mirror": (lambda: check.rotation(Handed(), cloud([7, 5], 1)), "SE(3)"),
    "batch statistics in training": (
        lambda: check.batch_invariance(gn.nn.BatchNorm(4), grid([3, 4], 1), training=True),
        "fails",
    ),
    "a mean over the batch": (lambda: check.batch_invariance(Centred(), chain([3, 4], 1)), "fails"),
    "a wrong backward pass": (lambda: check.gradients(gn.nn.PerNode(_module(_Thrice)), chain([3, 4], 1)), "fails"),
    "a wrong second derivative": (
        lambda: check.gradients(gn.nn.PerNode(_module(_Cube)), chain([3, 4], 1), order=2),
        "fails",
    ),
}  # fmt: skip


def _module(function: Any) -> torch.nn.Module:
    class Applied(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return function.apply(x)

    return Applied()


@pytest.mark.parametrize("name", PASS)
def test_what_keeps_the_law_passes(name: str) -> None:
    run, verdict = PASS[name]
    report = run()
    assert report and report.ok and report.verdict == verdict, str(report)
    assert report.require() is report


@pytest.mark.parametrize("name", FAIL)
def test_what_breaks_the_law_fails(name: str) -> None:
    run, verdict = FAIL[name]
    report = run()
    assert not report and report.verdict == verdict, str(report)
    assert report.worst > 0
    with pytest.raises(gn.errors.CheckError, match=f"{report.layer} on ") as caught:
        report.require()
    assert isinstance(caught.value, AssertionError)


def test_only_the_second_derivative_is_wrong() -> None:
    assert check.gradients(gn.nn.PerNode(_module(_Cube)), chain([3, 4], 1))


def test_gradients_on_empty_items_must_be_finite() -> None:
    def mean_of_nothing(structure: gn.Structure) -> gn.Structure:
        sums = gn.nn.Readout("sum")(structure)
        return sums.replace(x=sums.x / structure.topology.node_counts[:, None])

    report = check.gradients(mean_of_nothing, chain([3, 4], 1))
    assert not report and "an empty item" in report.what


def test_the_border_is_as_wide_as_the_padding() -> None:
    report = check.translation(PADDED, ALONE)
    assert report.where is not None and report.where.at_border
    assert [line.split(";")[0].split(", beyond")[0] for line in report.details] == [
        "along y: interior only, border 2",
        "along x: interior only, border 1",
    ]
    assert report.where.coordinates is not None
    y, x = report.where.coordinates["y"], report.where.coordinates["x"]
    assert min(y, 8 - y) < 4 or min(x, 7 - x) < 3


def test_a_window_without_padding_has_no_border() -> None:
    report = check.translation(gn.nn.Conv1d(4, 2, 3), chain([9], 1))
    assert report.verdict == "interior only" and "border 0" in report.details[0]


def test_a_stride_is_found_from_the_sizes_or_said() -> None:
    pool = gn.nn.MaxPool2d(2)
    report = check.translation(pool, gn.grid(torch.randn(1, 8, 8, 1)), exact=True)
    assert report and "(2, 0)" in report.tried
    wide = gn.nn.Conv1d(4, 2, 7, padding=0)
    assert check.translation(wide, chain([9], 1), stride=1).verdict == "interior only"


def test_causality_names_the_first_leak() -> None:
    ahead = gn.nn.Conv1d(4, 2, 3, padding=2, dilation=2)
    report = check.causality(ahead, chain([9, 4], 1))
    assert report.what == "from time 2 to time 0"
    assert report.where is not None and report.where.coordinates == {"time": 0}


def test_causality_holds_along_one_axis_and_not_along_another() -> None:
    video = gn.grid(torch.randn(1, 5, 4, 4, 2), axes=("time", "y", "x"))
    frame_by_frame = gn.nn.Conv3d(2, 3, (1, 3, 3), padding=(0, 1, 1))
    assert check.causality(frame_by_frame, video)
    assert not check.causality(frame_by_frame, video, axis="y")


def test_batch_invariance_names_the_item() -> None:
    report = check.batch_invariance(Centred(), chain([3, 4], 1))
    assert report.where is not None and report.where.item in (0, 1) and "against alone" in report.what


def test_lowering_names_layers_and_kernels() -> None:
    net = gn.nn.Sequential(gn.nn.GCNConv(4, 3), gn.nn.ReLU(), gn.nn.Readout("max"))
    report = check.lowering(net, graph([6, 4], 1))
    assert report.details == ("0 GCNConv: sparse_product", "2 Readout: reduce_hub")


@pytest.mark.parametrize("broken", ["values", "gradients"])
def test_lowering_catches_a_broken_kernel(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(rule: Any) -> Any:
        def sparse_product(call: Any) -> torch.Tensor:
            rows = rule.kernel(call)
            if broken == "values":
                return rows * 1.001
            return rows + 0.001 * (call.operands.senders - call.operands.senders.detach()).sum()

        return sparse_product

    rules = [rule if rule.name != "sparse_product" else plan.Rule(spoiled(rule), rule.accepts) for rule in plan.RULES]
    monkeypatch.setattr(plan, "RULES", tuple(rules))
    monkeypatch.setattr(plan, "_decisions", {})
    net = gn.nn.Sequential(gn.nn.Linear(4, 4), gn.nn.GINConv(gn.nn.MLP([4, 3])), gn.nn.Linear(3, 2))
    report = check.lowering(net, graph([6, 4], 1))
    assert not report
    assert ("first in 1 GINConv" in report.what) if broken == "values" else "gradient of" in report.what


def test_a_receptive_field_is_exact() -> None:
    """LECTURE row 26: dilated lags 1, 2, 4, 8 reach from 25 to 40."""
    lags = [gn.nn.Conv1d(1 if d == 1 else 4, 4, 2, dilation=d, padding=d) for d in (1, 2, 4, 8)]

    def wavenet(structure: gn.Structure) -> gn.Structure:
        for conv in lags:
            out = conv.double()(structure)
            keep = out.topology.coordinates()[:, 0] < structure.num_nodes
            structure = structure.replace(x=out.x[keep].relu())
        return structure

    field = check.receptive_field(wavenet, gn.chain(torch.randn(1, 64, 1)), node=40)
    assert field.extents == {"time": (25, 40)} and field.nodes == tuple(range(25, 41)) and len(field) == 16
    assert str(field).splitlines()[-1].strip() == "." * 25 + "#" * 16 + "." * 23


def test_a_receptive_field_counts_hops_on_a_graph() -> None:
    path = torch.tensor([[0, 1, 2, 3, 4], [1, 2, 3, 4, 5]])
    structure = gn.graph(path, x=torch.randn(6, 4))
    net = gn.nn.Sequential(gn.nn.GCNConv(4, 4), gn.nn.ReLU(), gn.nn.GCNConv(4, 4))
    field = check.receptive_field(net, structure, node=4)
    assert field.nodes == (2, 3, 4) and field.hops == {0: (1, 1), 1: (1, 1), 2: (1, 1), 3: (0, 1)}
    assert "2 hops away: 1 of 1" in str(field)


def test_a_receptive_field_sees_leaks_between_items() -> None:
    field = check.receptive_field(Centred(), chain([3, 4], 1), node=0)
    assert field.other_items == (1,) and "LEAK" in str(field)
    assert check.receptive_field(made("Readout mean"), grid([3, 4], 1), 0, item=1).nodes == tuple(range(20))


@pytest.mark.parametrize("node", [4, (1, 1)])
def test_a_node_is_named_by_number_or_place(node: Any) -> None:
    field = check.receptive_field(made("Conv2d"), grid([5, 6], 1), node=node)
    assert field.node == 4 and field.extents == {"y": (1, 3), "x": (1, 3)}


def test_a_layer_is_left_as_it_was() -> None:
    net = gn.nn.Sequential(gn.nn.BatchNorm(4), gn.nn.GCNConv(4, 3)).train()
    net[0].eval()
    structure = graph([5, 4], 1).to(torch.float32)
    net(structure).x.sum().backward()
    before = copy.deepcopy(net.state_dict())
    grads = [parameter.grad for parameter in net.parameters()]
    for run in (check.lowering, check.permutation, check.batch_invariance, check.gradients):
        run(net, structure)
        run(net, structure, training=True)
    check.symmetries(net, structure)
    check.receptive_field(net, structure, 0)
    assert [net.training, net[0].training, net[1].training] == [True, False, True]
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert all(p.dtype == torch.float32 and p.grad is g for p, g in zip(net.parameters(), grads, strict=True))
    assert structure.x.dtype == torch.float32 and not net[1]._forward_hooks


def test_checks_leave_the_random_numbers_as_they_were() -> None:
    layer = made("GCNConv")
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    check.permutation(layer, graph([5, 4], 1))
    check.batch_invariance(gn.nn.Dropout(0.5), chain([5, 4], 1), training=True)
    assert torch.equal(torch.randn(3), expected)


def test_a_report_reads_well() -> None:
    report = check.permutation(gn.nn.LSTM(4, 3), chain([6, 3], 1))
    first, second, *_ = str(report).splitlines()
    assert first == "permutation of LSTM: fails" and second == "    on Chain(2 items of 3 .. 6 nodes along (time))"
    assert "of the output's scale" in str(report) and "order" in str(report) and repr(report) == str(report)
    assert report._repr_html_().startswith("<b style='color:#b3261e'>permutation of LSTM: fails</b>")
    assert "#2a7d46" in check.permutation(gn.nn.ReLU(), chain([6, 3], 1))._repr_html_()


def test_symmetries_are_found_by_trial() -> None:
    causal = check.symmetries(gn.nn.GRU(4, 3), chain([9], 1))
    assert causal == ("causal",)
    assert check.symmetries(made("GCNConv"), graph([6, 4], 1)) == ("permutation",)
    assert check.symmetries(made("PointNetConv"), cloud([7, 5], 1)) == ("permutation", "T(3)")
    assert check.symmetries(gn.nn.Linear(4, 2), chain([9], 1)) == ("permutation", "translation (exact)", "causal")
    assert check.symmetries(Numbered(), graph([6, 4], 1)) == ()


CASES = [(name, draw) for name, draw in every_layer.CASES if name != "Dropout"]
IDS = [f"{name}-{draw.__name__}" for name, draw in CASES]


@pytest.mark.parametrize(("name", "draw"), CASES, ids=IDS)
def test_every_layer_passes_what_all_layers_promise(name: str, draw: Any) -> None:
    layer, structure = made(name), draw([4, 0, 3], 1)
    check.lowering(layer, structure).require()
    check.batch_invariance(layer, structure).require()
    check.gradients(layer, structure, draws=1).require()
    if draw in (cloud, graph, forest):
        assert check.permutation(layer, structure, draws=1) or name in NUMBERED
    elif draw is not volume:
        check.receptive_field(layer, structure, 0, draws=2)
