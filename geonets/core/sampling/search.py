"""Three ways to propose candidates, and when a receiver's nearest are certainly among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from geonets.core.sampling.cells import Buckets
from geonets.core.sampling.points import Candidates, Points, in_parts, nearest_of, table_of
from geonets.core.sampling.tree import Forest, thinned
from geonets.core.topology import Set

SLACK = 1e-9
"""How much further than a rounded distance one looks, as a part of it."""


def candidates_within(target: Points, source: Points, radius: float, way: str) -> Iterator[Candidates]:
    """All candidates for being at most `radius` away, part by part; none where `way` is empty."""
    rows = torch.arange(len(target.pos), device=target.pos.device)
    if way == "tree":
        receivers, senders = Forest(target, source, gap=2 * radius + 1).within(radius * (1 + SLACK))
        yield Candidates(receivers, senders[:, None], torch.ones_like(senders, dtype=torch.bool)[:, None])
    elif way == "cells":
        for _, part in Buckets(source, radius * (1 + SLACK)).around(target, rows):
            yield part
    elif way == "brute":
        for _, part in of_item(target, source, rows):
            yield part


def of_item(target: Points, source: Points, rows: Tensor) -> Iterator[tuple[Tensor, Candidates]]:
    """Every node of the item: the law of the searches. Parts of `rows` as places in it, and their candidates."""
    items = target.topology.item_ids[rows]
    starts, counts = source.topology.node_offsets[:-1][items], source.topology.node_counts[items]
    for places in in_parts(rows, counts):
        yield places, table_of(rows[places], starts[places], counts[places])


class Search:
    """The nearest nodes of every receiver, found in one of three ways.

    Args:
        target: the receivers.
        source: among whom the neighbours are.
        wanted: neighbours a receiver.
        without_itself: whether both are the same nodes, and none is its own neighbour.
    """

    def __init__(self, target: Points, source: Points, wanted: int, without_itself: bool) -> None:
        self.target, self.source, self.wanted, self.without_itself = target, source, wanted, without_itself
        shape, device = (len(target.pos), wanted), target.pos.device
        self.numbers = torch.zeros(shape, dtype=torch.long, device=device)
        self.squared = torch.full(shape, torch.inf, dtype=torch.float64, device=device)

    def run(self, way: str, radius: float | None = None) -> tuple[Tensor, Tensor]:
        """`(N, wanted)` numbers of the nearest, and their squared distances, infinite where there are no more.

        Args:
            way: `brute`, `cells` or `tree`.
            radius: beyond which nobody is looked for; some who are may still be found.
        """
        rows = torch.arange(len(self.numbers), device=self.numbers.device)
        ways: dict[str, Callable[[Tensor], None]] = {"brute": self._brute, "tree": self._tree}
        if way == "cells":
            self._cells(rows, radius)
        else:
            ways[way](rows)
        return self.numbers, self.squared

    def _keep(self, found: Candidates) -> Tensor:
        """Keep the nearest of some receivers' candidates; returns the squared distance of the last, `(R,)`."""
        mates = found.without_itself() if self.without_itself else found
        numbers, squared = nearest_of(self.target, self.source, mates, self.wanted)
        self.numbers[found.rows], self.squared[found.rows] = numbers, squared
        return squared[:, -1]

    def _brute(self, rows: Tensor) -> None:
        for _, part in of_item(self.target, self.source, rows):
            self._keep(part)

    def _cells(self, rows: Tensor, radius: float | None) -> None:
        """Cells of the radius; or cells that double until a receiver's last neighbour is nearer than the next cell."""
        size = _first_size(self.source, self.wanted) if radius is None else radius * (1 + SLACK)
        while len(rows):
            cells, open_rows = Buckets(self.source, size), [rows[:0]]
            for _, part in cells.around(self.target, rows):
                last, items = self._keep(part), self.target.topology.item_ids[part.rows]
                sure = last.sqrt() < cells.size[items] * (1 - SLACK)
                sure |= part.exists.sum(1) == self.source.topology.node_counts[items]
                open_rows.append(part.rows[~sure])
            rows = torch.cat(open_rows) if radius is None else rows[:0]
            size *= 2

    def _tree(self, rows: Tensor) -> None:
        """Ask the tree for more until the last that it finds is further than the last that is wanted; else look at all.

        Of very many coincident nodes only the first few are in the tree, which serve as well.
        """
        kept = thinned(self.source, self.wanted + 1)
        counts = torch.bincount(self.source.topology.item_ids[kept], minlength=self.source.topology.num_items)
        fewer = Points(self.source.pos[kept], Set(counts))
        for _, part in of_item(self.target, fewer, self._ask(rows, fewer, kept)):
            self._keep(Candidates(part.rows, kept[part.table], part.exists))

    def _ask(self, rows: Tensor, among: Points, numbers: Tensor) -> Tensor:
        """The receivers whose nearest `among` some nodes were not all found; `numbers` are those nodes' own."""
        forest, total = Forest(self.target, among), among.topology.num_nodes
        asked, most = self.wanted + int(self.without_itself) + 1, 4 * self.wanted + 32
        while len(rows) and asked <= most:
            asked, open_rows = min(asked, total), [rows[:0]]
            for places in in_parts(rows, torch.full_like(rows, asked)):
                here = rows[places]
                found, distances = forest.nearest(here, asked)
                items = among.topology.item_ids[found]
                exists = distances.isfinite() & (items == self.target.topology.item_ids[here][:, None])
                last = self._keep(Candidates(here, numbers[found], exists))
                open_rows.append(here[exists[:, -1] & (distances[:, -1] <= last.sqrt() * (1 + SLACK))])
            rows = torch.cat(open_rows) if asked < total else rows[:0]
            asked *= 2
        return rows


def _first_size(source: Points, wanted: int) -> float:
    """A size of cells such that a cell has about a third of the wanted neighbours, as a node sees it."""
    extent = float((source.pos.amax(0) - source.pos.amin(0)).max())
    longest = int(source.topology.node_counts.max())
    size = extent / max(1.0, 3 * longest / wanted) ** (1 / source.pos.shape[1]) or 1.0
    for _ in range(8):
        _, counts = Buckets(source, size).keys.unique_consecutive(return_counts=True)
        if float(counts.double().square().sum() / counts.sum()) < max(2.0, wanted / 2):
            break
        size /= 2
    return size
