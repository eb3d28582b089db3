"""MNIST: handwritten digits after a single epoch."""

from __future__ import annotations

from pathlib import Path

from table import Row
from torch import nn
from trial import learned, measured, score

import geonets as gn

SCORE, SEEDS = "accuracy", 3


def rows(folder: Path, seeds: range) -> list[Row]:
    """Three convolutions, and the twin whose kernels see one pixel, on the published split."""
    train, test = (images(folder / "images" / "mnist", part) for part in ("train", "t10k"))

    def tested(kernel: int, seed: int) -> float:
        model = learned(lambda: network(kernel), train, seed, epochs=1, lr=4e-3, batch_size=64)
        return score(model, test)

    note = "LeNet-5, trained to the end: 0.991 (LeCun et al. 1998)"
    return [
        measured("Conv2d, one epoch", lambda seed: tested(5, seed), seeds, (">=", 0.98), note),
        measured("1 x 1 kernels", lambda seed: tested(1, seed), seeds),
    ]


def images(folder: Path, part: str) -> gn.Structure:
    """The images of a part, grey values from 0 to 1, with the digit as `y`."""
    pixels = gn.read(folder / f"{part}-images-idx3-ubyte.gz", labels=folder / f"{part}-labels-idx1-ubyte.gz")
    return pixels.replace(x=pixels.x.float() / 255, y=pixels.y.long())


def network(kernel: int) -> nn.Module:
    """Convolutions with pooling between them, and the largest of what they find."""
    layers: list[nn.Module] = []
    for width, wider in ((1, 16), (16, 32)):
        layers += [gn.nn.Conv2d(width, wider, kernel, padding=kernel // 2), gn.nn.ReLU(), gn.nn.MaxPool2d(2)]
    layers += [gn.nn.Conv2d(32, 64, kernel, padding=kernel // 2), gn.nn.ReLU()]
    return gn.nn.Sequential(*layers, gn.nn.Readout("max"), gn.nn.Linear(64, 10))
