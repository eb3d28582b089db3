"""Meshes and point clouds."""

from __future__ import annotations

from typing import Any

READY = ("off", "obj", "stl", "ply", "pcd", "xyzpts")


def is_mesh(vertices: int, faces: int) -> Any:
    return lambda s: s.num_nodes == vertices and len(s.levels["faces"]["vertices"]) == faces


def is_cloud(points: int, invalid: int = 0) -> Any:
    return lambda s: s.num_nodes == points and int((~s.nodes["valid"]).sum()) == invalid


CHECKS = {
    "off/control": is_mesh(4, 4),
    "obj/control": is_mesh(4, 4),
    "obj/relative_idx": lambda s: s.levels["faces"]["vertices"].tolist() == [[0, 1, 2]],
    "stl/control_ascii": is_mesh(4, 4),
    "stl/control_bin": is_mesh(4, 4),
    "ply/control_ascii": is_mesh(4, 4),
    "ply/control_le": is_mesh(4, 4),
    "ply/control_be": is_mesh(4, 4),
    "ply/crlf_ascii": is_mesh(4, 4),
    "pcd/control_ascii": is_cloud(4),
    "pcd/control_bin": is_cloud(4),
    "pcd/nan": is_cloud(4, invalid=1),
    "xyzpts/control": lambda s: s.num_nodes == 4,
}
