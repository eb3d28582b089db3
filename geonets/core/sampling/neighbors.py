"""Nearest neighbours inside each item, or between the same item of two sets of points.

There are five ways to search, and `way_for` says which is taken. All agree to the last neighbour: three only propose
candidates, whose distances are then computed and ranked by the same lines; two, in compiled loops, compute them by the
same operations.
"""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core import loops
from geonets.core.options import one_of
from geonets.core.sampling.boxes import AXES, Boxes
from geonets.core.sampling.cells import MOST_AXES
from geonets.core.sampling.points import Points, squared_distances
from geonets.core.sampling.refined import nearest_refined
from geonets.core.sampling.search import Search, candidates_within
from geonets.core.topology import Topology

WITHIN = ("brute", "cells", "tree", "boxes")
WAYS = (*WITHIN, "refined")
FEW = 40
"""Up to so many nodes an item, the table of all pairs is faster than a tree, on a CPU."""
MANY = 4096
"""From so many nodes an item on, cells take the place of the table where there is no tree; not measured yet."""
LARGE, WIDE = 4096, 16
"""In more than `AXES` axes a tree looks at nearly all of up to so many nodes, and of any number in so many axes."""

LARGEST = torch.finfo(torch.float64).max


def way_for(target: Points, source: Points, ways: tuple[str, ...] = WAYS) -> str:
    """Which of some ways to search: the one place where that is decided.

    A CPU has compiled loops where numba is, else trees, which were faster than cells in all that was measured; other
    devices have neither.
    """
    longest, axes = int(source.topology.node_counts.max()), target.pos.shape[1]
    if axes and loops.can_run(target.pos.device):
        if axes <= AXES:
            return "boxes"
        if "refined" in ways and (longest <= LARGE or axes >= WIDE):
            return "refined"
    if target.pos.device.type == "cpu":
        return "tree" if longest > FEW and axes else "brute"
    return "cells" if longest >= MANY and 1 <= axes <= MOST_AXES else "brute"


def nearest_pairs(
    pos: Tensor, topology: Topology, k: int, loop: bool, source: Points | None = None, way: str | None = None
) -> tuple[Tensor, Tensor]:
    """The `k` nearest nodes of every node, within its item, nearest first; of equally near ones the lower numbers.

    A node with fewer than `k` mates gets them all. Distances are compared in float64.

    Args:
        pos: `(N, D)` positions of the receivers.
        topology: which of them share an item.
        k: neighbours a node.
        loop: whether a node is its own neighbour (then it counts among the `k`); of no concern with a `source`.
        source: among whom the neighbours are, item by item; the same nodes unless given.
        way: `"brute"`, `"cells"` or `"boxes"` (both up to three axes), `"tree"` or `"refined"`; by size unless given.
            All give the same.

    Returns:
        Senders (the neighbours) and receivers, ascending by receiver.

    Raises:
        StructureError: if a position is missing or infinite.

    Example:
        >>> from geonets.core.topology import Set
        >>> nearest_pairs(torch.tensor([[0.0], [1.0], [3.0]]), Set(3), 1, loop=False)
        (tensor([1, 0, 1]), tensor([0, 1, 2]))
    """
    return _nearest(Points(pos, topology), source, k, loop, None, way)


def nearest_within(
    pos: Tensor,
    topology: Topology,
    radius: float,
    k: int,
    loop: bool,
    source: Points | None = None,
    way: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The at most `k` nearest of the nodes that are at most `radius` away: a ball query, nearest first.

    Args:
        radius: the largest distance, in the unit of `pos`.
        pos, topology, k, loop, source, way: as in `nearest_pairs`.

    Returns:
        Senders and receivers, ascending by receiver.
    """
    return _nearest(Points(pos, topology), source, k, loop, radius, way)


def pairs_within(
    pos: Tensor, topology: Topology, radius: float, loop: bool, source: Points | None = None, way: str | None = None
) -> tuple[Tensor, Tensor]:
    """All pairs of nodes of one item that are at most `radius` apart: `|pos_i - pos_j|^2 <= radius^2` in float64.

    Args:
        radius: the largest distance, in the unit of `pos`.
        pos, topology, loop, source, way: as in `nearest_pairs`, where `"refined"` is none.

    Returns:
        Senders and receivers, ascending by receiver, then by sender.
    """
    target, senders, near_by = _checked(Points(pos, topology), source, way, WITHIN)
    limit = _squared(radius)
    if near_by == "boxes":
        near, heard = Boxes(senders).within(target, source is None, source is None and not loop, limit)
        return near, heard
    none = topology.item_ids.new_empty(0)
    found = [(none, none)]
    for part in candidates_within(target, senders, radius, near_by):
        mates = part if source is not None or loop else part.without_itself()
        rows, columns = (squared_distances(target, senders, mates) <= limit).nonzero(as_tuple=True)
        found.append((part.table[rows, columns], part.rows[rows]))
    pairs = [torch.cat(ends) for ends in zip(*found, strict=True)]
    order = (pairs[1] * senders.topology.num_nodes + pairs[0]).argsort()
    return pairs[0][order], pairs[1][order]


def _nearest(
    receivers: Points, source: Points | None, k: int, loop: bool, radius: float | None, way: str | None
) -> tuple[Tensor, Tensor]:
    target, senders, near_by = _checked(receivers, source, way)
    if not near_by:
        return target.topology.item_ids.new_empty(0), target.topology.item_ids.new_empty(0)
    wanted, without_itself = min(k, int(senders.topology.node_counts.max())), source is None and not loop
    limit = _squared(radius)
    if near_by == "boxes":
        near, heard = Boxes(senders).nearest(target, source is None, wanted, without_itself, limit)
        return near, heard
    if near_by == "refined":
        return nearest_refined(target, senders, wanted, without_itself, limit)
    numbers, squared = Search(target, senders, wanted, without_itself).run(near_by, radius)
    rows, columns = (squared <= limit).nonzero(as_tuple=True)
    return numbers[rows, columns], rows


def _squared(radius: float | None) -> float:
    """Up to which squared distance nodes are heard: never an infinite one."""
    return LARGEST if radius is None else min(radius * radius, LARGEST)


def _checked(
    target: Points, source: Points | None, way: str | None, ways: tuple[str, ...] = WAYS
) -> tuple[Points, Points, str]:
    """Both in float64, and the way to search: an empty word where there is nobody to be found."""
    if way is not None:
        one_of("way", way, ways)
    exact = target.exactly()
    senders = exact if source is None else source.exactly()
    if not exact.topology.num_nodes or not senders.topology.num_nodes:
        return exact, senders, ""
    return exact, senders, way or way_for(exact, senders, ways)
