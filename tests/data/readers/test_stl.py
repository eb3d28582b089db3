"""STL: corners at one place become one vertex; text and bytes are told apart by their length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shape_files import POSITIONS, SHAPES, TRIANGLES

import geonets as gn


@pytest.mark.parametrize("name", SHAPES["stl"])
def test_every_variant_holds_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(SHAPES["stl"][name])
    shape = gn.read(path)
    corners = shape.pos[shape.levels["faces"]["vertices"]]
    assert corners.tolist() == [[list(map(float, POSITIONS[v])) for v in face] for face in TRIANGLES]
    assert shape.num_nodes == 5 and shape.pos[0].tolist() == [0, 0, 0]
    apart = gn.read(path, merge=False)
    assert apart.num_nodes == 18 and apart.levels["faces"]["vertices"].flatten().tolist() == list(range(18))


@pytest.mark.parametrize("kind", ["stl", "stl_ascii"])
def test_equal_to_trimesh(kind: str, tmp_path: Path) -> None:
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=3)
    path = tmp_path / "ball.stl"
    ball.export(path, file_type=kind)
    ours, theirs = gn.read(path), trimesh.load_mesh(path)
    assert (ours.num_nodes, len(ours.levels["faces"]["vertices"])) == (len(theirs.vertices), len(theirs.faces))
    np.testing.assert_allclose(ours.pos[ours.levels["faces"]["vertices"]], theirs.triangles, atol=1e-6)


def test_a_zero_has_no_sign(tmp_path: Path) -> None:
    path = tmp_path / "a.stl"
    path.write_bytes(SHAPES["stl"]["text.stl"].replace(b"vertex 0 0 0", b"vertex -0 0 -0", 1))
    assert gn.read(path).num_nodes == 5
