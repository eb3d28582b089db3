"""Measuring ours against a peer: agreement first, then interleaved rounds on one thread, by CPU time."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

Step = Callable[[], Sequence[Tensor]]


@dataclasses.dataclass(frozen=True)
class Case:
    """A peer and ours on the same numbers.

    Args:
        name: what is measured.
        peer: who it is measured against.
        ours: one step of ours; returns what must agree, outputs and gradients.
        theirs: one step of the peer's, likewise in the same order.
        asked: the least acceptable ratio, peer's time over ours.
        tolerance: of the agreement, relative to the largest entry.
        check: pairs that must agree, where the steps do not return them.
    """

    name: str
    peer: str
    ours: Step
    theirs: Step
    asked: float
    tolerance: float = 1e-4
    check: Callable[[], Iterable[tuple[Tensor, Tensor]]] | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The times of all rounds, in milliseconds."""

    case: Case
    ours: list[float]
    theirs: list[float]

    @property
    def ratio(self) -> float:
        """The peer's median over ours: above 1 we are faster."""
        return statistics.median(self.theirs) / statistics.median(self.ours)

    def row(self) -> list[str]:
        """Cells of a table."""
        mine, other = (statistics.quantiles(times, n=4) for times in (self.ours, self.theirs))
        verdict = "yes" if self.ratio >= self.case.asked else "**no**"
        return [
            self.case.name,
            self.case.peer,
            f"{mine[1]:.2f} ({mine[0]:.2f}-{mine[2]:.2f})",
            f"{other[1]:.2f} ({other[0]:.2f}-{other[2]:.2f})",
            f"{self.ratio:.2f}",
            f"{self.case.asked:.2f}",
            verdict,
        ]


def compare(case: Case, rounds: int) -> Outcome:
    """Check that both agree, warm both up, then time them turn by turn."""
    pairs = zip(case.ours(), case.theirs(), strict=True) if case.check is None else case.check()
    for place, (mine, other) in enumerate(pairs):
        scale = other.abs().max().double().clamp(min=1e-12)
        error = float(((mine - other).abs().max() / scale).detach())
        if not error <= case.tolerance:
            raise ArithmeticError(f"{case.name}: result {place} differs from {case.peer} by {error:.2e} of its size")
    times: tuple[list[float], list[float]] = [], []
    for turn in range(rounds + 3):
        for kept, step in zip(times, (case.ours, case.theirs), strict=True):
            start = time.process_time()
            step()
            if turn >= 3:
                kept.append(1e3 * (time.process_time() - start))
    return Outcome(case, *times)


def table(outcomes: Sequence[Outcome]) -> str:
    """A Markdown table."""
    head = ["case", "peer", "ours, ms (quartiles)", "peer, ms (quartiles)", "ratio", "asked", "met"]
    lines = [head, ["---"] * len(head), *(outcome.row() for outcome in outcomes)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def one_thread() -> None:
    """Everything on one thread, numbers the same on every run."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
