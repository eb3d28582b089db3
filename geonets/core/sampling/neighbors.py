"""Nearest neighbours inside each item, all items in one KD-tree."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.topology import Topology


def nearest_pairs(pos: Tensor, topology: Topology, k: int, loop: bool) -> tuple[Tensor, Tensor]:
    """The `k` nearest nodes of every node, within its item, nearest first.

    A node with fewer than `k` mates gets them all. Equal distances come in any order, the same on every run.

    Args:
        pos: `(N, D)` positions.
        topology: which nodes share an item.
        k: neighbours a node.
        loop: whether a node is its own neighbour (then it counts among the `k`).

    Returns:
        Senders (the neighbours) and receivers, ascending by receiver.
    """
    num_nodes = topology.num_nodes
    if num_nodes == 0:
        return _pair(np.empty((0, 2)), pos)
    largest = int(topology.node_counts.max())
    wanted = min(k if loop else k + 1, largest)
    if wanted == 0:
        return _pair(np.empty((0, 2)), pos)
    lifted = _with_items_apart(pos, topology)
    _, found = _tree(lifted).query(lifted, k=[*range(1, wanted + 1)])
    found = np.asarray(found).reshape(num_nodes, wanted)
    nodes = np.arange(num_nodes)[:, None]
    if not loop:  # coincident points may hide the node itself: put it last, then drop the last column
        itself = found == nodes
        hidden = ~itself.any(1)
        itself[hidden, -1] = True
        found = found[~itself].reshape(num_nodes, wanted - 1)
    items = topology.item_ids.cpu().numpy()
    receivers = np.broadcast_to(nodes, found.shape)
    inside = (found < num_nodes) & (items[np.minimum(found, num_nodes - 1)] == items[receivers])
    return _pair(np.stack([found[inside], receivers[inside]], 1), pos)


def pairs_within(pos: Tensor, topology: Topology, radius: float, loop: bool) -> tuple[Tensor, Tensor]:
    """All pairs of nodes of one item that are at most `radius` apart.

    Args:
        pos: `(N, D)` positions.
        topology: which nodes share an item.
        radius: the largest distance, in the unit of `pos`.
        loop: whether a node is its own neighbour.

    Returns:
        Senders and receivers, ascending by receiver, then by sender.
    """
    if topology.num_nodes == 0:
        return _pair(np.empty((0, 2)), pos)
    lifted = _with_items_apart(pos, topology, gap=2 * radius + 1)
    found = _tree(lifted).query_pairs(radius, output_type="ndarray").astype(np.int64).reshape(-1, 2)
    both = [found, found[:, ::-1]]
    if loop:
        both.append(np.repeat(np.arange(topology.num_nodes)[:, None], 2, 1))
    pairs = np.concatenate(both)
    return _pair(pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))], pos)


def _with_items_apart(pos: Tensor, topology: Topology, gap: float = 1.0) -> np.ndarray:
    """Positions with one more coordinate that keeps items further apart than any two nodes of one item."""
    points = pos.detach().cpu().double().numpy()
    extent = float(np.linalg.norm(points.max(0) - points.min(0)))
    items = topology.item_ids.cpu().numpy()[:, None]
    return np.concatenate([points, items * (2 * extent + gap)], 1)


def _tree(points: np.ndarray) -> Any:
    from scipy.spatial import KDTree

    return KDTree(points)


def _pair(pairs: np.ndarray, like: Tensor) -> tuple[Tensor, Tensor]:
    columns = torch.from_numpy(np.ascontiguousarray(pairs.T, dtype=np.int64)).to(like.device)
    return columns[0], columns[1]
