"""One data set, four structures: the same digits as a vector, a chain, a grid, a set and a graph."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import geonets.nn as layers
from geonets import models
from geonets.core.neighborhoods import Links
from geonets.core.structure import Structure
from geonets.data.constructors import chain, grid, points
from geonets.data.transforms import connect
from geonets.tour.breakage import without_edges, without_positions
from geonets.tour.trials import Bound, Budget, Contest, Part, Task
from geonets.training import accuracy

TEXT = """
Scikit-learn's 1,797 handwritten digits, 8 x 8 pixels (Alpaydin & Kaynak 1998). One trainer for all, and one stratified
split: 1,437 to train, 360 to test. Only the structure differs, and with it who may speak to whom. Each twin has the
same budget, and one thing is broken: the rows do not remember those before, the points have lost their places, the
pixels hear no neighbour. The last is broken twice: *no rounds* leaves the rounds out, *rounds without edges* keeps
their layers and takes the edges away, which shows how much of the gain is depth alone.
"""
SIDE = 8
INK = 16
"""The largest value of a pixel."""


def images() -> tuple[Tensor, Tensor]:
    """`(B, 8, 8)` pixels between 0 and 1, and the `(B,)` digits."""
    from sklearn.datasets import load_digits

    digits: Any = load_digits()
    return torch.tensor(digits.images, dtype=torch.float32) / INK, torch.tensor(digits.target)


def split(target: Tensor, quick: bool = False) -> tuple[Tensor, Tensor]:
    """Item numbers to train and to test on: always the same, a fifth of each class to test."""
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(range(len(target)), test_size=0.2, stratify=target, random_state=0)
    kept = 128 if quick else len(target)
    return torch.tensor(train[:kept]), torch.tensor(test[:kept])


def as_chain(pixels: Tensor, target: Tensor) -> Structure:
    """Eight rows, one after another."""
    return chain(pixels, y=target)


def as_grid(pixels: Tensor, target: Tensor) -> Structure:
    """Pixels beside pixels."""
    return grid(pixels[..., None], y=target)


def as_set(pixels: Tensor, target: Tensor) -> Structure:
    """The inked pixels: where they are, and how dark."""
    places = [(image > 0).nonzero() for image in pixels]
    ink = [image[place[:, 0], place[:, 1], None] for image, place in zip(pixels, places, strict=True)]
    return points([centred(place) for place in places], x=ink, y=target)


def as_graph(pixels: Tensor, target: Tensor) -> Structure:
    """Every pixel linked with those beside it; a node knows its ink and its place."""
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    place = centred(torch.stack([rows, columns], -1)).expand(len(pixels), -1, -1, -1)
    return connect(grid(torch.cat([pixels[..., None], place], -1), y=target), Links())


def centred(place: Tensor) -> Tensor:
    """Pixel numbers as coordinates between -1 and 1."""
    return place.float() / (SIDE - 1) * 2 - 1


class RowsAlone(layers.Layer):
    """The step of an LSTM on every node by itself: nothing is remembered from the nodes before."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.cell = layers.LSTMCell(input_size, hidden_size)

    def forward(self, structure: Structure) -> Structure:
        return structure.replace(x=self.cell(structure).x)


def vector_model() -> nn.Module:
    """Every pixel has weights of its own."""
    return models.MLP(SIDE * SIDE, [128], 10)


def chain_model(remembers: bool = True) -> nn.Module:
    """An LSTM in both directions, or as many steps of one that forget."""
    rows = layers.LSTM(SIDE, 64, bidirectional=True) if remembers else RowsAlone(SIDE, 128)
    return layers.Sequential(layers.Dropout(0.1), rows, layers.Readout("mean"), layers.Linear(128, 10))


def grid_model() -> nn.Module:
    """Two convolutions, a pooling, and a linear layer on what is left of the grid."""
    return layers.Sequential(
        layers.Conv2d(1, 16, 3, padding=1),
        layers.BatchNorm(16),
        layers.ReLU(),
        layers.Conv2d(16, 32, 3, padding=1),
        layers.BatchNorm(32),
        layers.ReLU(),
        layers.MaxPool2d(2),
        models.MLP(32 * (SIDE // 2) ** 2, [], 10),
    )


def set_model() -> nn.Module:
    """PointNet, in the plane; digits stand upright already."""
    return models.PointNet(10, in_channels=1, dim=2, widths=(32, 64, 128), hidden=(64,), input_transform=False)


def graph_model(rounds: int = 3, width: int = 32) -> nn.Module:
    """An MLP on every pixel, rounds of GIN, and the mean over all pixels."""

    def inner(channels: int) -> nn.Module:
        return layers.MLP([channels, width, width], norm="batch", activate_last=True)

    convs = [layers.GINConv(inner(width)) for _ in range(rounds)]
    return layers.Sequential(inner(3), *convs, layers.Readout("mean"), layers.Linear(width, 10))


def visit(seed: int = 0, quick: bool = False) -> Part:
    """Train all five, and the twins of three."""
    pixels, target = images()
    train, test = split(target, quick)
    kinds = {"chain": as_chain, "grid": as_grid, "set": as_set, "graph": as_graph}
    given = {kind: build(pixels, target) for kind, build in kinds.items()}
    given |= {"nowhere": without_positions(given["set"]), "alone": without_edges(given["graph"])}

    def run(name: str, model: Any, kind: str, budget: Budget, asked: Bound | None, broken: bool = False) -> Any:
        task = Task(functional.cross_entropy, accuracy, budget, seed, quick)
        return task.run(name, model, given[kind][train], given[kind][test], asked, broken)

    rows, clouds, pixel_graph = Budget(40, 32, 5e-3), Budget(30, 64, 5e-3), Budget(20, 32, 1e-2)
    contests = (
        Contest("digits as a vector", "accuracy", run("MLP", vector_model, "grid", Budget(30, 64, 3e-3), None)),
        Contest(
            "digits as a chain of rows",
            "accuracy",
            run("LSTM", chain_model, "chain", rows, Bound(">=", 0.95)),
            (run("bag of rows", lambda: chain_model(False), "chain", rows, Bound("<=", 0.85), True),),
        ),
        Contest(
            "digits as a grid",
            "accuracy",
            run("Conv2d", grid_model, "grid", Budget(20, 64, 5e-3), Bound(">=", 0.97)),
        ),
        Contest(
            "digits as a set of points",
            "accuracy",
            run("PointNet", set_model, "set", clouds, Bound(">=", 0.94)),
            (run("without positions", set_model, "nowhere", clouds, Bound("<=", 0.2), True),),
        ),
        Contest(
            "digits as a graph of pixels",
            "accuracy",
            run("GIN", graph_model, "graph", pixel_graph, Bound(">=", 0.95)),
            (
                run("no rounds", lambda: graph_model(0), "graph", pixel_graph, Bound("<=", 0.91), True),
                run("rounds without edges", graph_model, "alone", pixel_graph, None, True),
            ),
        ),
    )
    return Part("One data set, four structures", TEXT, contests)
