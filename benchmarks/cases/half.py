"""Ours under bfloat16 autocast against ours in single precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from harness import Case
from torch import Tensor

from cases import clouds, uniform


def half(build: Callable[[], Case], asked: float) -> Case:
    """The same step twice; results agree within what bfloat16 can hold, which the table states."""
    case = build()

    def step() -> list[Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            return list(case.ours())

    def check() -> Iterator[tuple[Tensor, Tensor]]:
        if torch.get_default_dtype() == torch.float32:  # autocast leaves double precision alone
            yield step()[0].float(), case.ours()[0]

    return Case(f"{case.name}, bfloat16", asked, step, {"ours in single precision": case.ours}, 3e-2, check=check)


CASES: dict[str, Callable[[], Case]] = {
    "conv2d_half": lambda: half(uniform.CASES["conv2d"], 3),
    "lstm_half": lambda: half(uniform.CASES["lstm"], 2),
    "trunk_half": lambda: half(clouds.CASES["trunk"], 1.4),
}
