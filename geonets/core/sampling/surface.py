"""Points on triangles, equally dense everywhere."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.ranges import offsets_of, segment_sum
from geonets.core.sampling.draws import uniform
from geonets.core.sampling.points import require_finite


class OnSurface(NamedTuple):
    """Points on the triangles of some items.

    Args:
        pos: `(M, 3)` where they are.
        normal: `(M, 3)` the unit normal of their triangle, by the right-hand rule.
        faces: `(M,)` their triangle, counted over the whole batch.
    """

    pos: Tensor
    normal: Tensor
    faces: Tensor


def points_on_triangles(pos: Tensor, corners: Tensor, face_counts: Tensor, wanted: Tensor, seed: int) -> OnSurface:
    """`wanted[b]` points on each item: a triangle with the probability of its area, and any place in it alike.

    `p = (1 - sqrt(u)) a + sqrt(u) (1 - v) b + sqrt(u) v c`.

    Args:
        pos: `(N, 3)` vertices.
        corners: `(F, 3)` vertex numbers, the triangles of an item after those of the item before.
        face_counts: `(B,)` triangles of each item.
        wanted: `(B,)` points of each item.
        seed: of the draws.

    Raises:
        StructureError: if an item that is to have points has no area, or a vertex is not finite.

    Reference: Osada, Funkhouser, Chazelle & Dobkin, "Shape distributions", 2002, equation 1.
    """
    require_finite(pos)
    a, b, c = (pos.double()[corner] for corner in corners.unbind(1))
    cross = torch.linalg.cross(b - a, c - a)
    areas, starts = torch.linalg.vector_norm(cross, dim=1), offsets_of(face_counts)
    items = torch.repeat_interleave(face_counts)
    total = segment_sum(areas.detach()[:, None], starts, items)[:, 0]
    bare = (~((total > 0) & total.isfinite()) & (wanted > 0)).nonzero()
    if len(bare):
        item = int(bare[0])
        raise StructureError(
            f"`mesh` must have triangles with a finite area; got {float(total[item])} "
            f"from {int(face_counts[item])} triangles (item {item}). Leave that item out."
        )
    shares = torch.cat([areas.new_zeros(1), (areas.detach() / torch.where(total > 0, total, 1)[items]).cumsum(0)])
    owners = torch.repeat_interleave(wanted)
    turns = torch.arange(len(owners), device=owners.device) - offsets_of(wanted)[owners]
    first, last = shares[starts[:-1]][owners], shares[starts[1:]][owners]
    faces = torch.searchsorted(shares[1:], first + uniform(seed, owners, turns, 0) * (last - first), right=True)
    numbers = torch.where(areas > 0, torch.arange(len(areas), device=areas.device), 0)
    solid = starts.new_zeros(len(wanted)).scatter_reduce(0, items, numbers, "amax")  # the item's last one with an area
    faces = torch.minimum(faces, solid[owners])
    along, across = uniform(seed, owners, turns, 1).sqrt()[:, None], uniform(seed, owners, turns, 2)[:, None]
    places = (1 - along) * a[faces] + along * (1 - across) * b[faces] + along * across * c[faces]
    normal = cross[faces] / areas[faces][:, None]
    return OnSurface(places.to(pos.dtype), normal.to(pos.dtype), faces)
