"""OFF meshes: written by others, and the ways in which they go wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import geonets as gn


def written(folder: Path, text: str) -> Path:
    path = folder / "shape.off"
    path.write_text(text)
    return path


def test_counts_may_stand_beside_the_keyword(tmp_path: Path) -> None:
    body = "0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
    for head in ("OFF\n3 1 0\n", "OFF 3 1 0\n", "OFF3 1 0\n", "OFF # a comment\n\n# another\n3 1 0 # counts\n"):
        assert gn.read(written(tmp_path, head + body)).levels["faces"]["vertices"].tolist() == [[0, 1, 2]]


def test_polygons_become_fans(tmp_path: Path) -> None:
    text = "OFF\n5 2 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n0 0 1\n4 0 1 2 3 255 0 0\n3 0 1 4\n"
    assert gn.read(written(tmp_path, text)).levels["faces"]["vertices"].tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 4]]


def test_equal_to_trimesh(tmp_path: Path) -> None:
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=2)
    ball.export(tmp_path / "ball.off", digits=9)
    ours = gn.read(tmp_path / "ball.off")
    np.testing.assert_allclose(ours.pos, ball.vertices, atol=1e-6)
    assert torch.equal(ours.levels["faces"]["vertices"], torch.from_numpy(ball.faces).long())


@pytest.mark.parametrize("counts", ["4.0 4 6", "-1 0 0", "99999999999999999999 1 0", "4"])
def test_announced_counts_are_checked(tmp_path: Path, counts: str) -> None:
    with pytest.raises(gn.errors.ReadError, match="line 2"):
        gn.read(written(tmp_path, f"OFF\n{counts}\n0 0 0\n"))


def test_meshes_that_follow_one_another_are_items(tmp_path: Path) -> None:
    corner, cloud = "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n", "OFF 1 0 0\n2 2 2\n"
    several = gn.read(written(tmp_path, corner + cloud + corner))
    assert several.topology.node_counts.tolist() == [3, 1, 3]
    assert several.levels["faces"]["vertices"].tolist() == [[0, 1, 2], [4, 5, 6]]
