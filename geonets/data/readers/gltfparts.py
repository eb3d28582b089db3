"""Primitives of glTF meshes: what each holds, moved to where a node puts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from geonets.data.readers.gltfdocument import Document
from geonets.data.readers.polygons import triangles

POINTS, TRIANGLES, STRIP, FAN = 0, 4, 5, 6
WIDTHS = {"POSITION": (3,), "NORMAL": (3,), "COLOR_0": (3, 4), "TEXCOORD_0": (2,)}
"""How many numbers an attribute has in each vertex."""


class Part(NamedTuple):
    """A primitive in its place: names of its node and mesh, positions `(N, 3)`, attributes, triangles `(F, 3)`."""

    name: str
    geometry: str
    pos: np.ndarray
    attributes: dict[str, np.ndarray]
    faces: np.ndarray


def parts_of(
    document: Document, number: Any, matrix: np.ndarray, name: str, left_out: dict[str, None]
) -> Iterator[Part]:
    """The primitives of a mesh, moved by a matrix; what is not read is noted.

    Raises:
        ReadError: if an attribute is missing, of another shape or length, or a triangle names no vertex.
    """
    mesh, mesh_place = document.entry("meshes", number, "nodes")
    geometry = str(mesh.get("name", f"mesh {number}"))
    for count, primitive in enumerate(document.listed(mesh, "primitives", mesh_place)):
        place = f"{mesh_place}.primitives[{count}]"
        attributes = primitive.get("attributes") if isinstance(primitive, dict) else None
        if not isinstance(attributes, dict) or "POSITION" not in attributes:
            raise document.error("have a POSITION for each primitive", repr(attributes), place)
        mode = document.whole(primitive, "mode", place, TRIANGLES)
        if mode not in (POINTS, TRIANGLES, STRIP, FAN):
            left_out["lines"] = None
            continue
        pos = _attribute(document, attributes, "POSITION", None, place)
        further: dict[str, np.ndarray] = {}
        for attribute in attributes:
            if attribute in WIDTHS or attribute.startswith("_"):
                further[attribute] = _attribute(document, attributes, attribute, len(pos), place)
            else:
                left_out[attribute] = None
        del further["POSITION"]
        if "NORMAL" in further:
            further["NORMAL"] = _turned(further["NORMAL"], matrix[:3, :3])
        faces = _faces(document, primitive, mode, len(pos), place)
        with np.errstate(over="ignore", invalid="ignore"):
            moved = pos.astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
            mirrored = np.linalg.det(matrix[:3, :3]) < 0  # which turns the faces around
        yield Part(name, geometry, moved, further, faces[:, ::-1] if mirrored else faces)


def _attribute(document: Document, attributes: dict[str, Any], name: str, count: int | None, place: str) -> np.ndarray:
    place = f"{place}.attributes.{name}"
    rows = document.array(attributes[name], place)
    if len(rows) != (len(rows) if count is None else count):
        raise document.error(f"have one value for each of the {count} vertices", f"{len(rows)}", place)
    if name in WIDTHS and (rows.ndim != 2 or rows.shape[1] not in WIDTHS[name]):
        raise document.error(f"have {WIDTHS[name][0]} numbers a vertex", f"shape {rows.shape}", place)
    return rows


def named(attribute: str, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of an attribute, by the names that all formats share."""
    if attribute == "NORMAL":
        return dict(zip(("nx", "ny", "nz"), rows.T, strict=True))
    if attribute == "COLOR_0":
        return dict(zip(("red", "green", "blue", "alpha"), rows.T, strict=False))
    return {"uv" if attribute == "TEXCOORD_0" else attribute[1:].lower(): rows}


def _turned(normals: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Normals of planes that a matrix moves: they move by its transposed inverse."""
    with np.errstate(over="ignore", invalid="ignore"):
        moved = normals.astype(np.float64) @ _cofactors(matrix).T
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        return moved / np.where(length > 0, length, 1)


def _cofactors(matrix: np.ndarray) -> np.ndarray:
    """The transposed inverse up to its length, which singular matrices have, too."""
    first, second, third = matrix.T
    cofactors = np.stack([np.cross(second, third), np.cross(third, first), np.cross(first, second)], 1)
    return -cofactors if np.linalg.det(matrix) < 0 else cofactors


def _faces(document: Document, primitive: dict[str, Any], mode: int, count: int, place: str) -> np.ndarray:
    """`(F, 3)` the triangles of a primitive; none of points."""
    index = np.arange(count)
    if "indices" in primitive:
        index = document.array(primitive["indices"], f"{place}.indices")
        if index.ndim != 1 or index.dtype.kind not in "ui":
            raise document.error("have one whole number for each corner", f"{index.dtype}", f"{place}.indices")
    if mode == POINTS:
        return np.empty((0, 3), np.int64)
    if mode == TRIANGLES:
        if len(index) % 3:
            raise document.error("have three corners for each triangle", f"{len(index)} corners", place)
        corners = index.reshape(-1, 3)
    else:
        step = np.arange(max(len(index) - 2, 0))
        odd = step % 2
        strip = np.stack([step, step + 1 + odd, step + 2 - odd], 1)
        corners = index[strip if mode == STRIP else np.stack([step * 0, step + 1, step + 2], 1)]
    sizes = np.full(len(corners), 3)
    return triangles(
        document.source, sizes, corners.ravel(), count, lambda face: f"JSON, {place}, face {face}"
    ).vertices
