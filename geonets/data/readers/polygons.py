"""Polygons of mesh files: checked against the vertices and cut into triangles."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from geonets.data.readers.source import Source

Place = Callable[[int], str]
"""Where a row stands in its file, from its number."""


class Triangles(NamedTuple):
    """Polygons cut into triangles.

    Args:
        vertices: `(F, 3)` vertex numbers.
        corners: `(F, 3)` which of all corners, in the order of the file, each corner is.
        polygons: `(F,)` the polygon that each triangle is part of.
    """

    vertices: np.ndarray
    corners: np.ndarray
    polygons: np.ndarray


def triangles(source: Source, sizes: np.ndarray, corners: np.ndarray, vertices: int, place: Place) -> Triangles:
    """Triangles that fan out from the first corner of every polygon.

    Args:
        source: the file, for messages.
        sizes: `(P,)` how many corners each polygon has.
        corners: `(sum(sizes),)` vertex numbers of all polygons, one after another.
        vertices: how many vertices there are.
        place: where a polygon stands in the file, from its number.

    Raises:
        ReadError: if a polygon has fewer than three corners or names a vertex that is not there.
    """
    starts = np.cumsum(sizes) - sizes
    small = np.flatnonzero(sizes < 3)
    if len(small):
        first = int(small[0])
        raise source.error(
            "have at least three corners a face", f"{int(sizes[first])}", place(first), "Remove the face."
        )
    lost = np.flatnonzero((corners < 0) | (corners >= vertices))
    if len(lost):
        face = int(np.searchsorted(starts, lost[0], side="right")) - 1
        rule = f"have faces of vertices between 0 and {vertices - 1}"
        raise source.error(rule, f"vertex {int(corners[lost[0]])}", place(face), "Correct the face.")
    cuts = sizes - 2
    polygon = np.repeat(np.arange(len(sizes)), cuts)
    step = np.arange(int(cuts.sum())) - np.repeat(np.cumsum(cuts) - cuts, cuts)
    first, second = starts[polygon], starts[polygon] + step + 1
    taken = np.stack([first, second, second + 1], 1)
    return Triangles(corners[taken].astype(np.int64), taken, polygon)
