"""Sizes of items: how large each is along each of its axes, and what an index into them means."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, ItemError, ShapeError
from geonets.core.ranges.room import MOST, require_countable, require_room
from geonets.core.ranges.rows import Rows, offsets_of
from geonets.core.records import Record


@dataclasses.dataclass(frozen=True, eq=False)
class Sizes(Record):
    """How large each item is along each of its axes.

    Args:
        uniform: the one size that all items share, or None when they differ.
        num_items: `B`.
        table: `(B, A)` sizes of ragged items; `(0, A)` when uniform (it then only carries the device).
        total: the number of nodes in all items together.
    """

    uniform: tuple[int, ...] | None
    num_items: int
    table: Tensor
    total: int

    @staticmethod
    def of(sizes: Any, num_items: int = 1, axes: int | None = None, device: torch.device | None = None) -> Sizes:
        """Sizes from a tuple of ints that `num_items` items share, or from a `(B, A)` tensor or list of tuples."""
        if isinstance(sizes, tuple):
            table = torch.empty(0, len(sizes), dtype=torch.long, device=device)
            total = num_items * math.prod(sizes)
            require_countable(total)
            return Sizes(sizes, num_items, table, total)
        width = axes if axes is not None else 1
        table = torch.as_tensor(sizes, dtype=torch.long, device=device).reshape(-1, width)
        if len(table) and bool((table == table[:1]).all()):
            return Sizes.of(tuple(table[0].tolist()), len(table), device=table.device)
        if len(table) and int(table.amax()) ** width * len(table) > MOST:  # else 64 bits hold the sum
            require_countable(sum(math.prod(row) for row in table.tolist()))
        return Sizes(None, len(table), table, int(table.prod(1).sum()))

    @property
    def sizes(self) -> Tensor:
        """`(B, A)`, uniform or not."""
        return self.table if self.uniform is None else self.remember("sizes", self._expanded)

    @property
    def counts(self) -> Tensor:
        """`(B,)` nodes of each item."""
        return self.remember("counts", self._counts)

    @property
    def offsets(self) -> Tensor:
        """`(B+1,)` where each item's nodes start."""
        return self.remember("offsets", lambda: offsets_of(self.counts))

    @property
    def item_ids(self) -> Tensor:
        """`(N,)` the item of each node."""
        return self.remember("item_ids", self._item_ids)

    @property
    def flat(self) -> Sizes:
        """The same items with one axis: how many nodes each has."""
        if self.table.shape[1] == 1:
            return self
        if self.uniform is not None:
            return Sizes.of((math.prod(self.uniform),), self.num_items, device=self.table.device)
        return Sizes(None, self.num_items, self.counts[:, None], self.total)

    def select(self, items: slice | Tensor) -> tuple[Sizes, Rows]:
        """The sizes of the chosen items, and their rows.

        Args:
            items: a slice of step 1, or `(b,)` item numbers.
        """
        if isinstance(items, slice):
            return self._select_span(items.start, items.stop)
        if self.uniform is not None:
            chosen = Sizes.of(self.uniform, len(items), device=self.table.device)
            block_size = math.prod(self.uniform)
            return chosen, Rows(blocks=items, block_size=block_size) if block_size else Rows(span=slice(0, 0))
        if len(items) == 1:  # one item is always uniform: look at its size
            start = int(items)
            return self._select_span(start, start + 1)
        rows = Rows.between(self.offsets, items)
        counts = rows.counts
        assert rows.numbers is not None and counts is not None
        table = counts[:, None] if self.table.shape[1] == 1 else self.table.index_select(0, items)
        chosen = Sizes(None, len(items), table, len(rows.numbers))
        chosen.remember("counts", lambda: counts)
        return chosen, rows

    def _select_span(self, start: int, stop: int) -> tuple[Sizes, Rows]:
        if self.uniform is not None:
            chosen = Sizes.of(self.uniform, stop - start, device=self.table.device)
            size = math.prod(self.uniform)
            return chosen, Rows(span=slice(start * size, stop * size))
        if stop == start + 1:
            chosen = Sizes.of(tuple(self.table[start].tolist()), 1, device=self.table.device)
            first = int(self.offsets[start])
            return chosen, Rows(span=slice(first, first + chosen.total))
        first, last = self.offsets[start].item(), self.offsets[stop].item()
        table = self.table[start:stop]
        return Sizes(None, stop - start, table, int(last - first)), Rows(span=slice(int(first), int(last)))

    @staticmethod
    def join(parts: list[Sizes]) -> Sizes:
        """The items of all parts, one after another."""
        num_items = sum(part.num_items for part in parts)
        uniforms = {part.uniform for part in parts if part.num_items} or {parts[0].uniform}
        if len(uniforms) == 1 and None not in uniforms:
            return Sizes.of(next(u for u in uniforms if u is not None), num_items, device=parts[0].table.device)
        total = sum(part.total for part in parts)
        require_countable(total)
        return Sizes(None, num_items, torch.cat([part.sizes for part in parts]), total)

    def _expanded(self) -> Tensor:
        assert self.uniform is not None
        row = torch.tensor(self.uniform, dtype=torch.long, device=self.table.device)
        return row.expand(self.num_items, -1)

    def _counts(self) -> Tensor:
        require_room(self.num_items, "num_items")
        return self.sizes.prod(1)

    def _item_ids(self) -> Tensor:
        require_room(self.total, "num_nodes")
        items = torch.arange(self.num_items, device=self.table.device)
        return torch.repeat_interleave(items, self.counts, output_size=self.total)

    def __str__(self) -> str:
        if self.uniform is not None:
            return " x ".join(map(str, self.uniform))
        low, high = self.table.amin(0).tolist(), self.table.amax(0).tolist()
        return f"{' x '.join(map(str, low))} .. {' x '.join(map(str, high))}"


def as_items(items: Any, count: int, device: torch.device) -> slice | Tensor:
    """What an index means: a slice of step 1, or item numbers that are known to exist."""
    if isinstance(items, int) and not isinstance(items, bool):
        if not -count <= items < count:
            raise ItemError(
                f"`items` must be between {-count} and {count - 1}; got {items}. len() tells how many there are."
            )
        return slice(items % count, items % count + 1)
    if isinstance(items, slice):
        start, stop, step = items.indices(count)
        if step == 1:
            return slice(start, max(start, stop))
        return start + step * torch.arange(len(range(start, stop, step)), device=device)
    chosen = torch.as_tensor(items, device=device)
    if chosen.dtype == torch.bool:
        if chosen.shape != (count,):
            raise ShapeError(
                f"`items` must have {count} entries, one an item, to be a mask; got shape {tuple(chosen.shape)}. "
                "Pass a mask of shape (B,)."
            )
        return chosen.nonzero().squeeze(1)
    if chosen.numel() == 0:
        return chosen.long().reshape(-1)
    if chosen.is_floating_point() or chosen.ndim > 1:
        raise DtypeError(
            f"`items` must be an int, a slice, a list of ints, or a 1-D integer or bool tensor; "
            f"got {chosen.dtype} of shape {tuple(chosen.shape)}. Pass item numbers or a mask."
        )
    chosen = chosen.long().reshape(-1)
    low, high = (int(v) for v in torch.aminmax(chosen))
    if low < -count or high >= count:
        raise ItemError(
            f"`items` must be between {-count} and {count - 1}; got {low if low < -count else high}. "
            "len() tells how many there are."
        )
    return chosen % count if low < 0 else chosen
