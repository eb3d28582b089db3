"""Law 2: every option of torch's convolutions and poolings, on one size and on many, gives torch's values and gradients."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from drawing import assert_same, weighting, with_grads
from torch import nn

import geonets as gn

CONVS = ["Conv1d", "Conv2d", "Conv3d"]
TRANSPOSED = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]
POOLS = ["MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d"]
MODES = ["zeros", "reflect", "replicate", "circular"]
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> int:
    """Random configurations of each layer; fewer where the reference takes its time."""
    return 20 if request.config.getoption("--plan") == "reference" else 200


def draws(name: str, runs: int) -> Iterator[tuple[random.Random, int]]:
    """As many random sources as there are runs, and the axes of the layer."""
    for seed in range(runs):
        torch.default_generator.manual_seed(seed)
        yield random.Random(f"{name} {seed}"), int(name[-2])


def convolution(draw: random.Random, axes: int) -> dict[str, Any]:
    def each(low: int, high: int) -> Any:
        return tuple(draw.randint(low, high) for _ in range(axes))

    padding = draw.choice(["same", "valid", draw.randint(0, 2), each(0, 2)])
    return {
        "kernel_size": draw.choice([draw.randint(1, 4), each(1, 3)]),
        "stride": 1 if padding == "same" else draw.choice([draw.randint(1, 3), each(1, 3)]),
        "padding": padding,
        "dilation": draw.choice([1, each(1, 2)]),
        "groups": draw.choice([1, 2, 4]),
        "bias": draw.random() < 0.7,
        "padding_mode": draw.choice(MODES),
    }


def transposed(draw: random.Random, axes: int) -> dict[str, Any]:
    def each(low: int, high: int) -> Any:
        return tuple(draw.randint(low, high) for _ in range(axes))

    stride, dilation = each(1, 3), each(1, 3)
    return {
        "kernel_size": draw.choice([draw.randint(1, 4), each(1, 3)]),
        "stride": stride,
        "padding": each(0, 1),
        "output_padding": tuple(draw.randrange(max(pair)) for pair in zip(stride, dilation, strict=True)),
        "groups": draw.choice([1, 2, 4]),
        "bias": draw.random() < 0.7,
        "dilation": dilation,
    }


def pooling(draw: random.Random, name: str) -> dict[str, Any]:
    kernel = draw.randint(1, 3)
    options: dict[str, Any] = {
        "kernel_size": kernel,
        "stride": draw.choice([None, 1, 2, 3]),
        "padding": draw.randint(0, kernel // 2),
        "ceil_mode": draw.random() < 0.5,
    }
    if name.startswith("Max"):
        return {**options, "dilation": 1 if options["padding"] else draw.randint(1, 2)}
    return {**options, "count_include_pad": draw.random() < 0.5}


def pair(name: str, options: dict[str, Any], channels: tuple[int, ...] = ()) -> tuple[Any, Any]:
    """Our layer and torch's, with the same weights."""
    ours, theirs = getattr(gn.nn, name)(*channels, **options), getattr(nn, name)(*channels, **options)
    theirs.load_state_dict(ours.state_dict())
    return ours.double(), theirs.double()


def native(module: Any, items: list[torch.Tensor], *extra: Any) -> list[torch.Tensor]:
    """Torch's module, one channels-last item after another: rows, gradient of the rows, gradients of the weights."""
    leaves = [item.clone().requires_grad_() for item in items]
    results = [module(leaf.movedim(-1, 0)[None], *extra)[0].movedim(0, -1) for leaf in leaves]
    flat = torch.cat([result.reshape(-1, result.shape[-1]) for result in results])
    grads = torch.autograd.grad((flat * weighting(flat)).sum(), [*leaves, *module.parameters()])
    rows = torch.cat([grad.reshape(-1, grad.shape[-1]) for grad in grads[: len(items)]])
    return [flat.detach(), rows, *grads[len(items) :]]


def images(draw: random.Random, axes: int, low: int, high: int, ragged: bool) -> list[torch.Tensor]:
    sizes = [tuple(draw.randint(low, high) for _ in range(axes)) for _ in range(3)]
    return [torch.randn(*(size if ragged else sizes[0]), 4, dtype=torch.float64) for size in sizes[:2]]


def check(name: str, options: dict[str, Any], channels: tuple[int, ...], items: list[torch.Tensor]) -> None:
    layer, module = pair(name, options, channels)
    assert_same(with_grads(layer, gn.grid(items)), native(module, items))


@pytest.mark.parametrize("ragged", [False, True], ids=["uniform", "ragged"])
@pytest.mark.parametrize("name", CONVS)
def test_a_convolution_with_any_options(name: str, ragged: bool, runs: int) -> None:
    for draw, axes in draws(name, runs):
        options = convolution(draw, axes)
        check(name, options, (4, draw.choice([4, 8])), images(draw, axes, 7, 9 if axes < 3 else 8, ragged))


@pytest.mark.parametrize("ragged", [False, True], ids=["uniform", "ragged"])
@pytest.mark.parametrize("name", TRANSPOSED)
def test_a_transposed_convolution_with_any_options(name: str, ragged: bool, runs: int) -> None:
    for draw, axes in draws(name, runs):
        options = transposed(draw, axes)
        check(name, options, (4, draw.choice([4, 8])), images(draw, axes, 3, 5 if axes < 3 else 4, ragged))


@pytest.mark.parametrize("ragged", [False, True], ids=["uniform", "ragged"])
@pytest.mark.parametrize("name", POOLS)
def test_a_pooling_with_any_options(name: str, ragged: bool, runs: int) -> None:
    for draw, axes in draws(name, runs):
        options = pooling(draw, name)
        layer, module = pair(name, options)
        items = images(draw, axes, 5, 7, ragged)
        assert_same(with_grads(layer, gn.grid(items)), native(module, items))


@pytest.mark.parametrize("name", TRANSPOSED)
def test_a_stated_output_size(name: str, runs: int) -> None:
    for draw, axes in draws(name, runs):
        options = {**transposed(draw, axes), "dilation": 1, "output_padding": 0}
        layer, module = pair(name, options, (4, 4))
        (item, _) = images(draw, axes, 3, 4, ragged=False)
        least = module(item.movedim(-1, 0)[None]).shape[2:]
        size = [n + draw.randrange(step) for n, step in zip(least, module.stride, strict=True)]
        ours = with_grads(layer, gn.grid(item[None]), lambda made, given, size=size: [made(given, output_size=size)])
        assert_same(ours, native(module, [item], size))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_causal_convolution_is_torchs_on_an_input_padded_before(axes: int, mode: str) -> None:
    options: dict[str, Any] = {
        "kernel_size": (3, 3, 2)[:axes],
        "dilation": (2, 1, 1)[:axes],
        "stride": (2, 1, 1)[:axes],
    }
    layer = getattr(gn.nn, f"Conv{axes}d")(4, 3, padding="causal", padding_mode=mode, **options).double()
    module = getattr(nn, f"Conv{axes}d")(4, 3, **options).double()
    module.load_state_dict(layer.state_dict())
    ends = [(4, 0), (1, 1), (0, 1)][:axes]  # before and after each axis
    flat = [end for pair in reversed(ends) for end in pair]

    def padded(image: torch.Tensor) -> torch.Tensor:
        return module(nn.functional.pad(image, flat, "constant" if mode == "zeros" else mode))

    padded.parameters = module.parameters  # pyright: ignore[reportFunctionMemberAccess]
    items = images(random.Random(axes), axes, 5, 7, ragged=True)
    assert_same(with_grads(layer, gn.grid(items)), native(padded, items))
