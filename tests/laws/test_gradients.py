"""Law 6: numerical derivatives of the four operations, second derivatives of sparse products, large offsets, ties."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from every_layer import CASES, IDS, made

import geonets as gn


@pytest.mark.parametrize(("name", "draw"), CASES, ids=IDS)
def test_gradients_are_numerical_derivatives(name: str, draw: Any) -> None:
    layer, structure = made(name), draw([3, 0, 2], seed=11)
    x = structure.x.clone().requires_grad_()
    many = x.numel() > 60  # then along a random direction
    assert torch.autograd.gradcheck(
        lambda rows: layer(structure.replace(x=rows)).x, (x,), eps=1e-6, atol=1e-6, fast_mode=many
    )


@pytest.mark.parametrize(
    "make", [lambda: gn.nn.GCNConv(2, 3), lambda: gn.nn.GATConv(2, 3), lambda: gn.nn.Conv2d(2, 3, 2)]
)
def test_second_derivatives(make: Any) -> None:
    layer = make().double()
    structure = gn.grid([torch.randn(2, 3, 2, dtype=torch.float64), torch.randn(3, 2, 2, dtype=torch.float64)])
    x = structure.x.clone().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda rows: layer(structure.replace(x=rows)).x, (x,), atol=1e-6)


@pytest.mark.parametrize("reduce", ["max", "min"])
def test_of_equal_entries_the_first_takes_the_gradient(reduce: str) -> None:
    edges = torch.tensor([[2, 1, 0, 3, 3], [0, 0, 0, 3, 3]])
    x = torch.ones(4, 1, dtype=torch.float64, requires_grad=True)
    conv = gn.nn.MessagePassing(lambda sender: sender, reduce, reads=("sender",))
    structure = gn.graph(edges, x=x)
    for mode in (gn.reference, _as_planned):
        with mode():
            (grad,) = torch.autograd.grad(conv(structure).x.sum(), x)
        assert grad.flatten().tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("ragged", [True, False])
def test_a_readout_of_ties_gives_the_gradient_to_the_first_node(ragged: bool) -> None:
    x = torch.ones(6, 1, dtype=torch.float64, requires_grad=True)
    structure = gn.Structure(gn.Chain([4, 2] if ragged else [3, 3]), {"x": x})
    (grad,) = torch.autograd.grad(gn.nn.Readout("max")(structure).x.sum(), x)
    assert grad.flatten().tolist() == ([1, 0, 0, 0, 1, 0] if ragged else [1, 0, 0, 1, 0, 0])


@pytest.mark.parametrize(("name", "draw"), CASES, ids=IDS)
def test_large_offsets_leave_finite_results(name: str, draw: Any) -> None:
    layer, structure = made(name), draw([4, 2], seed=2)
    out = layer(structure.replace(x=structure.x + 1e4))
    assert bool(out.x.isfinite().all())


@pytest.mark.parametrize("kind", [gn.nn.GATConv, gn.nn.GATv2Conv])
def test_a_softmax_of_large_scores_does_not_overflow(kind: Any) -> None:
    torch.default_generator.manual_seed(0)
    conv = kind(2, 2).double()
    x = torch.randn(6, 2, dtype=torch.float64) * torch.tensor([1e6, 1, 1, 30, 1e6, 1])[:, None]
    structure = gn.graph(torch.tensor([[0, 1, 2, 3, 4, 5], [1, 0, 5, 2, 0, 3]]), x=x)
    found = conv(structure).x
    with gn.reference():
        torch.testing.assert_close(found, conv(structure).x, rtol=1e-9, atol=0)


def test_a_missing_value_stays_missing() -> None:
    """A maximum over a NaN is a NaN, never a neighbour's number."""
    x = torch.tensor([[1.0], [float("nan")], [3.0], [2.0]])
    out = gn.nn.Readout("max")(gn.chain([x[:3], x[3:]])).x.flatten()
    assert bool(out[0].isnan()) and out[1].item() == 2.0


class _as_planned:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...
