"""Learning-rate schedules by name, stepped once a batch."""

from __future__ import annotations

from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler, OneCycleLR

from geonets.core.errors import OptionError

Schedule = Callable[[Optimizer, float, int], LRScheduler]
"""Made of the optimizer, its learning rate and the number of batches that training will take."""

SCHEDULES: dict[str | None, Schedule] = {
    None: lambda optimizer, lr, steps: LambdaLR(optimizer, lambda step: 1.0),
    "cosine": lambda optimizer, lr, steps: CosineAnnealingLR(optimizer, steps),
    "one_cycle": lambda optimizer, lr, steps: OneCycleLR(optimizer, lr, total_steps=steps),
}
"""Constant; half a cosine down to 0 (Loshchilov & Hutter 2017); up and down again (Smith & Topin 2018)."""


def schedule_named(name: str | None, optimizer: Optimizer, lr: float, steps: int) -> LRScheduler:
    """The schedule over `steps` batches.

    Raises:
        OptionError: if there is none of this name.
    """
    if name not in SCHEDULES:
        known = ", ".join(repr(known) for known in SCHEDULES)
        raise OptionError(f"`schedule` must be one of {known}; got {name!r}. Choose one of them.")
    return SCHEDULES[name](optimizer, lr, steps)
