"""Balls and sticks as triangles, for whatever draws triangles."""

from __future__ import annotations

import functools

import numpy as np

from geonets.view.paint import Array
from geonets.view.scene import Scene

SIDES = 12
"""Of a stick."""

MOLECULE_STICK, NETWORK_STICK = 0.42, 0.16
"""Of the thinnest ball's radius."""


def balls(positions: Array, radii: Array, fine: int = 150, fair: int = 1200) -> tuple[Array, Array]:
    """One sphere a node: `(V, 3)` vertices, equally many for each node and in their order, and `(F, 3)` triangles.

    Args:
        positions: `(N, 3)`.
        radii: `(N,)`.
        fine: up to so many balls are round from near; more have fewer triangles,
        fair: and still more the twenty of an icosahedron.

    Example:
        >>> vertices, triangles = balls(np.zeros((2, 3)), np.array([1.0, 2.0]))
        >>> np.linalg.norm(vertices, axis=1).round(6).min(), np.linalg.norm(vertices, axis=1).round(6).max()
        (np.float64(1.0), np.float64(2.0))
    """
    unit, corners = _sphere(2 if len(positions) <= fine else 1 if len(positions) <= fair else 0)
    vertices = positions[:, None] + radii[:, None, None] * unit
    triangles = np.arange(len(positions))[:, None, None] * len(unit) + corners
    return vertices.reshape(-1, 3), triangles.reshape(-1, 3)


def sticks(scene: Scene) -> tuple[Array, Array, Array]:
    """One tube for each half of each strand of each segment.

    Returns:
        `(V, 3)` vertices, `(F, 3)` triangles, and `(V,)` the node to which a vertex' half belongs.
    """
    thickness = (MOLECULE_STICK if scene.kind == "molecule" else NETWORK_STICK) * float(scene.radii.min())
    starts, ends, owners, widths = [], [], [], []
    for (first, second), strands in zip(scene.segments.tolist(), scene.strands.tolist(), strict=True):
        a, b = scene.positions[first], scene.positions[second]
        width = thickness if strands == 1 else 0.55 * thickness
        places = (np.arange(strands) - (strands - 1) / 2) * 3.2 * width
        for place in places:
            shift = place * _sideways(scene, first, second) if place else 0.0
            middle = (a + b) / 2 + shift
            starts += [a + shift, middle]
            ends += [middle, b + shift]
            owners += [first, second]
            widths += [width, width]
    if not starts:
        return np.empty((0, 3)), np.empty((0, 3), dtype=int), np.empty(0, dtype=int)
    vertices, triangles = _tubes(np.array(starts), np.array(ends), np.array(widths))
    return vertices, triangles, np.repeat(owners, 2 * SIDES)


def _sideways(scene: Scene, first: int, second: int) -> Array:
    """Across a bond, in the plane of the bond and one of its neighbours."""
    ends = scene.positions[second] - scene.positions[first]
    along = ends / (np.linalg.norm(ends) or 1.0)
    touching = np.unique(scene.segments[np.isin(scene.segments, (first, second)).any(1)])
    candidates = [scene.positions[n] - scene.positions[first] for n in touching if n not in (first, second)]
    for candidate in [*candidates, np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])]:
        across = candidate - (candidate @ along) * along
        length = np.linalg.norm(across)
        if length > 1e-3 * (np.linalg.norm(candidate) or 1.0):
            return across / length
    return np.array([1.0, 0.0, 0.0])


def _tubes(starts: Array, ends: Array, widths: Array) -> tuple[Array, Array]:
    along = ends - starts
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
    other = np.where(np.abs(along[:, :1]) < 0.9, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    right = np.cross(along, other)
    right /= np.maximum(np.linalg.norm(right, axis=1, keepdims=True), 1e-12)
    above = np.cross(along, right)
    angles = 2 * np.pi * np.arange(SIDES) / SIDES
    rings = widths[:, None, None] * (
        np.cos(angles)[:, None] * right[:, None] + np.sin(angles)[:, None] * above[:, None]
    )  # (tubes, SIDES, 3)
    vertices = np.concatenate([starts[:, None] + rings, ends[:, None] + rings], 1)
    place = np.arange(SIDES)
    after = (place + 1) % SIDES
    corners = np.concatenate(
        [np.stack([place, after, place + SIDES], 1), np.stack([after, after + SIDES, place + SIDES], 1)]
    )
    triangles = np.arange(len(starts))[:, None, None] * 2 * SIDES + corners
    return vertices.reshape(-1, 3), triangles.reshape(-1, 3)


@functools.cache
def _sphere(rounds: int) -> tuple[Array, Array]:
    """A unit sphere of triangles: an icosahedron, each triangle split in four `rounds` times."""
    import trimesh

    sphere = trimesh.creation.icosphere(subdivisions=rounds)
    return np.asarray(sphere.vertices), np.asarray(sphere.faces)
