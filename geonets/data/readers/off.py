"""OFF: the Geometry Center's Object File Format, meshes as text."""

from __future__ import annotations

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.data.constructors import mesh, points
from geonets.data.readers.numbers import table
from geonets.data.readers.polygons import triangles
from geonets.data.readers.source import Source


def read_off(source: Source) -> Structure:
    """A mesh as one item: vertices as nodes with `pos`, polygons cut into triangles that fan out from the first corner.

    The counts may stand on the line of the keyword, with or without a space, as ModelNet writes them. Colours of faces
    are not read; without faces the vertices are a cloud. Meshes that follow one another, each with its keyword, are
    an item each.

    Args:
        source: the file.

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
    positions, corners, at = [], [], 0
    while at < len(rows):
        pos, faces, at = _mesh(source, rows, at)
        positions.append(torch.from_numpy(pos.astype(np.float32)))
        corners.append(torch.from_numpy(faces))
    return mesh(positions, corners) if any(map(len, corners)) else points(positions)


Row = tuple[int, str]
"""A line's number in the file, and its text without comment."""


def _begins(row: Row) -> bool:
    return row[1].upper().startswith("OFF")


def _mesh(source: Source, rows: list[Row], at: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Vertices and triangles of the mesh whose keyword stands in a row, and the row after it."""
    counts = (rows[at][0], rows[at][1][3:].strip())
    if not counts[1]:
        at += 1
        counts = rows[at] if at < len(rows) else (1, "")
    vertices, faces = _counts(source, counts)
    end = at + 1 + vertices + faces
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
    pos = _vertices(source, rows[at + 1 : at + 1 + vertices])
    return pos, _faces(source, rows[at + 1 + vertices : end], vertices), end


def _counts(source: Source, row: Row) -> tuple[int, int]:
    line, text = row
    words = text.split()
    if len(words) not in (2, 3) or not all(word.isascii() and word.isdigit() for word in words):
        raise source.error(
            "announce three whole numbers",
            repr(text),
            f"line {line}",
            "Write how many vertices, faces and edges.",
        )
    return int(words[0]), int(words[1])


def _vertices(source: Source, rows: list[Row]) -> np.ndarray:
    """The first three numbers of every vertex; what follows them is colour or normal."""
    words = [text.split() for _, text in rows]
    try:
        pos = np.array([row[:3] for row in words], dtype=np.float64).reshape(-1, 3)
        if np.isfinite(pos).all():
            return pos
    except ValueError:
        pass
    for number, (line, text) in enumerate(rows):
        table(source, [" ".join(text.split()[:3])], columns=3, first_line=line, rows_are="vertex", first_row=number)
    raise AssertionError("a vertex was refused, but none of them is wrong")


def _faces(source: Source, rows: list[Row], vertices: int) -> np.ndarray:
    words = [text.split() for _, text in rows]
    sizes, corners = [], []
    for number, ((line, text), row) in enumerate(zip(rows, words, strict=True)):
        size = int(row[0]) if row[0].isascii() and row[0].isdigit() else -1
        if not 0 <= size < len(row):
            raise source.error(
                "count and name the corners of a face",
                repr(text),
                f"line {line}, face {number}",
                "Correct the face.",
            )
        sizes.append(size)
        corners += row[1 : size + 1]
    try:
        named = np.array(corners, dtype=np.int64)
    except (ValueError, OverflowError):
        for number, ((line, _), row) in enumerate(zip(rows, words, strict=True)):
            part = [" ".join(row[1 : sizes[number] + 1])]
            table(source, part, first_line=line, rows_are="face", first_row=number, kind=int)
        raise AssertionError("a face was refused, but none of them is wrong") from None
    return triangles(
        source, np.array(sizes, np.int64), named, vertices, lambda face: f"line {rows[face][0]}, face {face}"
    )
