"""Promise: every layer runs under bfloat16 autocast, forward and backward, close to float32."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from every_layer import made
from promises import IDS, LAYERS, RAGGED, UNIFORM, inputs_of

import geonets as gn

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")
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


@pytest.mark.parametrize(("name", "draw"), LAYERS, ids=IDS)
def test_a_layer_of_bfloat16_runs(name: str, draw: Any) -> None:
    layer, structure = made(name).to(torch.bfloat16), draw([4, 0, 3], 1).to(torch.bfloat16)
    inputs = inputs_of(structure)
    rows = layer(structure.replace(nodes=inputs)).x
    assert rows.dtype == torch.bfloat16 and bool(rows.isfinite().all())
    torch.autograd.grad(rows.float().sum(), [*inputs.values()], allow_unused=True)
    with gn.reference():
        assert layer(structure).x.dtype == torch.bfloat16
