"""Vertices and points: the columns of a file become node fields, by one convention for all formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import ReadError
from geonets.core.fields import Level
from geonets.core.options import one_of
from geonets.core.structure import Structure
from geonets.data.colors import fractions
from geonets.data.constructors import mesh, points
from geonets.data.readers.polygons import Place, Triangles
from geonets.data.readers.source import Source

Columns = Mapping[str, np.ndarray]
"""By name: `(N,)` or `(N, C)` values of all points."""

VECTORS = {
    "normal": (("nx", "ny", "nz"), ("normal_x", "normal_y", "normal_z")),
    "color": (("red", "green", "blue"), ("r", "g", "b"), ("diffuse_red", "diffuse_green", "diffuse_blue")),
    "alpha": (("alpha",), ("a",), ("diffuse_alpha",)),
}
"""Columns that are one field together, under any of these names; every other column is a field under its own name."""

ROUNDING = 1e-4
"""The part of a shape's extent by which float32 may move a point."""


def fields(source: Source, columns: Columns, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """Fields of columns other than positions.

    `normal` and `color` are `(N, 3)` of `dtype`; colours and `alpha` are between 0 and 1, whatever the file counts to.
    Other whole numbers are int64, other fractions keep their type.

    Raises:
        ReadError: if two columns would be the same field, or one has numbers beyond int64.
    """
    found: dict[str, Tensor] = {}
    left = dict(columns)
    for name, spellings in VECTORS.items():
        spelling = next((parts for parts in spellings if left.keys() >= set(parts)), None)
        if spelling is not None and (name != "alpha" or "color" in found):
            stacked = np.stack([left.pop(part) for part in spelling], 1)
            rows = torch.from_numpy(np.float64(stacked if name == "normal" else fractions(stacked))).to(dtype)
            found[name] = rows[:, 0] if name == "alpha" else rows
    for name, column in left.items():
        if name in found or name == "pos":
            raise source.error(
                "have one column for each field", f"another for {name!r}", "the names of its columns", "Rename it."
            )
        if column.dtype == np.uint64 and len(column) and int(column.max()) >= 2**63:
            raise source.error("have 64-bit whole numbers", f"{column.max()}", f"column {name!r}", "Convert it.")
        whole = np.issubdtype(column.dtype, np.integer)
        native = np.int64 if whole else column.dtype.newbyteorder("=")
        found[name] = torch.from_numpy(column.astype(native))
    return found


def positions(
    source: Source, rows: np.ndarray, dtype: torch.dtype, place: Place, valid: np.ndarray | None = None
) -> Tensor:
    """`(N, 3)` positions of `dtype`.

    Args:
        source: the file, for messages.
        rows: `(N, 3)` coordinates in the file's precision.
        dtype: `torch.float32` or `torch.float64`.
        place: where a point stands in the file, from its number.
        valid: `(N,)` the points that are there; unless given, all must be.

    Raises:
        ReadError: if one is not finite, or `dtype` is too coarse for so small a shape so far from the origin.
        OptionError: if `dtype` is another.
    """
    one_of("dtype", dtype, (torch.float32, torch.float64))
    lost = np.flatnonzero(~np.isfinite(rows).all(1) if valid is None else ())
    if len(lost):
        raise source.error(
            "have finite coordinates", f"{rows[lost[0]].tolist()}", place(int(lost[0])), "Remove the point."
        )
    exact = np.ascontiguousarray(rows, rows.dtype.newbyteorder("="))
    with np.errstate(over="ignore", invalid="ignore"):
        pos = exact.astype(np.float32 if dtype == torch.float32 else np.float64)
        kept = exact if valid is None else exact[valid]
        if pos.dtype.itemsize < exact.dtype.itemsize and len(kept):
            extent = float((kept.max(0) - kept.min(0)).max())
            moved = float(np.abs(kept.astype(np.float32) - kept).max())
            if not np.isfinite(moved) or (extent > 0 and moved > ROUNDING * extent):
                raise _too_coarse(source, float(np.abs(kept).max()), extent)
    return torch.from_numpy(pos)


def _too_coarse(source: Source, largest: float, extent: float) -> ReadError:
    return source.error(
        "keep its shape in float32",
        f"coordinates up to {largest:g} over an extent of {extent:g}",
        "all points",
        "Keep its precision: read(path, dtype=torch.float64), and subtract the mean before converting.",
    )


def shape(
    pos: Tensor,
    nodes: Mapping[str, Tensor],
    faces: Triangles | None = None,
    face_fields: Mapping[str, Tensor] | None = None,
    meta: dict[str, Any] | None = None,
) -> Structure:
    """One item: a mesh, or a cloud where there are no faces.

    Args:
        pos: `(N, 3)` positions.
        nodes: further fields of the nodes.
        faces: triangles.
        face_fields: further fields of the triangles.
        meta: the record of the item.
    """
    record: dict[str, Any] = {"meta": [meta]} if meta else {}
    if faces is None or not len(faces.vertices):
        return points([pos], nodes=dict(nodes), **record)
    built = mesh([pos], [torch.from_numpy(faces.vertices)], nodes=dict(nodes), **record)
    if not face_fields:
        return built
    level = built.levels["faces"]
    whole = Level(level.counts, {**level.fields, **face_fields}, level.node_ids)
    return built.replace(levels={**built.levels, "faces": whole})
