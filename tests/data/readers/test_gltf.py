"""glTF: parts where their nodes put them, and no other file than the buffers of the same folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from shape_files import COLORS, GLTF, GLTF_BYTES, POSITIONS, SHAPES, TRIANGLES, glb, gltf

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
    assert scene.topology.node_counts.tolist() == [5, 5]
    assert scene.nodes["label"].tolist() == [*range(5)] * 2
    mirrored, strip = [[c, b, a] for a, b, c in TRIANGLES], [[5, 6, 7], [6, 8, 7], [7, 8, 9]]
    assert scene.levels["faces"]["vertices"].tolist() == mirrored + strip
    left_out = ["TANGENT", "NORMAL"]
    assert scene.meta == (
        {"name": "whole", "geometry": "mesh 0", "left_out": left_out},
        {"name": "strip", "geometry": "mesh 1", "left_out": left_out},
    )


def test_a_scene_is_the_same_from_a_file_and_from_trimesh(tmp_path: Path) -> None:
    import trimesh

    scene: Any = trimesh.Scene()
    shapes: list[Any] = [trimesh.creation.box(), trimesh.creation.icosphere(subdivisions=1)]
    move = trimesh.transformations.compose_matrix(scale=[1, 2, 3], angles=[0.1, 0.5, 0.2], translate=[3, 0, 1])
    for number, shape in enumerate(shapes):
        shape.visual.vertex_colors = (np.arange(4 * len(shape.vertices)) % 250).reshape(-1, 4).astype(np.uint8)
        scene.add_geometry(shape, node_name=f"node {number}", geom_name=f"shape {number}", transform=move)
    scene.graph.update("again", geometry="shape 0")
    (tmp_path / "scene.glb").write_bytes(scene.export(file_type="glb"))
    loaded: Any = trimesh.load(tmp_path / "scene.glb", process=False)
    ours, theirs = gn.read(tmp_path / "scene.glb"), gn.from_trimesh(loaded)
    assert len(ours) == len(theirs) == 3 and ours.meta is not None and theirs.meta is not None
    order = [[record["name"] for record in theirs.meta].index(record["name"]) for record in ours.meta]
    theirs = theirs[order]
    assert [record["geometry"] for record in ours.meta] == [record["geometry"] for record in theirs.meta or ()]
    assert ours.topology.node_counts.tolist() == theirs.topology.node_counts.tolist()
    torch.testing.assert_close(ours.pos, theirs.pos)
    for name in ("color", "alpha"):
        assert torch.equal(ours.nodes[name], theirs.nodes[name])
    assert torch.equal(ours.levels["faces"]["vertices"], theirs.levels["faces"]["vertices"])
    one = gn.mesh(ours.pos, ours.levels["faces"]["vertices"])  # corners count through the batch
    assert len(one) == 1 and torch.equal(one.topology.links.senders, ours.topology.links.senders)


def test_points_beside_a_mesh_are_an_item_without_triangles(tmp_path: Path) -> None:
    entries = json.loads(json.dumps(GLTF))
    entries["meshes"][1]["primitives"][0]["mode"] = 0
    (tmp_path / "mixed.glb").write_bytes(glb(entries))
    mixed = gn.read(tmp_path / "mixed.glb")
    assert mixed.levels["faces"].counts.tolist() == [len(TRIANGLES), 0]
    entries["meshes"][0]["primitives"][0]["mode"] = 0
    (tmp_path / "points.glb").write_bytes(glb(entries))
    clouds = gn.read(tmp_path / "points.glb")
    assert isinstance(clouds.topology, gn.Set) and clouds.topology.node_counts.tolist() == [5, 5]


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
