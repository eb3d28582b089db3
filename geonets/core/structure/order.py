"""Which items make which batch: in their order or at random, by their number or by their size, like beside like."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from geonets.core.errors import OptionError


def visits(
    count: int,
    size: int,
    sizes: Tensor | None,
    *,
    budget: bool,
    shuffle: bool,
    seed: int | None,
    drop_last: bool,
    bucket: int | None,
) -> Iterator[slice | Tensor]:
    """The items of one batch after another.

    Args:
        count: `B`.
        size: items in a batch; or, with `budget`, the most that their sizes add up to.
        sizes: `(B,)` how large each item is, where a budget or buckets ask for it.
        budget: whether sizes are counted, not items.
        shuffle: whether items come in random order.
        seed: of that order.
        drop_last: whether a last batch that is not full is left out.
        bucket: batches in a bucket, within which items are sorted by size; None for no sorting.

    Raises:
        OptionError: if an item is larger than a budget.
    """
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    order = torch.randperm(count, generator=generator) if shuffle else None
    if bucket is not None and sizes is not None:
        in_batch = max(1, round(size * count / max(1, int(sizes.sum())))) if budget else size
        order = _sorted_in_buckets(torch.arange(count) if order is None else order, sizes, bucket * in_batch)
    if budget and sizes is not None:
        spans = _within(sizes if order is None else sizes[order], size, drop_last)
    else:
        stop = count - count % size if drop_last else count
        spans = [slice(start, min(start + size, stop)) for start in range(0, stop, size)]
    if bucket is not None and shuffle:
        spans = [spans[place] for place in torch.randperm(len(spans), generator=generator).tolist()]
    return (span if order is None else order[span] for span in spans)


def _sorted_in_buckets(order: Tensor, sizes: Tensor, length: int) -> Tensor:
    """Each stretch of `length` items sorted by size."""
    by_size = sizes[order].argsort(stable=True)
    return order[by_size[(by_size // length).argsort(stable=True)]]


def _within(sizes: Tensor, budget: int, drop_last: bool) -> list[slice]:
    """Stretches of items that are as long as a budget allows."""
    reached = sizes.cumsum(0)
    spans, start, before = [], 0, 0
    while start < len(sizes):
        stop = int(torch.searchsorted(reached, before + budget, right=True))
        if stop == start:
            raise OptionError(
                f"`size` must be at least the size of every item; got {budget}, and an item of {int(sizes[start])}. "
                "Raise it, or leave out large items first."
            )
        if drop_last and stop == len(sizes) and int(reached[-1]) - before < budget:
            break
        spans.append(slice(start, stop))
        start, before = stop, int(reached[stop - 1])
    return spans
