"""glTF: parts where their nodes put them, and no other file than the buffers of the same folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from shape_files import COLORS, GLTF_BYTES, POSITIONS, SHAPES, TRIANGLES, gltf

import geonets as gn


@pytest.mark.parametrize("name", [*SHAPES["gltf"], "beside.gltf"])
def test_every_variant_holds_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(SHAPES["gltf"].get(name) or gltf("the%20bytes.bin"))
    (tmp_path / "the bytes.bin").write_bytes(GLTF_BYTES)
    scene = gn.read(path)
    turned = [(1 - 2 * y, x, -z) for x, y, z in POSITIONS]  # stretched and mirrored, turned by a right angle, moved
    raised = [(1 + x, y, 5 + z) for x, y, z in POSITIONS]
    torch.testing.assert_close(scene.pos, torch.tensor(turned + raised).float())
    torch.testing.assert_close(scene.nodes["color"], torch.tensor(COLORS * 2) / 255)
    torch.testing.assert_close(scene.nodes["alpha"], torch.full((10,), 0.2))
    assert scene.nodes["part"].tolist() == [0] * 5 + [1] * 5
    assert scene.nodes["label"].tolist() == [*range(5)] * 2
    mirrored, strip = [[c, b, a] for a, b, c in TRIANGLES], [[5, 6, 7], [6, 8, 7], [7, 8, 9]]
    assert scene.levels["faces"]["vertices"].tolist() == mirrored + strip
    assert scene.meta == ({"parts": ["whole", "strip"], "left_out": ["TANGENT", "NORMAL"]},)


@pytest.mark.parametrize("suffix", [".glb", ".gltf"])
def test_equal_to_trimesh(suffix: str, tmp_path: Path) -> None:
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=2)
    ball.vertex_normals
    placed = trimesh.transformations.compose_matrix(scale=[1, 2, -3], angles=[0.1, 0.5, 0.2], translate=[3, 0, 1])
    scene = trimesh.Scene()
    scene.add_geometry(ball, node_name="ball", transform=placed)
    exported: Any = scene.export(file_type=suffix[1:], include_normals=True)
    for name, content in ({"a.glb": exported} if suffix == ".glb" else exported).items():
        (tmp_path / ("a.gltf" if name == "model.gltf" else name)).write_bytes(content)
    ours = gn.read(tmp_path / f"a{suffix}")
    theirs = ball.copy().apply_transform(placed)
    np.testing.assert_allclose(ours.pos, theirs.vertices, atol=1e-6)
    corners = ours.pos[ours.levels["faces"]["vertices"]]
    volume = torch.linalg.det(corners.double()).sum() / 6
    np.testing.assert_allclose(volume, theirs.volume, rtol=1e-5)  # positive: faces still look outwards
    normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (normals * ours.nodes["normal"][ours.levels["faces"]["vertices"][:, 0]]).sum(1).min() > 0


def test_files_outside_the_folder_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(GLTF_BYTES)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link.bin").symlink_to(tmp_path / "secret.bin")
    for uri in ("../secret.bin", "link.bin", str(tmp_path / "secret.bin"), "file:///etc/hostname", "%2e%2e/secret.bin"):
        path = tmp_path / "inside" / "a.gltf"
        path.write_bytes(gltf(uri))
        with pytest.raises(gn.errors.ReadError, match="its folder"):
            gn.read(path)
