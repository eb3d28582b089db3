"""Promise: every layer runs under bfloat16 autocast, forward and backward, close to float32."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from every_layer import made
from promises import IDS, LAYERS, RAGGED, UNIFORM, inputs_of

import geonets as gn

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")
NARROW = [(1, 1, 3, 2), (1, 2, 3, 3), (2, 1, 3, 2), (2, 1, 5, 2), (2, 2, 5, 3), (3, 1, 3, 2), (3, 2, 3, 1)]
"""Axes, nodes along each, window and stride: in all of them some taps of the window meet no node."""
CLOSE = 0.03
"""Of the output's largest entry: bfloat16 has 8 bits, and a layer rounds a few times."""


@pytest.mark.parametrize("counts", [UNIFORM, RAGGED], ids=["uniform", "ragged"])
@pytest.mark.parametrize(("name", "draw"), LAYERS, ids=IDS)
def test_a_layer_runs_under_autocast(name: str, draw: Any, counts: list[int]) -> None:
    layer, structure = made(name).float(), draw(counts, 1).to(torch.float32)
    inputs = inputs_of(structure)
    expected = layer(structure.replace(nodes=inputs)).x
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(structure.replace(nodes=inputs)).x
    assert found.dtype in (torch.bfloat16, torch.float32)
    scale = float(expected.detach().abs().max()) if expected.numel() else 1.0
    if not torch.allclose(found.float(), expected, atol=CLOSE * scale, rtol=0):  # then no worse than its own reference
        with gn.reference(), torch.autocast("cpu", torch.bfloat16):
            slow = layer(structure).x.float()
        assert (found.float() - expected).abs().max() <= 1.5 * (slow - expected).abs().max()
    wanted = [*inputs.values(), *layer.parameters()]
    for leaf, grad in zip(wanted, torch.autograd.grad(found.float().sum(), wanted, allow_unused=True), strict=True):
        assert grad is None or (grad.dtype == leaf.dtype and bool(grad.isfinite().all()))


@pytest.mark.parametrize("layer", ["Conv", "ConvTranspose"])
@pytest.mark.parametrize(("num_axes", "size", "window", "stride"), NARROW)
def test_taps_that_meet_no_node_leave_no_garbage(
    layer: str, num_axes: int, size: int, window: int, stride: int
) -> None:
    net = getattr(gn.nn, f"{layer}{num_axes}d")(16, 32, window, stride=stride, padding=window // 2, bias=False)
    images = torch.randint(-1, 2, (2, *[size] * num_axes, 16)).float()
    with torch.no_grad():
        net.weight.copy_(torch.randint_like(net.weight, -1, 2))  # whole numbers, which bfloat16 keeps
    structure = gn.chain(images) if num_axes == 1 else gn.grid(images)
    (expected,) = torch.autograd.grad(net(structure).x.sum(), net.weight)
    for _ in range(3):
        for exponent in range(10, 17):  # so that memory given back is not zero by chance
            torch.full((2**exponent,), torch.nan)
        with torch.autocast("cpu", torch.bfloat16):
            rows = net(structure).x
        (found,) = torch.autograd.grad(rows.float().sum(), net.weight)
        torch.testing.assert_close(found, expected, rtol=0.01, atol=0)


@pytest.mark.parametrize(("name", "draw"), LAYERS, ids=IDS)
def test_a_layer_of_bfloat16_runs(name: str, draw: Any) -> None:
    layer, structure = made(name).to(torch.bfloat16), draw([4, 0, 3], 1).to(torch.bfloat16)
    inputs = inputs_of(structure)
    rows = layer(structure.replace(nodes=inputs)).x
    assert rows.dtype == torch.bfloat16 and bool(rows.isfinite().all())
    torch.autograd.grad(rows.float().sum(), [*inputs.values()], allow_unused=True)
    with gn.reference():
        assert layer(structure).x.dtype == torch.bfloat16
