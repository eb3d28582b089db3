"""Every real mesh and cloud loads, and holds as much as trimesh, plyfile or Open3D find in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import geonets as gn

FOLDER = Path(os.environ.get("GEONETS_DATA", "no such folder"), "points")
FILES = sorted(path for path in FOLDER.rglob("*") if path.suffix in (".off", ".obj", ".ply", ".stl", ".pcd"))

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="GEONETS_DATA names no folder of real data")


def sizes(path: Path) -> tuple[int, int]:
    """Vertices and triangles as others count them; the files are known to be valid."""
    if path.suffix == ".pcd":
        import open3d

        cloud: Any = open3d.io.read_point_cloud(path, remove_nan_points=False, remove_infinite_points=False)
        return len(cloud.points), 0
    if path.suffix == ".ply":
        import plyfile

        found = plyfile.PlyData.read(path)
        return found["vertex"].count, found["face"].count
    if path.suffix == ".obj":  # trimesh parts vertices whose corners have several normals
        words = [line.split() for line in path.read_text().splitlines()]
        kinds = [word[0] for word in words if word]
        return kinds.count("v"), sum(len(word) - 3 for word in words if word and word[0] == "f")
    import trimesh

    shape: Any = trimesh.load(path, process=path.suffix == ".stl", force="mesh")
    return len(shape.vertices), len(shape.faces)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_equal_to_others(path: Path) -> None:
    shape = gn.read(path)
    faces = len(shape.levels["faces"]["vertices"]) if "faces" in shape.levels else 0
    assert (shape.num_nodes, faces) == sizes(path)


def test_a_depth_image_keeps_its_colours_and_labels() -> None:
    import numpy as np
    import open3d

    path = FOLDER / "pcd" / "mOSD" / "learn0.pcd"
    cloud = gn.read(path)
    theirs: Any = open3d.t.io.read_point_cloud(path, remove_nan_points=False, remove_infinite_points=False)
    np.testing.assert_array_equal(cloud.pos, theirs.point.positions.numpy())
    np.testing.assert_array_equal((cloud.nodes["color"] * 255).round(), theirs.point.colors.numpy())
    assert int((~cloud.nodes["valid"]).sum()) == int(np.isnan(cloud.pos.numpy()).any(1).sum()) > 0
    assert cloud.nodes["label"].max() > 1 and cloud.meta is not None and cloud.meta[0]["height"] == 480


def test_every_aerial_object_loads() -> None:
    paths = [path for path in (FOLDER / "dales_objects").rglob("*") if path.is_file()]
    clouds = [gn.read(path) for path in paths]
    assert len(clouds) == 374 and all(cloud.num_nodes for cloud in clouds)
    assert gn.batch(clouds).num_nodes == sum(cloud.num_nodes for cloud in clouds)


def test_every_cap_has_normals_and_parts() -> None:
    for path in sorted((FOLDER / "shapenet_part_cap").glob("*.npz")):
        cap = gn.read(path)
        assert cap.pos.shape == cap.nodes["normal"].shape == (len(cap.nodes["part"]), 3)
