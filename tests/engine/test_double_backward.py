"""Promise: gradients can be differentiated again, so that forces and gradient penalties work."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from every_layer import cloud, made
from promises import EXCEPTIONS, IDS, LAYERS, RAGGED, UNIFORM, breaks, inputs_of

import geonets as gn

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")


@pytest.mark.parametrize("counts", [UNIFORM, [3, 0, 2]], ids=["uniform", "ragged"])
@pytest.mark.parametrize(("name", "draw"), LAYERS, ids=IDS)
def test_second_derivatives_are_derivatives_of_the_first(name: str, draw: Any, counts: list[int]) -> None:
    layer, structure = made(name), draw(counts, 11)
    inputs = inputs_of(structure)

    def rows(*fields: torch.Tensor) -> torch.Tensor:
        return layer(structure.replace(nodes=dict(zip(inputs, fields, strict=True)))).x

    if breaks("second derivatives", layer, structure):
        with pytest.raises(gn.errors.UnsupportedError, match=r"gn\.reference"):
            torch.autograd.gradgradcheck(rows, tuple(inputs.values()), fast_mode=True)
    else:
        assert torch.autograd.gradgradcheck(rows, tuple(inputs.values()), fast_mode=True, atol=1e-5)


@pytest.mark.parametrize("counts", [UNIFORM, RAGGED], ids=["uniform", "ragged"])
@pytest.mark.parametrize(("name", "draw"), LAYERS, ids=IDS)
def test_single_precision_can_be_differentiated_twice_too(name: str, draw: Any, counts: list[int]) -> None:
    """torch has other native functions for float32."""
    seconds = []
    for dtype in (torch.float32, torch.float64):
        layer, structure = made(name).to(dtype), draw(counts, 11).to(dtype)
        inputs = inputs_of(structure)
        energy = layer(structure.replace(nodes=inputs)).x.square().sum()
        wanted = [*inputs.values()]
        forces = torch.autograd.grad(energy, wanted, create_graph=True, allow_unused=True)
        total = sum((force.square().sum() for force in forces if force is not None), energy * 0)
        second = torch.autograd.grad(total, wanted, allow_unused=True)
        seconds.append([torch.zeros(()) if part is None else part.double() for part in second])
    for single, double in zip(*seconds, strict=True):
        scale = float(double.abs().max()) if double.numel() else 1.0
        torch.testing.assert_close(single, double, atol=1e-3 * max(scale, 1.0), rtol=1e-3)


def test_a_network_learns_from_forces() -> None:
    """An energy of distances; its forces are fitted, which needs the gradient of a gradient."""
    net = gn.nn.Sequential(
        gn.nn.PointNetConv(gn.nn.MLP([7, 16]), neighborhood=gn.KNN(3)),
        gn.nn.Tanh(),
        gn.nn.Readout("sum"),
        gn.nn.Linear(16, 1),
    ).double()
    structure = cloud([6, 4], 1)
    wanted = -structure.pos

    def loss() -> torch.Tensor:
        pos = structure.pos.clone().requires_grad_()
        (force,) = torch.autograd.grad(net(structure.replace(pos=pos)).x.sum(), pos, create_graph=True)
        return (force - wanted).square().mean()

    before, optimiser = float(loss().detach()), torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(60):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
    assert float(loss().detach()) < 0.5 * before


def test_exceptions_have_reasons() -> None:
    assert all(reason for kernels in EXCEPTIONS.values() for reason in kernels.values())
