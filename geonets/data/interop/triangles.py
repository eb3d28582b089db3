"""Triangle meshes of other libraries as structures, and what must hold for one to go back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.structure import Level, Structure
from geonets.data.constructors import mesh


def mesh_with(
    pos: Tensor,
    corners: Tensor,
    nodes: Mapping[str, Tensor],
    faces: Mapping[str, Tensor],
    meta: Sequence[dict[str, Any]] | None = None,
    globals: Mapping[str, Tensor] | None = None,
) -> Structure:
    """One mesh with further fields of its vertices and of its triangles."""
    for level, given, own in (("nodes", nodes, "pos"), ("faces", faces, "vertices")):
        if own in given:
            raise StructureError(
                f"`{own}` must not be the name of an attribute beside those of the mesh itself; got one of {level}. "
                "Rename it first."
            )
    found = mesh(pos, corners, nodes=dict(nodes), globals=dict(globals or {}), meta=meta)
    if not faces:
        return found
    level = found.levels["faces"]
    return found.replace(levels={"faces": Level(level.counts, {**level.fields, **faces}, level.node_ids)})


def require_mesh(structure: Structure, target: str) -> None:
    """Raise unless the links are the sides of the triangles: other links would be lost.

    Raises:
        StructureError: if there are no positions, or other links.
    """
    if structure.pos is None:
        raise StructureError(
            f"`structure` must have positions for {target}; got none. Give it some: structure.replace(pos=...)."
        )
    starts = structure.topology.node_offsets[:-1]
    counts = structure.topology.node_counts
    level = structure.levels["faces"]
    corners = level["vertices"] - starts.repeat_interleave(level.counts)[:, None]
    parts = corners.split(level.counts.tolist())
    sides = mesh(list(structure.pos.split(counts.tolist())), list(parts)).topology.links if len(counts) else None
    links = structure.topology.links
    if sides and not (torch.equal(sides.senders, links.senders) and torch.equal(sides.receivers, links.receivers)):
        raise StructureError(
            f"`structure` must have no links beside the sides of its triangles for {target}, which would lose them; "
            f"got {links.num_edges} links and {sides.num_edges} sides. Build it anew: gn.mesh(pos, faces)."
        )
