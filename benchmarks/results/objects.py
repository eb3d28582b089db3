"""DALES objects: buildings, cars, fences, poles and trees, as an aeroplane's laser saw them."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from table import Row
from torch import Tensor, nn
from torch.nn import functional
from trial import measured

import geonets as gn
from geonets.training import predict

SCORE, SEEDS = "accuracy, 3 folds", 3
POINTS, EPOCHS, BATCH, LR, LOOKS = 256, 60, 32, 3e-3, 8
METRES = 5.0
KINDS = ("building", "car", "fence", "pole", "tree")


def rows(folder: Path, seeds: range) -> list[Row]:
    """A PointNet on drawn points, and the twin that sees each cloud's mean only."""
    clouds, kinds = [], []
    for number, kind in enumerate(KINDS):
        for file in sorted((folder / "points" / "dales_objects" / kind).iterdir()):
            pos = gn.read(file, format="points").pos
            clouds.append((pos - pos.double().mean(0)).float())
            kinds.append(number)
    y = torch.tensor(kinds)
    note = "0.952 (random forest on features made by hand)"
    return [
        measured("PointNet", lambda seed: tested(clouds, y, "max", seed), seeds, (">=", 0.955), note),
        measured("mean of the points", lambda seed: tested(clouds, y, "before", seed), seeds),
    ]


def tested(clouds: list[Tensor], y: Tensor, readout: str, seed: int) -> float:
    """The part of all objects that are recognised by the network that did not learn from them."""
    from sklearn.model_selection import StratifiedKFold

    right = 0
    for fold, (train, test) in enumerate(StratifiedKFold(3, shuffle=True, random_state=seed).split(y, y)):
        generator = torch.Generator().manual_seed(10 * seed + fold)
        torch.manual_seed(10 * seed + fold)
        known, unknown = ([int(number) for number in part] for part in (train, test))
        model = learned(clouds, y, known, readout, generator)
        looks = [predict(model, drawn(clouds, y, unknown, generator)).softmax(1) for _ in range(LOOKS)]
        right += int((torch.stack(looks).mean(0).argmax(1) == y[unknown]).sum())
    return right / len(y)


def learned(clouds: list[Tensor], y: Tensor, known: list[int], readout: str, generator: torch.Generator) -> nn.Module:
    """A network that saw other points of every object in each epoch, turned about the vertical axis."""
    model = network(readout)
    optimizer = torch.optim.AdamW(model.parameters(), LR)
    batches = len(known) // BATCH
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, EPOCHS * batches)
    for epoch in range(EPOCHS):
        model.train()
        seen = drawn(clouds, y, known, generator)
        for batch in seen.batches(BATCH, shuffle=True, seed=epoch, drop_last=True):
            optimizer.zero_grad()
            functional.cross_entropy(model(batch).x, batch.y, label_smoothing=0.1).backward()
            optimizer.step()
            rate.step()
    return model


def drawn(clouds: list[Tensor], y: Tensor, numbers: list[int], generator: torch.Generator) -> gn.Structure:
    """Some points of each cloud in metres and in logarithms of metres, turned, mirrored, scaled and shaken."""
    seen = []
    for number in numbers:
        cloud = clouds[number]
        rows = torch.randperm(len(cloud), generator=generator)
        rows = rows[torch.arange(POINTS) % len(cloud)]
        seen.append(cloud[rows])
    pos = torch.stack(seen)  # (B, P, 3)
    turn, mirror, scale = torch.rand(3, len(numbers), generator=generator)
    cosine, sine = (2 * math.pi * turn).cos(), (2 * math.pi * turn).sin()
    side = torch.where(mirror < 0.5, -1.0, 1.0)
    across, along = pos[..., 0] * side[:, None], pos[..., 1]
    x, y_ = cosine[:, None] * across - sine[:, None] * along, sine[:, None] * across + cosine[:, None] * along
    pos = torch.stack([x, y_, pos[..., 2]], -1) * (0.9 + 0.2 * scale)[:, None, None]
    pos = pos + 0.02 * torch.randn(pos.shape, generator=generator)
    return gn.points(None, x=torch.cat([pos / METRES, pos.sign() * pos.abs().log1p()], -1), y=y[numbers])


def network(readout: str) -> nn.Module:
    """A shared MLP, then the maximum over the points; the twin takes their mean before it looks at any."""
    shared: list[nn.Module] = []
    for width, wider in ((6, 64), (64, 128), (128, 256)):
        shared += [gn.nn.Linear(width, wider), gn.nn.BatchNorm(wider), gn.nn.ReLU()]
    pooled = [*shared, gn.nn.Readout("max")] if readout == "max" else [gn.nn.Readout("mean"), *shared]
    head = [
        gn.nn.Linear(256, 128),
        gn.nn.BatchNorm(128),
        gn.nn.ReLU(),
        gn.nn.Dropout(0.4),
        gn.nn.Linear(128, len(KINDS)),
    ]
    return gn.nn.Sequential(*pooled, *head)
