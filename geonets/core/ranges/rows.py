"""Packed rows: where items start, the rows of chosen items, and rows that are read only when they are asked for."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any

import torch
from torch import Tensor

from geonets.core import loops
from geonets.core.records import Later


def offsets_of(counts: Tensor) -> Tensor:
    """Where each segment starts, and after the last where it ends.

    Args:
        counts: `(B,)` rows in each segment.

    Returns:
        `(B+1,)`, starting at 0.

    Example:
        >>> offsets_of(torch.tensor([2, 0, 3])).tolist()
        [0, 2, 2, 5]
    """
    offsets = counts.new_zeros(len(counts) + 1)
    torch.cumsum(counts, 0, out=offsets[1:])
    return offsets


def concatenated_ranges(starts: Tensor, counts: Tensor, total: int | None = None) -> Tensor:
    """The numbers `starts[b], ..., starts[b] + counts[b] - 1` of every segment, one after another.

    Args:
        starts: `(B,)` first number of each segment.
        counts: `(B,)` how many numbers each has.
        total: their sum, if known.

    Returns:
        `(sum(counts),)`.

    Example:
        >>> concatenated_ranges(torch.tensor([7, 0]), torch.tensor([2, 3])).tolist()
        [7, 8, 0, 1, 2]
    """
    if loops.can_run(starts.device) and loops.is_loaded():
        numbers = starts.new_empty(int(counts.sum()) if total is None else total)
        loops.compiled(_count_up)(*loops.arrays(starts, counts, numbers))
        return numbers
    shift = starts - (counts.cumsum(0) - counts)
    shifts = torch.repeat_interleave(shift, counts, output_size=total)
    return shifts.add_(torch.arange(len(shifts), device=starts.device))


@dataclasses.dataclass(frozen=True, eq=False)
class Rows:
    """Which rows of a packed tensor belong to the chosen items.

    One of three forms, the cheapest that serves: a contiguous slice (a view), blocks of equal size, or row numbers.
    """

    span: slice | None = None
    blocks: Tensor | None = None
    block_size: int = 0
    numbers: Tensor | None = None
    starts: Tensor | None = None
    counts: Tensor | None = None

    @staticmethod
    def between(offsets: Tensor, items: Tensor) -> Rows:
        """The rows of chosen items, given where each of all items starts, `(B+1,)`."""
        starts = offsets.index_select(0, items)
        return Rows.of_items(starts, offsets.index_select(0, items + 1) - starts)

    @staticmethod
    def of_items(starts: Tensor, counts: Tensor) -> Rows:
        """The rows of items of which each starts at `starts[b]` and has `counts[b]`; both are kept."""
        return Rows(numbers=concatenated_ranges(starts, counts), starts=starts, counts=counts)

    def take(self, packed: Tensor | LaterRows) -> Tensor:
        """The chosen rows of `packed`, in the order of the chosen items."""
        if isinstance(packed, LaterRows):
            return packed.take(self)
        if self.span is not None:
            return packed[self.span]
        if self.blocks is not None:
            grouped = packed.reshape(len(packed) // self.block_size, self.block_size, *packed.shape[1:])
            return grouped.index_select(0, self.blocks).flatten(0, 1)
        assert self.numbers is not None
        return packed.index_select(0, self.numbers)


class LaterRows(Later[Tensor], abc.ABC):
    """Rows that are read when they are asked for, all of them by a call, or only those of chosen items."""

    @property
    @abc.abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of all rows together."""

    @property
    @abc.abstractmethod
    def dtype(self) -> torch.dtype:
        """Of the rows."""

    @abc.abstractmethod
    def __call__(self) -> Tensor:
        """All rows."""

    @abc.abstractmethod
    def take(self, rows: Rows) -> Tensor:
        """The chosen rows, as `rows.take` of a tensor gives them."""


def _count_up(starts: Any, counts: Any, numbers: Any) -> None:
    """One pass in place of six calls of torch, which cost more than the numbers where segments are few."""
    place = 0
    for segment in range(len(starts)):
        for step in range(counts[segment]):
            numbers[place] = starts[segment] + step
            place += 1
