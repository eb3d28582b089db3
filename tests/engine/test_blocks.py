"""Messages made by blocks of edges: gradients twice over, weights that do not learn, and networks that are left whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from drawing import assert_same, with_grads
from every_layer import graph

import geonets as gn
from geonets.engine.kernels import blocks


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 12)


def layer_and_atoms(**options: Any) -> tuple[gn.nn.EGNNConv, gn.Structure]:
    torch.default_generator.manual_seed(0)
    return gn.nn.EGNNConv(4, 3, 4, neighborhood=gn.Complete(), **options).double(), graph([4, 0, 3], 3)


def kernels(layer: torch.nn.Module, structure: gn.Structure) -> list[str]:
    return [step.plan.name for step in gn.explain_plan(layer, structure)]


def test_gradients_are_had_twice_and_differentiated() -> None:
    layer, atoms = layer_and_atoms(attention=True, normalize=True)
    assert kernels(layer, atoms) == ["sums_by_block"]
    pos = atoms.pos.clone().requires_grad_()
    moved = layer(atoms.replace(pos=pos))
    wanted = [pos, *layer.parameters()]
    first, again = (
        torch.autograd.grad(moved.pos.sin().sum() + moved.x.sin().sum(), wanted, retain_graph=True) for _ in range(2)
    )
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert torch.autograd.gradgradcheck(lambda p: layer(atoms.replace(pos=p)).pos, (pos,), atol=1e-6)


def test_a_block_keeps_what_gradients_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The inputs of three activations and of three products: neither what was gathered nor the messages."""
    monkeypatch.setattr(blocks, "BLOCK", 2**18)
    layer, pos = gn.nn.EGNNConv(64, 64, neighborhood=gn.Complete()), torch.randn(1, 100, 3)
    cloud, pairs = gn.points(pos, x=torch.randn(1, 100, 64, requires_grad=True)), 100 * 99
    layer(cloud)
    with torch.profiler.profile(profile_memory=True) as record:
        moved = layer(cloud)
    profiler: Any = record.profiler
    kept = sum(event.nbytes() for event in profiler.kineto_results.events() if event.name() == "[memory]")
    assert moved.x.requires_grad and 6 < kept / (pairs * 64 * 4) < 7


@pytest.mark.parametrize("learns", ["pos", "x", "edge_mlp.2.bias", "edge_mlp.0.weight", "nothing"])
def test_what_does_not_learn_is_left_alone(learns: str) -> None:
    layer, atoms = layer_and_atoms()
    pools = {name: weight.requires_grad_(name == learns) for name, weight in layer.named_parameters()}
    pools |= {name: field.clone().requires_grad_(name == learns) for name, field in atoms.nodes.items()}

    def found() -> list[torch.Tensor]:
        moved = layer(atoms.replace(x=pools["x"], pos=pools["pos"]))
        if learns == "nothing":
            assert not moved.x.requires_grad
            return [moved.x, moved.pos]
        return [moved.x, moved.pos, *torch.autograd.grad(moved.x.sin().sum() + moved.pos.sin().sum(), pools[learns])]

    ours = found()
    with gn.reference():
        assert_same(ours, found())


def _watched(layer: gn.nn.EGNNConv, seen: list[int]) -> None:
    layer.edge_mlp[0].register_forward_hook(lambda module, given, made: seen.append(len(made)))


def _replaced(layer: gn.nn.EGNNConv, seen: list[int]) -> None:
    class Noted(torch.nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            seen.append(len(input))
            return super().forward(input)

    first = Noted(2 * 4 + 1, 4).double()
    first.load_state_dict(layer.edge_mlp[0].state_dict())
    layer.edge_mlp[0] = first


def _normed(layer: gn.nn.EGNNConv, seen: list[int]) -> None:
    layer.coord_mlp.insert(1, torch.nn.BatchNorm1d(4).double())
    layer.coord_mlp.register_forward_pre_hook(lambda module, given: seen.append(len(given[0])))


@pytest.mark.parametrize("change", [_watched, _replaced, _normed])
def test_a_network_that_may_do_more_is_called_once_with_all_edges(
    change: Callable[[gn.nn.EGNNConv, list[int]], None],
) -> None:
    layer, atoms = layer_and_atoms()
    expected = with_grads(layer, atoms, lambda m, s: [m(s).x, m(s).pos])
    seen: list[int] = []
    change(layer, seen)
    layer(atoms)
    assert seen == [4 * 3 + 3 * 2]
    assert kernels(layer, atoms) == ["reduce_segments"]
    if change is not _normed:
        assert_same(with_grads(layer, atoms, lambda m, s: [m(s).x, m(s).pos]), expected)


def test_a_weight_that_two_layers_share_is_learnt_once() -> None:
    torch.default_generator.manual_seed(0)
    layer, atoms = gn.nn.EGNNConv(4, 3, 9).double(), graph([4, 3], 3)
    layer.coord_mlp[0].weight = layer.edge_mlp[0].weight
    ours = with_grads(layer, atoms)
    with gn.reference():
        assert_same(ours, with_grads(layer, atoms))
    assert kernels(layer, atoms) == ["reduce_segments"]


def test_explaining_and_checking_change_no_kernel() -> None:
    layer, atoms = layer_and_atoms()
    assert kernels(gn.nn.Sequential(layer), atoms) == ["sums_by_block"]
    report = gn.check.lowering(layer, atoms)
    report.require()
    assert "sums_by_block" in str(report)
