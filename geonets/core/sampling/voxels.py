"""Voxels: which cell of a regular grid in space each node lies in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.topology import Topology


class Cells(NamedTuple):
    """The occupied voxels of every item, in ascending order of item and place.

    Args:
        of_node: `(N,)` the voxel of each node, counted over the whole batch.
        counts: `(B,)` occupied voxels of each item.
        places: `(V, D)` whole-numbered place of each voxel: it spans `[place * size, (place + 1) * size)`.
    """

    of_node: Tensor
    counts: Tensor
    places: Tensor


def voxel_of(pos: Tensor, topology: Topology, size: float | Sequence[float]) -> Cells:
    """The voxel `floor(pos / size)` of every node, item by item; the grid has a corner at the origin.

    Args:
        pos: `(N, D)` positions.
        topology: which nodes share an item.
        size: the edge of a voxel, or one for each axis, in the unit of `pos`.

    Raises:
        StructureError: if a position is not finite, or too far away to be counted in voxels.

    Example:
        >>> from geonets.core.topology import Set
        >>> cells = voxel_of(torch.tensor([[0.1], [2.5], [0.9], [0.2]]), Set([3, 1]), 1.0)
        >>> cells.of_node.tolist(), cells.counts.tolist(), cells.places.flatten().tolist()
        ([0, 1, 0, 2], [2, 1], [0, 2, 0])
    """
    edges = torch.as_tensor(size, dtype=torch.float64, device=pos.device)
    places = torch.floor(pos.detach().double() / edges)
    if not bool((places.abs() < 2**62).all()):
        raise StructureError(
            f"`pos` must be finite, and less than 2^62 voxels from the origin; got {float(pos.abs().max()):.3g} with "
            f"voxels of {size}. Remove such nodes, or use larger voxels."
        )
    places = places.long()
    rows = torch.cat([topology.item_ids[:, None], places], 1)
    cells, of_node = torch.unique(rows, dim=0, return_inverse=True)
    counts = torch.bincount(cells[:, 0], minlength=topology.num_items)
    return Cells(of_node, counts, cells[:, 1:])
