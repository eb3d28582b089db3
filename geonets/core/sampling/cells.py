"""Cells of a regular grid: candidates are the nodes of a receiver's cell and of those around it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor

from geonets.core.ranges import concatenated_ranges, offsets_of
from geonets.core.sampling.points import Candidates, Points, in_parts

MOST_AXES = 3
"""A block has `3^D` cells: with more axes than these it is most of the space."""

FINEST = 18
"""Cells along an axis, as a power of two: places of three axes and the item then fit into one integer."""


class Buckets:
    """The nodes of every item, sorted by the cell in which they lie.

    Args:
        source: whose nodes.
        size: the edge of a cell; larger where an item would have more than `2^18` cells along an axis.
    """

    def __init__(self, source: Points, size: float) -> None:
        pos, topology = source
        self.source = source
        items = topology.item_ids[:, None].expand_as(pos)
        empty = pos.new_full((topology.num_items, pos.shape[1]), torch.inf)
        self.lowest = empty.scatter_reduce(0, items, pos, "amin")
        extents = (-empty).scatter_reduce(0, items, pos, "amax") - self.lowest
        extents = torch.where(extents.isfinite(), extents, 0)
        self.lowest = torch.where(self.lowest.isfinite(), self.lowest, 0)
        self.size = (extents.amax(1) / (2**FINEST - 4)).clamp(min=size)  # (B,)
        self.keys, self.order = self._keys(self.places(source, topology.item_ids), topology.item_ids).sort()

    def places(self, points: Points, items: Tensor) -> Tensor:
        """`(N, D)` the cell of each node; nodes outside the item's box are in a cell beside it."""
        places = (points.pos - self.lowest[items]) / self.size[items][:, None]
        return places.floor().clamp(-2, 2**FINEST - 2).long()

    def _keys(self, places: Tensor, items: Tensor) -> Tensor:
        keys = items
        for place in places.unbind(1):
            keys = (keys << FINEST) + place + 2
        return keys

    def around(self, target: Points, rows: Tensor) -> Iterator[tuple[Tensor, Candidates]]:
        """The candidates of the receivers `rows`, part by part: all within one cell's size are among them."""
        items = target.topology.item_ids[rows]
        places = self.places(Points(target.pos[rows], target.topology), items)
        steps = [(*step, -1) for step in itertools.product((-1, 0, 1), repeat=places.shape[1] - 1)]
        first = (places[:, None] + torch.tensor(steps, device=rows.device)).flatten(0, 1)  # three follow one another
        keys = self._keys(first, items.repeat_interleave(len(steps)))
        begins = torch.searchsorted(self.keys, keys)
        counts = torch.searchsorted(self.keys, keys + 3) - begins
        begins, counts = begins.reshape(len(rows), -1), counts.reshape(len(rows), -1)
        widths = counts.sum(1)
        for part in in_parts(rows, widths):
            yield part, self._table(rows[part], begins[part], counts[part])

    def _table(self, rows: Tensor, begins: Tensor, counts: Tensor) -> Candidates:
        widths = counts.sum(1)
        numbers = self.order[concatenated_ranges(begins.flatten(), counts.flatten())]
        columns = torch.arange(int(widths.max()), device=rows.device)
        exists = columns < widths[:, None]
        table = torch.where(exists, offsets_of(widths)[:-1, None] + columns, 0)
        return Candidates(rows, numbers[table] if len(numbers) else table, exists)
