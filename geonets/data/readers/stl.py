"""STL: triangles without shared corners, as text or bytes."""

from __future__ import annotations

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.data.constructors import mesh
from geonets.data.readers.numbers import table
from geonets.data.readers.source import Source
from geonets.data.readers.vertices import positions

HEAD, FACET = 84, 50
"""Bytes before the first facet, and of each: a normal and three corners of three floats, and two bytes more."""

BLOCK = (("facet", "normal"), ("outer", "loop"), ("vertex",), ("vertex",), ("vertex",), ("endloop",), ("endfacet",))
"""What the seven lines of a facet begin with."""


def read_stl(source: Source, *, merge: bool = True, dtype: torch.dtype = torch.float32) -> Structure:
    """A mesh as one item; corners at the very same place become one vertex, which the file cannot say.

    Vertices are numbered as they first appear. The normals that the file states follow from the order of corners, and
    are not kept. Several solids of one file are one mesh.

    Args:
        source: the file.
        merge: whether corners at the same place become one vertex; else every facet has its own three.
        dtype: of the positions.

    Raises:
        ReadError: if it is cut, or is neither lines nor bytes of facets.

    Reference: 3D Systems, "StereoLithography interface specification", 1989.
    """
    if _is_binary(source):
        corners, place = _binary(source), lambda corner: f"byte {HEAD + FACET * (corner // 3)}, facet {corner // 3}"
    else:
        corners, lines = _ascii(source)
        place = lambda corner: f"line {lines[corner]}, facet {corner // 3}"  # noqa: E731
    pos = positions(source, corners, dtype, place)
    numbers = torch.arange(len(pos))
    if merge and len(pos):
        kept, numbers = _merged(pos.numpy())
        pos = pos[kept]
    return mesh([pos], [numbers.reshape(-1, 3)])


def _is_binary(source: Source) -> bool:
    """Headers of binary files may begin with `solid` too, so that the length decides."""
    head = source.head(HEAD)
    if len(head) < HEAD:
        return False
    announced = HEAD + FACET * int.from_bytes(head[80:HEAD], "little")
    return announced == len(source.content) or not head.lstrip().lower().startswith(b"solid")


def _binary(source: Source) -> np.ndarray:
    """`(3 F, 3)` corners."""
    content = source.content
    announced = int.from_bytes(content[80:HEAD], "little")
    if len(content) != HEAD + FACET * announced:
        raise source.error(
            f"have the {announced} facets of {FACET} bytes that byte 80 announces",
            f"{len(content) - HEAD} bytes",
            f"facet {min((len(content) - HEAD) // FACET, announced)}",
            "Fetch the whole file, and check that it is STL.",
        )
    facet = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    return np.frombuffer(content, facet, announced, HEAD)["corners"].reshape(-1, 3)


def _ascii(source: Source) -> tuple[np.ndarray, list[int]]:
    """`(3 F, 3)` corners, and the line of each."""
    rows = [(n, words) for n, line in enumerate(source.lines, 1) if (words := line.lower().split())]
    if not rows or rows[0][1][0] != "solid":
        raise source.error("begin with solid, or be binary STL", "neither", "line 1", "Check that it is STL.")
    if rows[-1][1][0] != "endsolid":
        place = f"line {rows[-1][0]}"
        raise source.error("end with endsolid", " ".join(rows[-1][1]), place, "Fetch the whole file.")
    body = [row for row in rows if row[1][0] not in ("solid", "endsolid")]
    for step, begin in enumerate(BLOCK):
        for line, words in body[step::7]:
            if tuple(words[: len(begin)]) != begin:
                got = f"{' '.join(words)!r}"
                raise source.error(f"have a line {' '.join(begin)} there", got, f"line {line}", "Correct the facet.")
    if len(body) % 7:
        raise source.error("have seven lines a facet", "fewer", f"line {rows[-1][0]}", "Fetch the whole file.")
    corners = [row for number, row in enumerate(body) if number % 7 in (2, 3, 4)]
    lines = [line for line, _ in corners]
    texts = [" ".join(words[1:]) for _, words in corners]
    return table(source, texts, columns=3, first_line=lines, rows_are="corner"), lines


def _merged(pos: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """The first corner at each place, and the place of every corner, numbered as they appear."""
    order = np.lexsort(pos.T)  # stable: of corners at one place, the first in the file comes first
    ranked = pos[order]
    first = np.concatenate([[True], (ranked[1:] != ranked[:-1]).any(1)])
    group = np.empty(len(pos), np.int64)
    group[order] = np.cumsum(first) - 1
    heads = order[first]
    rank = np.empty(len(heads), np.int64)
    rank[np.argsort(heads)] = np.arange(len(heads))
    return torch.from_numpy(np.sort(heads)), torch.from_numpy(rank[group])
