"""`Points`: where the nodes of some items are; the nearest of some candidates, in one arithmetic for all searches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.topology import Topology

ENTRIES = 2**21
"""How many entries a table of candidates may have: searches go through receivers in parts of that size."""


class Points(NamedTuple):
    """Where the nodes of some items are.

    Args:
        pos: `(N, D)` positions.
        topology: which nodes share an item.
    """

    pos: Tensor
    topology: Topology

    def exactly(self) -> Points:
        """In float64, so that every way to search sees the same distances.

        Raises:
            StructureError: if a position is missing or infinite.
        """
        require_finite(self.pos)
        return Points(self.pos.detach().double(), self.topology)


class Candidates(NamedTuple):
    """Among whom the neighbours of some receivers are.

    Args:
        rows: `(R,)` the receivers.
        table: `(R, W)` node numbers of senders; any where there is none.
        exists: `(R, W)` where there is one.
    """

    rows: Tensor
    table: Tensor
    exists: Tensor

    def without_itself(self) -> Candidates:
        """The same without each receiver itself."""
        return Candidates(self.rows, self.table, self.exists & (self.table != self.rows[:, None]))


def require_finite(pos: Tensor) -> None:
    """Raise unless all positions are numbers.

    Raises:
        StructureError: if one is missing or infinite.
    """
    if not bool(pos.isfinite().all()):
        row = int((~pos.isfinite()).flatten(1).any(1).nonzero()[0])
        raise StructureError(
            f"`pos` must be finite; got {pos[row].tolist()} (node {row}). "
            "Remove such nodes first: structure.nodes_where(structure.pos.isfinite().all(1))."
        )


def squared_distances(target: Points, source: Points, found: Candidates) -> Tensor:
    """`(R, W)` squared distances, infinite where there is no candidate.

    Axis after axis, each rounded as it is written: never a matrix product, whose rounding depends on the shape.
    """
    total = torch.zeros(found.table.shape, dtype=torch.float64, device=found.table.device)
    for here, there in zip(target.pos.unbind(1), source.pos.unbind(1), strict=True):
        apart = there[found.table] - here[found.rows, None]
        total += apart * apart
    return total.masked_fill_(~found.exists, torch.inf)


def nearest_of(target: Points, source: Points, found: Candidates, wanted: int) -> tuple[Tensor, Tensor]:
    """The `wanted` nearest candidates of each receiver, of equally near ones the lower numbers first.

    Returns:
        `(R, wanted)` node numbers and squared distances; infinite where there are no more candidates.
    """
    squared = squared_distances(target, source, found)
    missing = wanted - squared.shape[1]
    values, columns = squared.topk(min(wanted + 1, squared.shape[1]), largest=False)
    numbers = found.table.gather(1, columns)
    tied = (values[:, 1:] == values[:, :-1]) & values[:, 1:].isfinite()
    rows = tied.any(1).nonzero().squeeze(1)
    if len(rows):  # by number, then by distance
        last = torch.iinfo(torch.long).max
        table, order = found.table[rows].masked_fill(~found.exists[rows], last).sort(1)
        nearer, places = squared[rows].gather(1, order).sort(dim=1, stable=True)
        width = numbers.shape[1]
        values = values.index_copy(0, rows, nearer[:, :width])
        numbers = numbers.index_copy(0, rows, table.gather(1, places)[:, :width])
    if missing > 0:
        values = torch.nn.functional.pad(values, (0, missing), value=torch.inf)
        numbers = torch.nn.functional.pad(numbers, (0, missing))
    return numbers[:, :wanted], values[:, :wanted]


def in_parts(rows: Tensor, widths: Tensor) -> Iterator[Tensor]:
    """The rows in parts that make small tables: places in `rows`, those of like widths together."""
    widths, order = widths.sort()
    ascending = widths.clamp(min=1).cpu().numpy()
    start = 0
    while start < len(rows):
        stop = min(len(rows), start + max(1, ENTRIES // int(ascending[start])))
        stop = min(stop, start + max(1, ENTRIES // int(ascending[stop - 1])))
        yield order[start:stop]
        start = stop


def table_of(rows: Tensor, starts: Tensor, counts: Tensor) -> Candidates:
    """Candidates that are contiguous numbers: `counts[r]` of them from `starts[r]` on."""
    columns = torch.arange(int(counts.max()) if len(counts) else 0, device=rows.device)
    exists = columns < counts[:, None]
    return Candidates(rows, torch.where(exists, starts[:, None] + columns, 0), exists)
