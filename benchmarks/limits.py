"""What the machine can do at most: products, copies and gathers, measured in the same run."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable

import torch

Clock = Callable[[], float]


@dataclasses.dataclass(frozen=True)
class Work:
    """What any way to compute something must at least do.

    Args:
        flops: of its products, two for each multiplication with its addition.
        bytes: that are read and written in order, each input and output once.
        gathered: bytes of rows that are read at scattered places, and written.
        dtype: of the products.
    """

    flops: float = 0.0
    bytes: float = 0.0
    gathered: float = 0.0
    dtype: torch.dtype = torch.float32


@dataclasses.dataclass(frozen=True)
class Limits:
    """Rates of this machine: flops a second by type, bytes a second."""

    products: dict[torch.dtype, float]
    copies: float
    gathers: float

    @staticmethod
    def measured(clock: Clock = time.process_time) -> Limits:
        """On the threads that torch is set to."""
        products = {dtype: _product(dtype, clock) for dtype in (torch.float32, torch.bfloat16)}
        rows, order = torch.randn(200_000, 128), torch.randperm(200_000)
        taken = torch.empty_like(rows)
        copies = 2 * rows.nbytes / _seconds(lambda: taken.copy_(rows), clock)
        gathers = 2 * rows.nbytes / _seconds(lambda: torch.index_select(rows, 0, order, out=taken), clock)
        return Limits(products, copies, gathers)

    def milliseconds(self, work: Work) -> float:
        """The least time of some work: products and memory at once, each at its full rate."""
        memory = work.bytes / self.copies + work.gathered / self.gathers
        return 1e3 * max(work.flops / self.products[work.dtype], memory)

    def __str__(self) -> str:
        rates = ", ".join(f"{rate / 1e9:,.0f} GF/s {str(dtype)[6:]}" for dtype, rate in self.products.items())
        return f"{rates}; copies {self.copies / 1e9:.1f} GB/s, gathers of 512 bytes {self.gathers / 1e9:.1f} GB/s"


def _product(dtype: torch.dtype, clock: Clock, side: int = 1024) -> float:
    left, right = (torch.randn(side, side).to(dtype) for _ in range(2))
    return 2 * side**3 / _seconds(lambda: left @ right, clock)


def _seconds(step: Callable[[], object], clock: Clock) -> float:
    times = []
    for _ in range(9):
        start = clock()
        step()
        times.append(clock() - start)
    return statistics.median(times[2:])
