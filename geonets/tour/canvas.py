"""Digits that may stand anywhere: only weights that are shared between places find them again."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import geonets.nn as layers
from geonets import models
from geonets.core.structure import Structure
from geonets.data.constructors import grid
from geonets.tour.breakage import shuffled_places
from geonets.tour.digits import SIDE, images, split
from geonets.tour.trials import Bound, Budget, Contest, Part, Task
from geonets.training import accuracy

TEXT = """
The same digits and the same split, each put four times on a canvas of 14 x 14 at a random place. A convolution followed
by a readout does not mind. It does when the canvas is shuffled (by one permutation, the same for all, so no pixel is
lost) or when its kernel covers a single pixel; and an MLP of about as many parameters must learn every place anew.
"""
CANVAS = 14
COPIES = 4
KERNEL = 3
BUDGET = Budget(10, 64, 1e-2)


def shifted(pixels: Tensor, target: Tensor, seed: int) -> Structure:
    """Every digit on `COPIES` canvases, at places drawn with `seed`."""
    pixels, target = pixels.repeat(COPIES, 1, 1), target.repeat(COPIES)
    corners = torch.randint(0, CANVAS - SIDE + 1, (len(pixels), 2), generator=torch.Generator().manual_seed(seed))
    canvas = torch.zeros(len(pixels), CANVAS, CANVAS, 1)
    for image, (top, left), empty in zip(pixels, corners.tolist(), canvas, strict=True):
        empty[top : top + SIDE, left : left + SIDE, 0] = image
    return grid(canvas, y=target)


def grid_model(kernel: int = KERNEL, widths: tuple[int, int, int] = (16, 32, 32)) -> nn.Module:
    """Three convolutions, a pooling between them, and the maximum over all places."""
    first, second, third = widths

    def conv(before: int, after: int) -> list[nn.Module]:
        return [layers.Conv2d(before, after, kernel, padding="same"), layers.BatchNorm(after), layers.ReLU()]

    return layers.Sequential(
        *conv(1, first),
        *conv(first, second),
        layers.MaxPool2d(2),
        *conv(second, third),
        layers.Readout("max"),
        layers.Linear(third, 10),
    )


def vector_model() -> nn.Module:
    """Every place of the canvas has weights of its own."""
    return models.MLP(CANVAS * CANVAS, [80], 10)


def visit(seed: int = 0, quick: bool = False) -> Part:
    """Train the grid and its three twins."""
    pixels, target = images()
    rows_train, rows_test = split(target, quick)
    train = shifted(pixels[rows_train], target[rows_train], seed=1)
    test = shifted(pixels[rows_test], target[rows_test], seed=2)

    def run(name: str, model: Any, asked: Bound, broken: bool = True, shuffle: bool = False) -> Any:
        task = Task(functional.cross_entropy, accuracy, BUDGET, seed, quick)
        both = [shuffled_places(items, seed=3) if shuffle else items for items in (train, test)]
        return task.run(name, model, both[0], both[1], asked, broken)

    twins = (
        run("shuffled canvas", grid_model, Bound("<=", 0.9), shuffle=True),
        run("1 x 1 kernel", lambda: grid_model(1), Bound("<=", 0.9)),
        run("MLP", vector_model, Bound("<=", 0.9)),
    )
    model = run("Conv2d", grid_model, Bound(">=", 0.97), broken=False)
    return Part("Anywhere on the canvas", TEXT, (Contest("shifted digits", "accuracy", model, twins),))
