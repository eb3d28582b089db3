"""SciPy's KD-tree: one for all items, which one more coordinate keeps apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.packages import require
from geonets.core.sampling.points import Points

RUN = 64
"""So many coincident nodes a leaf of the tree may hold without harm."""


class Forest:
    """A KD-tree of the nodes of all items, for receivers of the same items.

    Args:
        target: the receivers.
        source: whose nodes are in the tree.
        gap: how much further apart two items are than any two nodes of one.
    """

    def __init__(self, target: Points, source: Points, gap: float = 1.0) -> None:
        both = [points.pos.cpu().numpy() for points in (target, source)]
        highest = np.maximum(*[points.max(0) for points in both])
        lowest = np.minimum(*[points.min(0) for points in both])
        step = 2 * float(np.linalg.norm(highest - lowest)) + gap
        items = [points.topology.item_ids.cpu().numpy()[:, None] * step for points in (target, source)]
        self.places, others = (np.concatenate(parts, 1) for parts in zip(both, items, strict=True))
        self.source, self.device = source, source.pos.device
        spatial: Any = require("scipy.spatial", "scipy")
        self.tree = spatial.KDTree(others)

    def nearest(self, rows: Tensor, asked: int) -> tuple[Tensor, Tensor]:
        """`(R, asked)` numbers of the nearest nodes of any item, and their distances: infinite where there are none."""
        distances, found = self.tree.query(self.places[rows.cpu().numpy()], k=[*range(1, asked + 1)])
        missing = found == self.tree.n
        found[missing] = 0
        return self._tensor(found), self._tensor(distances)

    def within(self, radius: float) -> tuple[Tensor, Tensor]:
        """Receivers and senders of all pairs that are at most `radius` apart, as the tree computes it."""
        other = require("scipy.spatial", "scipy").KDTree(self.places)
        pairs = other.sparse_distance_matrix(self.tree, radius, output_type="ndarray")
        return self._tensor(pairs["i"].astype(np.int64)), self._tensor(pairs["j"].astype(np.int64))

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)


def thinned(source: Points, most: int) -> Tensor:
    """The nodes without those that share their place with `most` nodes of lower number: no search needs more.

    Nodes that no long run of equal first coordinates makes suspicious all stay.
    """
    everyone, device = np.arange(source.topology.num_nodes), source.pos.device
    first = np.sort(source.pos[:, 0].cpu().numpy())
    if len(first) <= RUN or bool((first[RUN:] != first[:-RUN]).all()):
        return torch.from_numpy(everyone).to(device)
    rows = np.concatenate([source.topology.item_ids.cpu().numpy()[:, None], source.pos.cpu().numpy()], 1)
    _, places = np.unique(rows, axis=0, return_inverse=True)
    order = np.argsort(places.reshape(-1), kind="stable")
    ordered = places.reshape(-1)[order]
    rank = everyone - np.searchsorted(ordered, ordered)
    return torch.from_numpy(np.sort(order[rank < most])).to(device)
