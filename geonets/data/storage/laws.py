"""What stored numbers must obey before they are used: bounds of the node and edge numbers of every item."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import final

import torch
from torch import Tensor

from geonets.core.ranges import offsets_of


@final
@dataclasses.dataclass(frozen=True)
class Law:
    """What must hold of the rows of every item.

    Args:
        rule: in words, after "must".
        offsets: `(B+1,)` where each item's rows start.
        broken: which of some items break it, from their numbers `(b,)`, how many rows each has `(b,)`, and these rows
            one after another; the answer counts the items that were asked about.
    """

    rule: str
    offsets: Tensor
    broken: Callable[[Tensor, Tensor, Tensor], Tensor]


def between(rule: str, offsets: Tensor, low: Tensor, high: Tensor) -> Law:
    """Every number of item `b` is at least `low[b]` and less than `high[b]`."""

    def broken(items: Tensor, counts: Tensor, values: Tensor) -> Tensor:
        asked = torch.repeat_interleave(counts)
        least, most = low[items][asked], high[items][asked] - 1
        flat = values.unsqueeze(-1).flatten(1)
        return asked[((flat < least[:, None]) | (flat > most[:, None])).any(1)]

    return Law(rule, offsets, broken)


def not_negative(rule: str, offsets: Tensor) -> Law:
    """Every number is at least 0."""

    def broken(items: Tensor, counts: Tensor, values: Tensor) -> Tensor:
        return torch.repeat_interleave(counts)[values < 0]

    return Law(rule, offsets, broken)


def adding_up(rule: str, offsets: Tensor, ends: Tensor) -> Law:
    """The numbers of item `b` are not negative, and `ends[b + 1] - ends[b]` together."""

    def broken(items: Tensor, counts: Tensor, values: Tensor) -> Tensor:
        asked = torch.repeat_interleave(counts)
        totals = ends[items + 1] - ends[items]
        wild = asked[(values < 0) | (values > totals[asked])]
        if len(wild):
            return wild
        sums = offsets_of(values)[offsets_of(counts)]
        return (sums[1:] - sums[:-1] != totals).nonzero().squeeze(1)

    return Law(rule, offsets, broken)


def ascending_places(rule: str, offsets: Tensor, sizes: Tensor) -> Law:
    """Every row is a place of a lattice of `sizes[b]`, and comes after the one before in its item."""

    def broken(items: Tensor, counts: Tensor, values: Tensor) -> Tensor:
        asked = torch.repeat_interleave(counts)
        limits = sizes[items][asked]
        outside = asked[((values < 0) | (values >= limits)).any(1)]
        if len(outside):
            return outside
        number = values[:, 0]
        for axis in range(1, values.shape[1]):
            number = number * limits[:, axis] + values[:, axis]
        return asked[1:][(number[1:] <= number[:-1]) & (asked[1:] == asked[:-1])]

    return Law(rule, offsets, broken)
