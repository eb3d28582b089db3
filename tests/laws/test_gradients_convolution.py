"""Law 6 for convolutions: their derivatives have derivatives, and half precision runs."""

from __future__ import annotations

from typing import Any

import every_layer
import pytest
import torch

import geonets as gn

MAKES: dict[str, tuple[Any, Any]] = {
    "Conv2d": (lambda: gn.nn.Conv2d(4, 2, 2, padding="same", padding_mode="replicate"), every_layer.grid),
    "Conv1d causal": (lambda: gn.nn.Conv1d(4, 2, 2, padding="causal"), every_layer.chain),
    "Conv3d": (lambda: gn.nn.Conv3d(4, 2, 2, padding=1, stride=2), every_layer.volume),
    "ConvTranspose2d": (lambda: gn.nn.ConvTranspose2d(4, 2, 2, stride=2), every_layer.grid),
    "RGCNConv": (lambda: gn.nn.RGCNConv(4, 2, 3), every_layer.graph),
    "RGCNConv, few heard": (lambda: gn.nn.RGCNConv(4, 2, 40, num_blocks=2), every_layer.graph),
    "KPConv": (lambda: gn.nn.KPConv(4, 2, 1.0, 4), every_layer.cloud),
}


@pytest.mark.parametrize("counts", [[2, 2], [2, 0, 3]], ids=["uniform", "ragged"])
@pytest.mark.parametrize("name", MAKES)
def test_second_derivatives(name: str, counts: list[int]) -> None:
    make, draw = MAKES[name]
    layer, structure = make().double(), draw(counts, 1)
    x = structure.x.clone().requires_grad_()
    weights = [weight.detach().clone().requires_grad_() for weight in layer.parameters()]
    names = [key for key, _ in layer.named_parameters()]

    def rows(x: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        given = structure.replace(x=x)
        return torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (given,)).x.square()

    many = sum(weight.numel() for weight in weights) > 200  # then along a random direction
    assert torch.autograd.gradgradcheck(rows, (x, *weights), atol=1e-6, fast_mode=many)


def test_forces_have_derivatives() -> None:
    """The gradient of an energy with respect to positions, and its gradient; neighbours stay who they are."""
    layer, clouds = gn.nn.KPConv(4, 2, 1.0, 4).double(), every_layer.cloud([3, 2], 1)
    edges = gn.connect(clouds, gn.Radius(2.5, loop=True)).topology
    near = gn.nn.KPConv(4, 2, 1.0, 4, neighborhood=gn.Links()).double()
    near.load_state_dict(layer.state_dict())
    fixed = gn.Structure(edges, clouds.nodes)
    torch.testing.assert_close(near(fixed).x, layer(clouds).x)
    pos = clouds.pos.clone().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda pos: near(fixed.replace(pos=pos)).x.square(), (pos,), atol=1e-6)


@pytest.mark.parametrize("counts", [[3, 3], [3, 0, 2]], ids=["uniform", "ragged"])
@pytest.mark.parametrize("name", MAKES)
def test_half_precision_runs(name: str, counts: list[int]) -> None:
    make, draw = MAKES[name]
    layer, structure = make(), draw(counts, 1).to(torch.float32)
    expected = layer(structure).x
    half = layer.to(torch.bfloat16)(structure.to(torch.bfloat16)).x
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), expected, atol=0.1, rtol=0.1)
    layer.float()
    with torch.autocast("cpu", torch.bfloat16):
        mixed = layer(structure).x
    torch.testing.assert_close(mixed.float(), expected, atol=0.1, rtol=0.1)
    mixed.float().sum().backward()
