"""OFF: the Geometry Center's Object File Format, meshes as text."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from geonets.core.structure import Structure
from geonets.data.constructors import mesh, points
from geonets.data.readers.numbers import natural, table
from geonets.data.readers.polygons import triangles
from geonets.data.readers.source import Source
from geonets.data.readers.vertices import positions


def read_off(source: Source, *, dtype: torch.dtype = torch.float32) -> Structure:
    """A mesh as one item: vertices as nodes with `pos`, polygons cut into triangles that fan out from the first corner.

    The counts may stand on the line of the keyword, with or without a space, as ModelNet writes them. Colours of faces
    are not read; without faces the vertices are a cloud. Meshes that follow one another, each with its keyword, are
    an item each.

    Args:
        source: the file.
        dtype: of the positions.

    Raises:
        ReadError: if it does not begin with OFF, has other lines than announced, or a face names no vertex.

    Reference: Geometry Center, "OFF: a simple file format", in the Geomview manual.
    """
    numbered = [(number, line.partition("#")[0].strip()) for number, line in enumerate(source.lines, 1)]
    rows = [(number, line) for number, line in numbered if line]
    if not rows or not _begins(rows[0]):
        raise source.error(
            "begin with OFF", repr(rows[0][1]) if rows else "nothing", "line 1", "Check that it is an OFF file."
        )
    vertices, corners, at = [], [], 0
    while at < len(rows):
        pos, faces, at = _mesh(source, rows, at, dtype)
        vertices.append(pos)
        corners.append(faces)
    return mesh(vertices, corners) if any(map(len, corners)) else points(vertices)


Row = tuple[int, str]
"""A line's number in the file, and its text without comment."""


def _begins(row: Row) -> bool:
    return row[1].upper().startswith("OFF")


def _mesh(source: Source, rows: list[Row], at: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, int]:
    """Vertices and triangles of the mesh whose keyword stands in a row, and the row after it."""
    counts = (rows[at][0], rows[at][1][3:].strip())
    if not counts[1]:
        at += 1
        counts = rows[at] if at < len(rows) else (1, "")
    vertices, faces = _counts(source, counts)
    middle, end = at + 1 + vertices, at + 1 + vertices + faces
    if end > len(rows):
        raise source.error(
            f"have the {vertices} vertices and {faces} faces that line {counts[0]} announces",
            f"{len(rows) - at - 1} lines of them",
            f"end, line {rows[-1][0]}",
            "Fetch the whole file.",
        )
    if end < len(rows) and not _begins(rows[end]):
        raise source.error(
            f"end after {vertices} vertices and {faces} faces",
            "more lines",
            f"line {rows[end][0]}",
            "Correct the counts, or remove the lines.",
        )
    lines = [line for line, _ in rows[at + 1 : middle]]
    texts = [text for _, text in rows[at + 1 : middle]]
    if texts and len(texts[0].split()) > 3:  # what follows the position is colour or normal
        texts = [" ".join(text.split()[:3]) for text in texts]
    numbers = table(source, texts, columns=3, first_line=lines, rows_are="vertex")
    pos = positions(source, numbers, dtype, lambda vertex: f"line {lines[vertex]}, vertex {vertex}")
    return pos, _faces(source, rows[middle:end], vertices), end


def _counts(source: Source, row: Row) -> tuple[int, int]:
    line, text = row
    counts = [natural(word) for word in text.split()]
    if len(counts) not in (2, 3) or counts[0] is None or counts[1] is None:
        raise source.error(
            "announce three whole numbers",
            repr(text),
            f"line {line}",
            "Write how many vertices, faces and edges.",
        )
    return counts[0], counts[1]


def _faces(source: Source, rows: list[Row], vertices: int) -> Tensor:
    """Triangles of lines that count their corners and name them; what follows on a line is colour."""
    sizes, words, lines = [], [], []
    for number, (line, text) in enumerate(rows):
        count, *named = text.split()
        size = natural(count)
        if size is None or size > len(named):
            raise source.error(
                "count and name the corners of a face",
                repr(text),
                f"line {line}, face {number}",
                "Correct the face.",
            )
        sizes.append(size)
        words += named[:size]
        lines += [line] * size
    corners = table(source, words, columns=1, first_line=lines, rows_are="corner", kind=int)[:, 0]
    counts = np.array(sizes, np.int64)
    faces = triangles(source, counts, corners, vertices, lambda face: f"line {rows[face][0]}, face {face}")
    return torch.from_numpy(faces.vertices)
