"""Measuring ours against peers: agreement first, then interleaved rounds by CPU time, then the peak of memory."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import torch
from limits import Limits, Work
from memory import peak_of
from torch import Tensor

Step = Callable[[], Sequence[Tensor]]
WARM_UP, TRIALS = 1, 5
LONG = 500.0
"""Milliseconds of a step beside which what the other one has left in caches and memory does not count."""
FEWEST, MOST_SECONDS = 5, 45.0
"""Rounds of a case whose steps take seconds, and how long the peer's may take together."""

EXACT = 1e-8
"""The tolerance in double precision."""

VANISHING = 1e-3
"""Of the largest result: what is smaller, such as the gradient of a bias before a norm, may be but rounding."""


@dataclasses.dataclass(frozen=True)
class Case:
    """Peers and ours on the same numbers.

    Args:
        name: what is measured.
        asked: the least acceptable ratio, the best peer's time over ours; None where none is asked.
        ours: one step of ours; returns what must agree, outputs and gradients.
        peers: one step of each peer, or of each way to run it, by name; likewise in the same order.
        tolerance: of the agreement, relative to the largest entry of each result; in double precision it is `EXACT`.
        check: pairs that must agree, where the steps do not return them.
        work: what any way to compute it must at least do.
    """

    name: str
    asked: float | None
    ours: Step
    peers: Mapping[str, Step]
    tolerance: float = 1e-4
    check: Callable[[], Iterable[tuple[Tensor, Tensor]]] | None = None
    work: Work | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The times of all rounds of a case, in milliseconds, and the peaks of memory, in bytes."""

    name: str
    asked: float | None
    peer: str
    ours: list[float]
    theirs: list[float]
    our_peak: int
    their_peak: int
    share: float | None
    their_share: float | None

    @property
    def ratio(self) -> float:
        """The peer's median over ours: above 1 we are faster."""
        return statistics.median(self.theirs) / statistics.median(self.ours)

    @property
    def is_met(self) -> bool:
        """Whether the ratio is as asked."""
        return self.asked is None or self.ratio >= self.asked


def compare(
    build: Callable[[], Case], rounds: int, limits: Limits, clock: Callable[[], float] = time.process_time
) -> Outcome:
    """Check that all agree, find the quickest way to run the peer, then time both turn by turn.

    Args:
        build: makes the case, its numbers and weights in torch's default type.
        rounds: in which both take turns; fewer where they would take minutes.
        limits: of the machine.
        clock: of seconds.
    """
    with _default(torch.float64):
        agree(build(), EXACT)
    case = build()
    agree(case, case.tolerance, 1)
    tried = {name: statistics.median(timed((step,), TRIALS, clock)[0]) for name, step in case.peers.items()}
    peer = min(tried, key=lambda name: tried[name])
    rounds = min(rounds, max(FEWEST, int(MOST_SECONDS * 1e3 / tried[peer])))
    ours, theirs = timed((case.ours, case.peers[peer]), rounds, clock)
    bound = None if case.work is None else limits.milliseconds(case.work)
    shares = [None if bound is None else bound / statistics.median(times) for times in (ours, theirs)]
    return Outcome(case.name, case.asked, peer, ours, theirs, peak_of(case.ours), peak_of(case.peers[peer]), *shares)


def agree(case: Case, tolerance: float, most: int | None = None) -> None:
    """Raise if a result of ours is not that of every peer.

    Args:
        case: its steps.
        tolerance: relative to the largest entry of each result.
        most: how many results of a step to look at, in single precision the first, and as a whole: where distances
            are nearly equal other neighbours may be chosen there.

    Raises:
        ArithmeticError: if so.
    """
    if case.check is not None:
        _agree(case.name, "the peer", case.check(), tolerance)
        return
    mine = case.ours()
    for name, step in case.peers.items():
        _agree(case.name, name, list(zip(mine, step(), strict=True))[:most], tolerance, as_whole=most is not None)


@contextlib.contextmanager
def _default(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def timed(steps: Sequence[Callable[[], object]], rounds: int, clock: Callable[[], float]) -> list[list[float]]:
    """The times of steps that take turns, in milliseconds, after a few turns that are not counted.

    A step is taken twice a turn, of which the second counts, unless it is long.
    """
    times: list[list[float]] = [[] for _ in steps]
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds + WARM_UP):
            for kept, step in zip(times, steps, strict=True):
                took = _milliseconds(step, clock)
                took = took if took > LONG else _milliseconds(step, clock)
                if turn >= WARM_UP:
                    kept.append(took)
    finally:
        gc.enable()
    return times


def _milliseconds(step: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    step()
    return 1e3 * (clock() - start)


def _agree(
    case: str, peer: str, pairs: Iterable[tuple[Tensor, Tensor]], tolerance: float, as_whole: bool = False
) -> None:
    """Relative to the largest entry, or as a whole to the root of the sum of squares.

    A result that vanishes against the others is held against a part of theirs.
    """
    kept = [(mine.detach(), other.detach()) for mine, other in pairs]
    norm = 2 if as_whole else torch.inf
    sizes = [float(torch.linalg.vector_norm(other.double(), norm)) if other.numel() else 0.0 for _, other in kept]
    for place, ((mine, other), size) in enumerate(zip(kept, sizes, strict=True)):
        if mine.shape != other.shape:
            raise ArithmeticError(f"{case}: result {place} is {tuple(mine.shape)}, of {peer} {tuple(other.shape)}")
        error = float(torch.linalg.vector_norm((mine - other).double(), norm)) / max(
            size, VANISHING * max(sizes), 1e-300
        )
        if not error <= tolerance:
            raise ArithmeticError(f"{case}: result {place} differs from {peer} by {error:.2e} of its size")
