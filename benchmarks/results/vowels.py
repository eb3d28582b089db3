"""JapaneseVowels: which of nine men says "ae", from 12 channels over 7 to 29 steps."""

from __future__ import annotations

from pathlib import Path

from table import Row
from torch import nn
from trial import Build, learned, measured, score

import geonets as gn

SCORE, SEEDS = "accuracy", 5


def rows(folder: Path, seeds: range) -> list[Row]:
    """An LSTM, a convolution, and the twin that sees a set of steps without order, on the published split."""
    train, test = (gn.read(folder / "sequences" / "uea" / f"JapaneseVowels_{part}.ts") for part in ("TRAIN", "TEST"))
    mean, deviation = train.x.mean(0), train.x.std(0)
    train, test = (part.replace(x=(part.x - mean) / deviation) for part in (train, test))

    def tested(build: Build, seed: int) -> float:
        return score(learned(build, train, seed, epochs=40), test)

    note = "DTW 0.949"
    return [
        measured("LSTM, both directions", lambda seed: tested(recurrent, seed), seeds, (">=", 0.95), note),
        measured("Conv1d", lambda seed: tested(lambda: convolution(5), seed), seeds, (">=", 0.95), note),
        measured("no order", lambda seed: tested(lambda: convolution(1), seed), seeds),
    ]


def recurrent() -> nn.Module:
    """The mean state of an LSTM in both directions."""
    lstm = gn.nn.LSTM(12, 64, bidirectional=True)
    return gn.nn.Sequential(lstm, gn.nn.Dropout(0.3), gn.nn.Readout("mean"), gn.nn.Linear(128, 9))


def convolution(kernel: int) -> nn.Module:
    """Two convolutions; with kernels of one step, the same on each step alone."""
    layers: list[nn.Module] = []
    for width in (12, 64):
        layers += [gn.nn.Conv1d(width, 64, kernel, padding="same"), gn.nn.BatchNorm(64), gn.nn.ReLU()]
    return gn.nn.Sequential(*layers, gn.nn.Dropout(0.3), gn.nn.Readout("mean"), gn.nn.Linear(64, 9))
