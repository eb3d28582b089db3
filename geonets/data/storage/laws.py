"""What stored numbers must obey before they are used: bounds of the node and edge numbers of every item."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import final

import numpy as np
from torch import Tensor


@final
@dataclasses.dataclass(frozen=True)
class Law:
    """What must hold of the rows of every item.

    Args:
        rule: in words, after "must".
        offsets: `(B+1,)` where each item's rows start.
        broken: which of some items break it, from their numbers `(b,)`, how many rows each has `(b,)`, and these rows
            one after another; the answer counts the items that were asked about. In NumPy, which is quicker than torch
            at the few numbers of a batch.
    """

    rule: str
    offsets: np.ndarray
    broken: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def between(rule: str, offsets: Tensor, low: Tensor, high: Tensor) -> Law:
    """Every number of item `b` is at least `low[b]` and less than `high[b]`."""
    least, spans = low.numpy(), (high - low).numpy().view(np.uint64)

    def broken(items: np.ndarray, counts: np.ndarray, values: np.ndarray) -> np.ndarray:
        flat = values.reshape(len(values), math.prod(values.shape[1:]))
        above = np.subtract(flat, np.repeat(least[items], counts)[:, None], dtype=np.int64).view(np.uint64)
        wrong = above >= np.repeat(spans[items], counts)[:, None]  # what is below `low` is large without its sign
        return _items_of(wrong, counts) if wrong.any() else NONE

    return Law(rule, offsets.numpy(), broken)


def not_negative(rule: str, offsets: Tensor) -> Law:
    """Every number is at least 0."""

    def broken(items: np.ndarray, counts: np.ndarray, values: np.ndarray) -> np.ndarray:
        return _items_of(values < 0, counts)

    return Law(rule, offsets.numpy(), broken)


def adding_up(rule: str, offsets: Tensor, ends: Tensor) -> Law:
    """The numbers of item `b` are not negative, and `ends[b + 1] - ends[b]` together."""
    totals, most = (ends[1:] - ends[:-1]).numpy(), int(ends[-1])

    def broken(items: np.ndarray, counts: np.ndarray, values: np.ndarray) -> np.ndarray:
        wild = (values < 0) | (values > most)
        if wild.any():
            return _items_of(wild, counts)
        sums = np.concatenate([[0], values.cumsum()])[np.concatenate([[0], counts.cumsum()])]
        return np.flatnonzero(sums[1:] - sums[:-1] != totals[items])

    return Law(rule, offsets.numpy(), broken)


def ascending_places(rule: str, offsets: Tensor, sizes: Tensor) -> Law:
    """Every row is a place of a lattice of `sizes[b]`, and comes after the one before in its item."""
    limits_of = sizes.numpy()

    def broken(items: np.ndarray, counts: np.ndarray, values: np.ndarray) -> np.ndarray:
        limits = np.repeat(limits_of[items], counts, 0)
        outside = (values < 0) | (values >= limits)
        if outside.any():
            return _items_of(outside, counts)
        number = values[:, 0]
        for axis in range(1, values.shape[1]):
            number = number * limits[:, axis] + values[:, axis]
        asked = np.repeat(np.arange(len(counts)), counts)
        return asked[1:][(number[1:] <= number[:-1]) & (asked[1:] == asked[:-1])]

    return Law(rule, offsets.numpy(), broken)


NONE = np.empty(0, dtype=np.int64)


def _items_of(rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Which items the rows belong to in which something is marked."""
    return np.searchsorted(counts.cumsum(), rows.nonzero()[0], side="right")
