"""The edges of chosen items, renumbered: pointers and transpose are cut out of the larger list, nothing is sorted.

Bound by the reading of numbers that lie scattered, item by item; compiled loops write all that is wanted in one pass.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from geonets.core import loops
from geonets.core.ranges import Rows, offsets_of


class Cut(NamedTuple):
    """Which items are cut out of a packed list, and where their nodes go.

    Args:
        node_rows: the node rows of the chosen items.
        edge_rows: the edge rows of the chosen items; each item's edges are contiguous.
        starts: `(b,)` old number of each item's first node.
        offsets: `(b+1,)` new number of each item's first node.
        num_nodes: how many there are.
    """

    node_rows: Rows
    edge_rows: Rows
    starts: Tensor
    offsets: Tensor
    num_nodes: int

    def edges(self, senders: Any, pointers: Any, degrees: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Senders, receivers and pointers of the edges that are cut out.

        Args:
            senders: `(E,)` of all edges, or what will read them.
            pointers: `(N+1,)` likewise, where each receiver's edges start.
            degrees: `(N,)` likewise, how many edges each receiver has.
        """
        numbers = self.edge_rows.numbers
        if numbers is not None and _can_loop(senders, pointers):
            found = senders.new_empty(len(numbers)), senders.new_empty(len(numbers))
            bounds = senders.new_empty(self.num_nodes + 1)
            read = loops.arrays(senders, pointers, self.starts, self.offsets, *found, bounds)
            loops.compiled(_cut_edges)(*read)
            return *found, bounds
        taken, own = self.edge_rows.take(senders), self.node_rows.take(degrees)
        if numbers is not None and loops.can_run(taken.device) and loops.is_loaded():
            receivers, bounds = torch.empty_like(taken), taken.new_empty(self.num_nodes + 1)
            loops.compiled(_renumber)(*loops.arrays(taken, own, self.starts, self.offsets, receivers, bounds))
            return taken, receivers, bounds
        if self.edge_rows.counts is None:  # a span: all items move alike
            taken = taken - self.starts[:1]
        else:
            shift = self.offsets[:-1] - self.starts
            taken = taken + torch.repeat_interleave(shift, self.edge_rows.counts, output_size=len(taken))
        nodes = torch.arange(self.num_nodes, device=taken.device)
        return taken, torch.repeat_interleave(nodes, own, output_size=len(taken)), offsets_of(own)

    def transpose(self, rows: Any, pointers: Any, degrees: Any) -> tuple[Tensor, Tensor]:
        """Rows and pointers of the transpose, of which those of all edges are given."""
        numbers = self.edge_rows.numbers
        if numbers is not None and _can_loop(rows, pointers):
            found, bounds = rows.new_empty(len(numbers)), rows.new_empty(self.num_nodes + 1)
            loops.compiled(_cut_rows)(*loops.arrays(rows, pointers, self.starts, self.offsets, found, bounds))
            return found, bounds
        return self.edge_rows.take(rows) + self.row_shift, offsets_of(self.node_rows.take(degrees))

    @property
    def row_shift(self) -> Tensor | int:
        """New minus old row number of each edge."""
        if self.edge_rows.span is not None:
            return -self.edge_rows.span.start
        assert self.edge_rows.numbers is not None
        numbers = self.edge_rows.numbers
        return torch.arange(len(numbers), device=numbers.device) - numbers


def _can_loop(*read: Any) -> bool:
    return all(isinstance(numbers, Tensor) for numbers in read) and loops.can_run(read[0].device)


def _cut_edges(
    senders: Any, pointers: Any, starts: Any, offsets: Any, new_senders: Any, receivers: Any, new_pointers: Any
) -> None:
    place = 0
    for item in range(len(starts)):
        shift = offsets[item] - starts[item]
        for node in range(offsets[item], offsets[item + 1]):
            new_pointers[node] = place
            for edge in range(pointers[node - shift], pointers[node - shift + 1]):
                new_senders[place] = senders[edge] + shift
                receivers[place] = node
                place += 1
    new_pointers[-1] = place


def _renumber(senders: Any, degrees: Any, starts: Any, offsets: Any, receivers: Any, pointers: Any) -> None:
    """The same where senders and degrees have been read already; the senders are changed where they stand."""
    place = 0
    for item in range(len(starts)):
        shift = offsets[item] - starts[item]
        for node in range(offsets[item], offsets[item + 1]):
            pointers[node] = place
            for _ in range(degrees[node]):
                senders[place] += shift
                receivers[place] = node
                place += 1
    pointers[-1] = place


def _cut_rows(rows: Any, pointers: Any, starts: Any, offsets: Any, new_rows: Any, new_pointers: Any) -> None:
    """An item's edges have the same places in either order, so that pointers say how far its rows are moved."""
    place = 0
    for item in range(len(starts)):
        shift = offsets[item] - starts[item]
        row_shift = place - pointers[starts[item]]
        for node in range(offsets[item], offsets[item + 1]):
            new_pointers[node] = place
            for edge in range(pointers[node - shift], pointers[node - shift + 1]):
                new_rows[place] = rows[edge] + row_shift
                place += 1
    new_pointers[-1] = place
