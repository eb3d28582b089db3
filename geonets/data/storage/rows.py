"""`StoredRows`: a tensor of a file, compared with its checksums and checked where and when it is first read."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import Tensor

from geonets.core.ranges import LaterRows, Rows
from geonets.data.storage.checksums import Blocks
from geonets.data.storage.header import Fault
from geonets.data.storage.laws import Law

AGAIN = "Restore the file from a copy, or save it again."

MOST_ROWS = 1 << 20
"""That are checked at once."""


@final
class StoredRows(LaterRows):
    """A mapped tensor, of which a block is compared with its checksum, and an item with its law, once.

    Args:
        name: of the tensor in the file.
        blocks: of it in the file.
        fault: makes the errors.
        law: what must hold of the rows of every item.
    """

    def __init__(self, name: str, blocks: Blocks, fault: Fault, law: Law | None) -> None:
        self.name, self.blocks, self.fault, self.law = name, blocks, fault, law
        self.tensor = tensor = blocks.mapped.tensor(blocks.entry)
        self.row_bytes = tensor.element_size() * (tensor[0].numel() if len(tensor) else 0)
        self.unchecked = np.ones(0 if law is None else len(law.offsets) - 1, dtype=bool)
        self.num_unchecked = len(self.unchecked)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.tensor.shape)

    @property
    def dtype(self) -> torch.dtype:
        return self.tensor.dtype

    def __call__(self) -> Tensor:
        self._compare(np.array([0]), np.array([len(self.tensor)]))
        if self.law is not None and self.num_unchecked:
            offsets = self.law.offsets
            first, last = 0, len(offsets) - 1
            while first < last:
                stop = max(first + 1, int(np.searchsorted(offsets, offsets[first] + MOST_ROWS, side="right")) - 1)
                items = np.arange(first, stop)
                self._check(items, self.tensor[int(offsets[first]) : int(offsets[stop])])
                first = stop
        return self.tensor

    def take(self, rows: Rows) -> Tensor:
        is_scattered = rows.span is None and self.blocks.is_large
        ranges = _ranges(rows) if is_scattered or self.blocks.num_pending else None
        if ranges is not None:
            self._compare(*ranges)
        taken = self._read(*ranges) if is_scattered and ranges is not None else rows.take(self.tensor)
        if self.law is not None and self.num_unchecked and len(taken):
            self._check(_items(rows, self.law.offsets), taken)
        return taken

    def _read(self, starts: np.ndarray, stops: np.ndarray) -> Tensor:
        """Pieces of rows, one after another."""
        taken = torch.empty(int((stops - starts).sum()), *self.shape[1:], dtype=self.dtype)
        content = taken.reshape(-1).view(torch.uint8).numpy().data
        sizes = (stops - starts) * self.row_bytes
        places = (np.cumsum(sizes) - sizes).tolist()
        for place, size, start in zip(places, sizes.tolist(), (starts * self.row_bytes).tolist(), strict=True):
            if self.blocks.mapped.fill(content[place : place + size], self.blocks.entry.start + start) != size:
                raise self.fault("be as long as when it was opened", "fewer bytes", f"tensor {self.name}", AGAIN)
        return taken

    def _compare(self, starts: np.ndarray, stops: np.ndarray) -> None:
        """Raise unless some rows are as they were saved."""
        filled = stops > starts
        if not self.row_bytes or not filled.any():
            return
        wrong = self.blocks.first_wrong(starts[filled] * self.row_bytes, stops[filled] * self.row_bytes)
        if wrong is not None:
            raise self.fault(
                "be as it was saved",
                "other bytes (a checksum differs)",
                f"tensor {self.name}, bytes {wrong[0]} to {wrong[1]}",
                AGAIN,
            )

    def _check(self, items: np.ndarray, rows: Tensor) -> None:
        """Raise unless the rows of some items obey the law, which is asked once of every item."""
        assert self.law is not None
        if not self.unchecked[items].any():
            return
        counts = self.law.offsets[items + 1] - self.law.offsets[items]
        broken = self.law.broken(items, counts, rows.numpy())
        if len(broken):
            item = int(items[broken[0]])
            cure = "It was not written by gn.save: do not use it."
            raise self.fault(self.law.rule, "other numbers", f"tensor {self.name}, item {item}", cure)
        self.unchecked[items] = False
        self.num_unchecked = int(np.count_nonzero(self.unchecked))


def _ranges(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """First and last row, exclusive, of each contiguous piece."""
    if rows.span is not None:
        return np.array([rows.span.start]), np.array([rows.span.stop])
    if rows.blocks is not None:
        starts = rows.blocks.numpy() * rows.block_size
        return starts, starts + rows.block_size
    if rows.starts is not None and rows.counts is not None:
        starts = rows.starts.numpy()
        return starts, starts + rows.counts.numpy()
    assert rows.numbers is not None
    return rows.numbers.numpy(), rows.numbers.numpy() + 1


def _items(rows: Rows, offsets: np.ndarray) -> np.ndarray:
    """The items that chosen rows belong to, those without rows left out."""
    if rows.span is not None:
        first = int(np.searchsorted(offsets, rows.span.start, side="right")) - 1
        return np.arange(first, int(np.searchsorted(offsets, rows.span.stop)))
    if rows.blocks is not None:
        return rows.blocks.numpy()
    assert rows.starts is not None and rows.counts is not None
    starts, counts = rows.starts.numpy(), rows.counts.numpy()
    return np.searchsorted(offsets, starts[counts > 0], side="right") - 1
