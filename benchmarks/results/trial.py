"""What all results share: a network trained on a Structure's items with one call, and scored on others."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from table import Row
from torch import Tensor, nn
from torch.nn import functional

import geonets as gn
from geonets.training import accuracy, fit, predict

Build = Callable[[], nn.Module]
Loss = Callable[[Tensor, Tensor], Tensor]


def learned(
    build: Build,
    train: gn.Structure,
    seed: int,
    *,
    epochs: int,
    lr: float = 5e-3,
    batch_size: int = 32,
    decay: float = 1e-2,
    loss: Loss = functional.cross_entropy,
) -> nn.Module:
    """A network, trained with a one-cycle rate: a classifier, unless its rows are given another loss."""
    torch.manual_seed(seed)
    model = build()
    fit(
        model,
        train,
        loss,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        seed=seed,
        weight_decay=decay,
        schedule="one_cycle",
        progress=f"seed {seed}",
    )
    return model


def score(model: nn.Module, test: gn.Structure) -> float:
    """The part of the items that a classifier gets right."""
    return accuracy(predict(model, test), test.y)


def measured(
    model: str,
    once: Callable[[int], float | list[float]],
    seeds: Sequence[int],
    asked: tuple[str, float] | None = None,
    published: str = "",
) -> Row:
    """The row of a score that is taken once a seed, or once a fold."""
    start = time.process_time()
    taken = [once(seed) for seed in seeds]
    scores = [score for one in taken for score in (one if isinstance(one, list) else [one])]
    return Row(model, scores, asked, published, (time.process_time() - start) / len(taken))


def shuffled(count: int, seed: int) -> Tensor:
    """The numbers below `count` in a random order."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))
