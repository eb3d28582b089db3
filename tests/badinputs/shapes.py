"""Meshes and point clouds."""

from __future__ import annotations

from typing import Any

READY = ("off",)


def is_mesh(vertices: int, faces: int) -> Any:
    return lambda s: s.num_nodes == vertices and len(s.levels["faces"]["vertices"]) == faces


CHECKS = {
    "off/control": is_mesh(4, 4),
}
