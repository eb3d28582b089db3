"""Nearest neighbours inside each item, or between the same item of two sets of points; all items in one KD-tree."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from geonets.core.topology import Topology


class Points(NamedTuple):
    """Where the nodes of some items are.

    Args:
        pos: `(N, D)` positions.
        topology: which nodes share an item.
    """

    pos: Tensor
    topology: Topology


def nearest_pairs(
    pos: Tensor, topology: Topology, k: int, loop: bool, source: Points | None = None
) -> tuple[Tensor, Tensor]:
    """The `k` nearest nodes of every node, within its item, nearest first.

    A node with fewer than `k` mates gets them all. Of equal distances the lower node number comes first; where more
    than `3 k + 32` nodes share the last distance any of them may come, the same on every run.

    Args:
        pos: `(N, D)` positions of the receivers.
        topology: which of them share an item.
        k: neighbours a node.
        loop: whether a node is its own neighbour (then it counts among the `k`); of no concern with a `source`.
        source: among whom the neighbours are, item by item; the same nodes unless given.

    Returns:
        Senders (the neighbours) and receivers, ascending by receiver.
    """
    return _nearest(pos, topology, k, loop, source, np.inf)


def nearest_within(
    pos: Tensor, topology: Topology, radius: float, k: int, loop: bool, source: Points | None = None
) -> tuple[Tensor, Tensor]:
    """The at most `k` nearest of the nodes that are at most `radius` away: a ball query, nearest first.

    Args:
        radius: the largest distance, in the unit of `pos`.
        pos, topology, k, loop, source: as in `nearest_pairs`.

    Returns:
        Senders and receivers, ascending by receiver.
    """
    return _nearest(pos, topology, k, loop, source, radius)


def pairs_within(
    pos: Tensor, topology: Topology, radius: float, loop: bool, source: Points | None = None
) -> tuple[Tensor, Tensor]:
    """All pairs of nodes of one item that are at most `radius` apart.

    Args:
        radius: the largest distance, in the unit of `pos`.
        pos, topology, loop, source: as in `nearest_pairs`.

    Returns:
        Senders and receivers, ascending by receiver, then by sender.
    """
    target, senders = Points(pos, topology), source or Points(pos, topology)
    if not topology.num_nodes or not senders.topology.num_nodes:
        return _pair(np.empty((0, 2)), pos)
    places, others = _with_items_apart(target, senders, gap=2 * radius + 1)
    found = _tree(places).sparse_distance_matrix(_tree(others), radius, output_type="ndarray")
    pairs = np.stack([found["j"], found["i"]], 1)
    if source is None and not loop:
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return _pair(pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))], pos)


def _nearest(
    pos: Tensor, topology: Topology, k: int, loop: bool, source: Points | None, radius: float
) -> tuple[Tensor, Tensor]:
    target, senders = Points(pos, topology), source or Points(pos, topology)
    if not topology.num_nodes or not senders.topology.num_nodes:
        return _pair(np.empty((0, 2)), pos)
    places, others = _with_items_apart(target, senders)
    nodes = np.arange(len(places))[:, None]
    without_itself = source is None and not loop
    wanted = k + int(without_itself)
    found, distances = _query(_tree(others), places, wanted, int(senders.topology.node_counts.max()))
    items, found_items = (points.topology.item_ids.cpu().numpy() for points in (target, senders))
    distances[found_items[found] != items[nodes]] = np.inf
    if without_itself:
        distances[found == nodes] = -1  # first, and then left out
    order = np.lexsort((found, distances))[:, :wanted]
    found, distances = np.take_along_axis(found, order, 1), np.take_along_axis(distances, order, 1)
    if without_itself:  # among very many coincident nodes it may not have been found: then leave out the last
        hidden = distances[:, 0] >= 0
        distances[hidden, -1] = -1
    chosen = np.isfinite(distances) & (distances >= 0) & (distances <= radius)
    return _pair(np.stack([found[chosen], np.broadcast_to(nodes, found.shape)[chosen]], 1), pos)


def _query(tree: Any, places: np.ndarray, wanted: int, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """`(N, >= wanted)` nearest nodes and their distances: with all that are as far as the last, up to a limit."""
    asked, limit = min(wanted + 1, largest), min(4 * wanted + 32, largest)
    while True:
        distances, found = tree.query(places, k=[*range(1, asked + 1)])
        tied = asked > wanted and bool((distances[:, wanted - 1] == distances[:, -1]).any())
        if not tied or asked == limit:
            return found, distances
        asked = min(2 * asked, limit)


def _with_items_apart(target: Points, source: Points, gap: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Positions with one more coordinate that keeps items further apart than any two nodes of one item."""
    both = [points.pos.detach().cpu().double().numpy() for points in (target, source)]
    highest = np.maximum(*[points.max(0) for points in both])
    lowest = np.minimum(*[points.min(0) for points in both])
    step = 2 * float(np.linalg.norm(highest - lowest)) + gap
    items = [points.topology.item_ids.cpu().numpy()[:, None] * step for points in (target, source)]
    lifted, others = (np.concatenate(parts, 1) for parts in zip(both, items, strict=True))
    return lifted, others


def _tree(points: np.ndarray) -> Any:
    from scipy.spatial import KDTree

    return KDTree(points)


def _pair(pairs: np.ndarray, like: Tensor) -> tuple[Tensor, Tensor]:
    columns = torch.from_numpy(np.ascontiguousarray(pairs.T, dtype=np.int64)).to(like.device)
    return columns[0], columns[1]
