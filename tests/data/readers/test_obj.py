"""OBJ: numbers that count back, attributes of corners, and that no other file is opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from shape_files import COLORS, OBJ, POSITIONS, TRIANGLES

import geonets as gn


def test_a_pyramid(tmp_path: Path) -> None:
    path = tmp_path / "pyramid.obj"
    path.write_text(OBJ)
    shape = gn.read(path)
    assert shape.pos.tolist() == [list(map(float, pos)) for pos in POSITIONS]
    torch.testing.assert_close(shape.nodes["color"], torch.tensor(COLORS) / 255)
    assert torch.equal(shape.nodes["normal"], shape.pos)  # every vertex names one, which the file says so
    faces = shape.levels["faces"]
    assert [sorted(face) for face in faces["vertices"].tolist()] == [sorted(face) for face in TRIANGLES]
    assert faces["uv"].shape == (6, 3, 2) and faces["uv"][2].tolist() == [[0.5, 0.5]] * 3


@pytest.mark.parametrize("corner", ["{0}", "{0}/{0}", "{0}//{0}", "{0}/{0}/{0}"])
def test_corners_name_vertices_texture_and_normals(corner: str, tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    rows = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nvn 0 0 1\nvn 0 1 0\nvn 1 0 0\n"
    path.write_text(rows + "f " + " ".join(corner.format(n) for n in (3, 1, 2)) + "\n")
    shape = gn.read(path)
    assert shape.levels["faces"]["vertices"].tolist() == [[2, 0, 1]]
    assert ("uv" in shape.nodes) == ("/{0}" in corner and "//" not in corner)
    assert ("normal" in shape.nodes) == (corner in ("{0}//{0}", "{0}/{0}/{0}"))
    if "normal" in shape.nodes:
        assert shape.nodes["normal"].tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_numbers_count_back_from_their_own_line(tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf -3 -2 -1\nv 0 0 1\nf -4 -2 -1\n")
    assert gn.read(path).levels["faces"]["vertices"].tolist() == [[0, 1, 2], [0, 2, 3]]


def test_white_space_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    path.write_text(" v 0 0 0\n\tv  1 0 0\nv\t0 1 0 # third\n\n  f 1\t2 \\\n 3\n")
    assert gn.read(path).levels["faces"]["vertices"].tolist() == [[0, 1, 2]]


def test_points_and_lines_are_named_as_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    path.write_text("mtllib ../../secret.mtl\nv 0 0 0\nv 1 0 0\nl 1 2\n")
    cloud = gn.read(path)
    assert cloud.num_nodes == 2 and cloud.meta == ({"left_out": ["l"]},)


def test_equal_to_trimesh(tmp_path: Path) -> None:
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=2)
    ball.export(tmp_path / "ball.obj", digits=9, include_normals=True)
    ours = gn.read(tmp_path / "ball.obj")
    np.testing.assert_allclose(ours.pos, ball.vertices, atol=1e-6)
    np.testing.assert_allclose(ours.nodes["normal"], ball.vertex_normals, atol=1e-6)
    assert torch.equal(ours.levels["faces"]["vertices"], torch.from_numpy(ball.faces).long())
