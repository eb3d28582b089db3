"""PLY: the Stanford polygon format, meshes and clouds with any columns, as text or bytes of either order."""

from __future__ import annotations

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.data.readers.plyheader import header
from geonets.data.readers.plyrows import rows_of_bytes, rows_of_text
from geonets.data.readers.polygons import triangles
from geonets.data.readers.source import Source
from geonets.data.readers.vertices import fields, positions, shape

CORNERS = ("vertex_indices", "vertex_index")
"""The names that the list of a face's corners goes by."""


def read_ply(source: Source, *, dtype: torch.dtype = torch.float32) -> Structure:
    """A mesh or cloud as one item; columns of vertices are node fields, columns of faces fields of the level `faces`.

    `docs/shapes.md` states the names of fields. Polygons are cut into triangles; without faces the vertices are a
    cloud. Other elements than `vertex` and `face`, and other lists than the corners of faces, are left out, and named
    in the item's `meta["left_out"]`.

    Args:
        source: the file.
        dtype: of positions, normals and colours.

    Raises:
        ReadError: if the header is broken, rows are missing, or a face names no vertex.

    Reference: Greg Turk, "The PLY polygon file format", 1994.
    """
    order, elements, num_lines, at = header(source)
    found = {}
    for element in elements:
        if order:
            rows, at = rows_of_bytes(source, at, order, element)
        else:
            rows = rows_of_text(source, source.lines[num_lines : num_lines + element.count], element)
            num_lines += element.count
        found[element.name] = element, rows
    rest = source.content[at:].strip(b"\0\r\n") if order else "".join(source.lines[num_lines:]).strip()
    if rest:
        place = f"byte {at}" if order else f"line {num_lines + 1}"
        raise source.error("end after the rows that its header announces", "more", place, "Correct the counts.")
    if "vertex" not in found:
        raise source.error("have an element vertex", "none", "header", "Check that it holds a mesh or cloud.")
    element, (columns, lists) = found.pop("vertex")
    left_out = [f"vertex {name}" for name in lists]
    if not {"x", "y", "z"} <= columns.keys():
        names = ", ".join(columns) or "none"
        raise source.error("have the columns x, y and z", names, element.announced, "Name them so.")
    pos = positions(source, np.stack([columns.pop(axis) for axis in "xyz"], 1), dtype, element.place)
    nodes = fields(source, columns, dtype)
    faces, of_faces = None, {}
    if "face" in found:
        element, (columns, lists) = found.pop("face")
        name = next((name for name in CORNERS if name in lists), None)
        if name is not None:
            sizes, corners = lists.pop(name)
            faces = triangles(source, sizes, corners, len(pos), element.place)
            rows = torch.from_numpy(faces.polygons)
            of_faces = {name: field[rows] for name, field in fields(source, columns, dtype).items()}
        left_out += [f"face {name}" for name in lists]
    left_out += found
    return shape(pos, nodes, faces, of_faces, {"left_out": left_out} if left_out else None)
