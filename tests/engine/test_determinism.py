"""Promise: two runs are equal bit by bit, values and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from every_layer import made
from promises import IDS, LAYERS, RAGGED, UNIFORM, inputs_of

import geonets as gn

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")


def run(layer: torch.nn.Module, structure: gn.Structure) -> list[torch.Tensor | None]:
    inputs = inputs_of(structure)
    rows = layer(structure.replace(nodes=inputs)).x
    wanted = [*inputs.values(), *layer.parameters()]
    return [rows, *torch.autograd.grad(rows.square().sum(), wanted, allow_unused=True)]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("counts", [UNIFORM, RAGGED], ids=["uniform", "ragged"])
@pytest.mark.parametrize(("name", "draw"), LAYERS, ids=IDS)
def test_two_runs_are_equal(name: str, draw: Any, counts: list[int], dtype: torch.dtype) -> None:
    layer = made(name).to(dtype)
    first, second = (run(layer, draw(counts, 1).to(dtype)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert (one is None) == (other is None)
        assert one is None or other is None or torch.equal(one, other)
