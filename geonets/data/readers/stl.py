"""STL: triangles without shared corners, as text or bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.data.constructors import mesh
from geonets.data.readers.numbers import table
from geonets.data.readers.source import Source
from geonets.data.readers.vertices import positions

HEAD, FACET = 84, 50
"""Bytes before the first facet, and of each: a normal and three corners of three floats, and two bytes more."""

BLOCK = ("facet", "outer", "vertex", "vertex", "vertex", "endloop", "endfacet")
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


def _ascii(source: Source) -> tuple[np.ndarray, Sequence[int]]:
    """`(3 F, 3)` corners, and the line of each."""
    stripped = [line.strip().lower() for line in source.lines]
    frame = ("solid", "endsolid")
    first = next((number for number, line in enumerate(stripped) if line), 0)
    if not stripped or not stripped[first].startswith("solid"):
        raise source.error("begin with solid, or be binary STL", "neither", "line 1", "Check that it is STL.")
    lines = [number for number, line in enumerate(stripped, 1) if line and not line.startswith(frame)]
    body = [line for line in stripped if line and not line.startswith(frame)]
    end = len(stripped) - next(number for number, line in enumerate(reversed(stripped)) if line)
    if not stripped[end - 1].startswith("endsolid"):
        raise source.error("end with endsolid", stripped[end - 1], f"line {end}", "Fetch the whole file.")
    for step, word in enumerate(BLOCK):
        wrong = next((row for row, line in enumerate(body[step::7]) if not line.startswith(word)), None)
        if wrong is not None:
            row = step + 7 * wrong
            rule, got = f"have a line that begins with {word} there", repr(body[row])
            raise source.error(rule, got, f"line {lines[row]}", "Correct the facet.")
    if len(body) % 7:
        raise source.error("have seven lines a facet", "fewer", f"line {lines[-1]}", "Fetch the whole file.")
    corners = np.arange(len(body)).reshape(-1, 7)[:, 2:5].ravel().tolist()
    places = [lines[row] for row in corners]
    texts = [body[row].removeprefix("vertex") for row in corners]
    return table(source, texts, columns=3, first_line=places, rows_are="corner"), places


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
