"""Rain tomorrow: what yesterday tells that today does not."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import geonets.nn as layers
from geonets import models
from geonets.core.neighborhoods import Hub
from geonets.core.structure import Structure
from geonets.data.catalog.rain import day_number, stations
from geonets.data.constructors import chain
from geonets.tour.trials import Bound, Budget, Contest, Part, Task
from geonets.training import auc, log_loss

REAL = """
Temperature, humidity and pressure at 3 pm at 49 Australian weather stations (Bureau of Meteorology, 2007-2017): does it
rain tomorrow? The MLP sees today, the LSTM today and the 13 days before; missing days are marked as missing. Both learn
from the days before 2015 and are tested on all later ones. If the weather of today were all there is to know (a Markov
state), the LSTM could not win.
"""
PROCESS = """
The Australian record was not found (`GEONETS_DATA` does not lead to it), so the weather is a stated process: it rains
tomorrow if it rained on exactly one of today and yesterday, and with probability 0.1 it is the other way round. Whoever
sees today only cannot beat 1 bit a day; whoever remembers yesterday can reach 0.469 bit, the entropy of that one
exception, and no one can do better. The MLP sees today, the LSTM the last 14 days: 4,000 stretches to train and
2,000 to test.
"""
RECORD = Path("sequences", "weather", "weatherAUS.csv.gz")
COLUMNS = ("Temp3pm", "Humidity3pm", "Pressure3pm")
DAYS = 14
SPLIT = day_number("2015-01-01")
FLIP = 0.1
BUDGET = Budget(4, 512, 1e-2)


class LastState(layers.Layer):
    """The state of an LSTM after the last node of each item."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.lstm = layers.LSTM(input_size, hidden_size)

    def forward(self, structure: Structure) -> Structure:
        _, (last, _) = self.lstm(structure, return_state=True)
        return structure.on(Hub().target(structure.topology), {"x": last[-1]})


def visit(seed: int = 0, quick: bool = False) -> Part:
    """The real record where it is, else the process."""
    folder = os.environ.get("GEONETS_DATA")
    record = Path(folder) / RECORD if folder else None
    if record is not None and record.exists():
        return _from_record(record, seed, quick)
    return _from_process(seed, quick)


def read_record(path: Path) -> tuple[Structure, Tensor]:
    """Windows of 14 days that end today, and the number of today: `x` holds the three quantities and "missing".

    Raises:
        ReadError: if a column is missing.
    """
    parts = [_windows(station) for station in stations(path, COLUMNS)]
    windows, target, today = (np.concatenate(column) for column in zip(*parts, strict=True))
    past = windows[today < SPLIT]
    scaled = (windows - np.nanmean(past, (0, 1))) / np.nanstd(past, (0, 1))
    missing = np.isnan(scaled).any(2, keepdims=True)
    x = np.concatenate([np.where(missing, 0, scaled), missing], 2)
    return chain(torch.tensor(x, dtype=torch.float32), y=torch.tensor(target, dtype=torch.float32)), torch.tensor(today)


def process(count: int, seed: int) -> Structure:
    """Stretches of 14 days of `x_{t+1} = x_t xor x_{t-1}`, flipped now and then, and the day after as `y`."""
    generator = torch.Generator().manual_seed(seed)
    days = [torch.randint(0, 2, (count,), generator=generator) for _ in range(2)]
    for _ in range(DAYS - 1):
        flipped = (torch.rand(count, generator=generator) < FLIP).long()
        days.append(days[-1] ^ days[-2] ^ flipped)
    x = torch.stack(days[:DAYS], 1).float()[..., None]
    return chain(x, y=days[DAYS].float())


def bits(rows: Tensor, target: Tensor) -> float:
    """Mean negative log-likelihood in bits."""
    return log_loss(rows, target) / math.log(2)


def today_only(structure: Structure, channels: int) -> Structure:
    """The last node of each chain, as chains of one node."""
    last = structure.topology.node_offsets[1:] - 1
    return chain(structure.x[last, None, :channels], y=structure.y)


def today_model(channels: int) -> nn.Module:
    """No memory."""
    return models.MLP(channels, [64], 1)


def memory_model(channels: int) -> nn.Module:
    """A memory of 14 days."""
    return layers.Sequential(LastState(channels, 32), layers.Linear(32, 1))


def _from_record(record: Path, seed: int, quick: bool) -> Part:
    structure, today = read_record(record)
    train, test = (numbers.nonzero().squeeze(1) for numbers in (today < SPLIT, today >= SPLIT))
    train, test = (train[:512], test[:512]) if quick else (train, test)
    task = Task(_loss, auc, BUDGET, seed, quick)
    now = today_only(structure, len(COLUMNS))
    mlp = task.run("MLP on today", lambda: today_model(len(COLUMNS)), now[train], now[test], broken=True)
    lstm = task.run(
        "LSTM over 14 days",
        lambda: memory_model(len(COLUMNS) + 1),
        structure[train],
        structure[test],
        Bound(">=", 0.845),
    )
    target = now[test].y
    surprise = mlp.rescored(log_loss, target)
    less = lstm.rescored(log_loss, target, Bound("<", surprise.score))
    contests = (Contest("rain tomorrow", "AUC", lstm, (mlp,)), Contest("rain tomorrow", "log-loss", less, (surprise,)))
    return Part("Rain tomorrow: a chain of days", REAL, contests)


def _from_process(seed: int, quick: bool) -> Part:
    train, test = process(512 if quick else 4000, seed=1), process(512 if quick else 2000, seed=2)
    task = Task(_loss, bits, Budget(30, 64, 1e-2), seed, quick)
    today = (today_only(train, 1), today_only(test, 1))
    mlp = task.run("MLP on today", lambda: today_model(1), *today, Bound(">=", 0.98), broken=True)
    lstm = task.run("LSTM over 14 days", lambda: memory_model(1), train, test, Bound("<=", 0.52))
    return Part("Rain tomorrow: a chain of days", PROCESS, (Contest("rain tomorrow", "bits", lstm, (mlp,)),))


def _loss(rows: Tensor, target: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(rows[:, 0], target)


def _windows(station: Structure) -> tuple[Any, Any, Any]:
    """Windows that end on a day of full measures, whether it rains on the next, and the number of that day."""
    number, measured, rain = station.nodes["day"].numpy(), station.x.double().numpy(), station.y.numpy() == 1
    first = number[0] - DAYS + 1
    calendar = np.full((number[-1] - first + 1, len(COLUMNS)), np.nan)
    calendar[number - first] = measured
    windows = np.lib.stride_tricks.sliding_window_view(calendar, DAYS, axis=0).transpose(0, 2, 1)[number - number[0]]
    complete = ~np.isnan(measured).any(1)
    return windows[complete], rain[complete], number[complete]
