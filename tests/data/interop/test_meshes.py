"""Meshes and clouds of trimesh and Open3D: no vertex moves, and everything that is held comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import open3d
import pytest
import torch
import trimesh
from PIL import Image
from trimesh import visual

import geonets as gn

RANDOM = np.random.default_rng(0)
CORE: Any = open3d.core.Tensor


def box(**given: Any) -> Any:
    plain = trimesh.creation.box()
    doubled = np.vstack([plain.vertices, plain.vertices])  # vertices that a library would like to merge
    return trimesh.Trimesh(doubled, np.asarray(plain.faces)[::-1], process=False, **given)


def colors(count: int) -> Any:
    return RANDOM.integers(0, 256, (count, 4), dtype=np.uint8)


GIVEN: dict[str, Any] = {
    "plain": {},
    "vertex colors": {"vertex_colors": colors(16)},
    "face colors": {"face_colors": colors(12)},
    "uv": {"visual": visual.TextureVisuals(uv=RANDOM.random((16, 2)))},
    "attributes": {
        "vertex_attributes": {"part": np.arange(16), "field": RANDOM.random((16, 2))},
        "face_attributes": {"id": np.arange(12), "stl": np.arange(12, dtype=np.uint16)},
    },
    "metadata": {"metadata": {"source": "a file", "unit": ("m", 1), "size": np.ones(3)}},
}


@pytest.mark.parametrize("name", GIVEN)
def test_a_mesh_of_trimesh_and_back(name: str) -> None:
    shape = box(**GIVEN[name])
    back = gn.to_trimesh(gn.from_trimesh(shape, dtype=torch.float64))
    assert np.array_equal(back.vertices, shape.vertices) and np.array_equal(back.faces, shape.faces)
    assert back.visual.kind == shape.visual.kind
    if shape.visual.kind in ("vertex", "face"):
        assert np.array_equal(
            getattr(back.visual, f"{shape.visual.kind}_colors"), getattr(shape.visual, f"{shape.visual.kind}_colors")
        )
    if shape.visual.kind == "texture":
        assert np.array_equal(back.visual.uv, shape.visual.uv)
    for level in ("vertex_attributes", "face_attributes"):
        mine, other = getattr(back, level), getattr(shape, level)
        assert mine.keys() == other.keys() and all(np.array_equal(mine[key], other[key]) for key in other)
    if shape.metadata:
        assert back.metadata == {"source": "a file", "unit": ("m", 1), "size": [1.0, 1.0, 1.0]}


def test_every_field_of_a_mesh_goes_to_trimesh_and_comes_back() -> None:
    found = gn.from_trimesh(box(vertex_colors=colors(16)), normals=True)
    found = found.replace(x=torch.randn(16, 2), globals={"y": torch.tensor([[1, 2]])}, meta=[{"name": "box"}])
    assert set(found.nodes) == {"pos", "color", "alpha", "normal", "x"} and "normal" in found.levels["faces"].fields
    shape = gn.to_trimesh(found)
    assert np.allclose(shape.vertex_normals, found.nodes["normal"])
    back = gn.from_trimesh(shape)
    for mine, other in (
        (back.nodes, found.nodes),
        (back.globals, found.globals),
        (back.levels["faces"].fields, found.levels["faces"].fields),
    ):
        assert mine.keys() == other.keys()
        assert all(torch.equal(mine[name], other[name]) for name in other)
    assert back.meta == found.meta


def test_positions_are_of_the_default_dtype_and_their_own() -> None:
    shape = box()
    found = gn.from_trimesh(shape, dtype=torch.float64)
    found.pos[0] = 5.0
    assert gn.from_trimesh(shape).pos.dtype == torch.float32 and shape.vertices.max() < 1


@pytest.mark.parametrize("coloured", [False, True])
def test_a_cloud_of_trimesh_and_back(coloured: bool) -> None:
    shape = trimesh.PointCloud(RANDOM.random((5, 3)), colors=colors(5) if coloured else None)
    found = gn.from_trimesh(shape, dtype=torch.float64)
    back = gn.to_trimesh(found)
    assert ("color" in found.nodes) == coloured
    assert np.array_equal(back.vertices, shape.vertices) and np.array_equal(back.colors, shape.colors)


def test_a_scene_is_an_item_for_each_placed_geometry() -> None:
    scene = trimesh.Scene()
    move = trimesh.transformations.translation_matrix([10.0, 0, 0])
    scene.add_geometry(box(), node_name="left", geom_name="box")
    scene.add_geometry(box(), node_name="right", geom_name="other", transform=move)
    scene.graph.update("third", geometry="box", matrix=move)
    found = gn.from_trimesh(scene)
    assert found.meta is not None
    assert [(record["name"], record["geometry"]) for record in found.meta] == [
        ("left", "box"),
        ("right", "other"),
        ("third", "box"),
    ]
    assert [float(item.pos[:, 0].mean()) for item in found] == [0.0, 10.0, 10.0]
    back = gn.from_trimesh(gn.to_trimesh(found))
    assert torch.equal(back.pos, found.pos) and torch.equal(
        back.levels["faces"]["vertices"], found.levels["faces"]["vertices"]
    )
    assert [record["name"] for record in back.meta or ()] == ["left", "right", "third"]


def test_texture_images_are_refused_until_they_are_colours() -> None:
    shape = box(visual=visual.TextureVisuals(uv=RANDOM.random((16, 2)), image=Image.effect_noise((4, 4), 50)))
    with pytest.raises(gn.errors.StructureError, match="to_color"):
        gn.from_trimesh(shape)
    shape.visual = shape.visual.to_color()
    assert gn.from_trimesh(shape).nodes["color"].shape == (16, 3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_every_byte_of_a_colour_comes_back(dtype: torch.dtype) -> None:
    every = np.stack([np.arange(256), np.arange(256)[::-1], np.arange(256), np.arange(256)], 1).astype(np.uint8)
    shape = trimesh.PointCloud(RANDOM.random((256, 3)), colors=every)
    found = gn.from_trimesh(shape, dtype=dtype)
    assert found.nodes["color"].shape == (256, 3) and found.nodes["alpha"].shape == (256,)
    assert float(found.nodes["color"].max()) == 1.0
    assert np.array_equal(gn.to_trimesh(found).colors, every)
    wide: Any = open3d.t.geometry.PointCloud(CORE.from_numpy(RANDOM.random((65536, 3))))
    wide.point["colors"] = CORE.from_numpy(np.repeat(np.arange(65536, dtype=np.uint16)[:, None], 3, 1))
    wide.point["color"] = CORE.from_numpy(np.ones(65536))  # no name is taken twice
    assert gn.from_open3d(wide).nodes["colors"].shape == (65536, 3)
    del wide.point["color"]
    if dtype != torch.float16:  # which has not as many numbers
        back = gn.to_open3d(gn.from_open3d(wide, dtype=dtype), kind="tensor").point["colors"].numpy()
        assert back.dtype == np.uint16 and np.array_equal(back[:, 0], np.arange(65536))


def test_all_ways_in_give_the_same_colours(tmp_path: Path) -> None:
    opaque = colors(16)
    opaque[:, 3] = 255
    shape = box(vertex_colors=opaque)
    shape.export(tmp_path / "box.ply")
    ours = gn.from_trimesh(shape)
    assert "alpha" not in ours.nodes  # trimesh adds one to every colour
    legacy = gn.from_open3d(gn.to_open3d(ours))
    tensor: Any = gn.to_open3d(ours, kind="tensor")
    for other in (gn.read(tmp_path / "box.ply"), legacy, gn.from_open3d(tensor)):
        assert torch.equal(other.nodes["color"], ours.nodes["color"]) and other.nodes["color"].dtype == torch.float32
    assert gn.view(ours, color="color", save=tmp_path / "box.html") is not None


def test_colours_that_are_no_steps_travel_as_an_attribute() -> None:
    one = gn.from_trimesh(box(vertex_colors=colors(16)))
    two = gn.batch([one, one.replace(nodes={"color": torch.rand(16, 3)})])
    back = gn.from_trimesh(gn.to_trimesh(two))
    assert torch.equal(back.nodes["color"], two.nodes["color"]) and torch.equal(back.nodes["alpha"], two.nodes["alpha"])


def vectors(count: int) -> Any:
    return open3d.utility.Vector3dVector(RANDOM.random((count, 3)))


@pytest.mark.parametrize("full", [False, True])
def test_a_legacy_cloud_of_open3d_and_back(full: bool) -> None:
    cloud: Any = open3d.geometry.PointCloud(vectors(6))
    if full:
        cloud.normals, cloud.colors = vectors(6), vectors(6)
    back = gn.to_open3d(gn.from_open3d(cloud, dtype=torch.float64))
    for name in ("points", "normals", "colors"):
        assert np.array_equal(getattr(back, name), getattr(cloud, name))
    cloud.covariances = open3d.utility.Matrix3dVector(RANDOM.random((6, 3, 3)))
    back = gn.to_open3d(gn.from_open3d(cloud, dtype=torch.float64))
    assert np.array_equal(np.asarray(back.covariances), np.asarray(cloud.covariances))


def test_a_legacy_mesh_of_open3d_and_back() -> None:
    mesh: Any = open3d.geometry.TriangleMesh.create_box()
    mesh.vertex_colors = vectors(8)
    mesh.compute_vertex_normals()
    back = gn.to_open3d(gn.from_open3d(mesh, dtype=torch.float64))
    for name in ("vertices", "triangles", "vertex_normals", "vertex_colors", "triangle_normals"):
        assert np.array_equal(getattr(back, name), getattr(mesh, name)), name
    mesh.triangle_uvs = open3d.utility.Vector2dVector(RANDOM.random((36, 2)))
    mesh.triangle_material_ids = open3d.utility.IntVector(range(12))
    found = gn.from_open3d(mesh, dtype=torch.float64)
    assert found.levels["faces"]["texture_uvs"].shape == (12, 3, 2)
    back = gn.to_open3d(found)
    assert np.array_equal(np.asarray(back.triangle_uvs), np.asarray(mesh.triangle_uvs)) and list(
        back.triangle_material_ids
    ) == list(range(12))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tensor_geometries_of_open3d_and_back(dtype: Any) -> None:
    cloud: Any = open3d.t.geometry.PointCloud()
    mesh: Any = open3d.t.geometry.TriangleMesh.create_box()
    mesh.triangle["colors"] = CORE.from_numpy(colors(12)[:, :3].copy())
    for attributes, count in ((cloud.point, 5), (mesh.vertex, 8)):
        attributes["positions"] = CORE.from_numpy(RANDOM.random((count, 3)).astype(dtype))
        attributes["colors"] = CORE.from_numpy(colors(count))
        attributes["label"] = CORE.from_numpy(np.arange(count))
        attributes["kept"] = CORE.from_numpy(np.arange(count) > 2)
    for geometry in (cloud, mesh):
        back = gn.to_open3d(gn.from_open3d(geometry), kind="tensor")
        maps = [("point",)] if geometry is cloud else [("vertex",), ("triangle",)]
        for (name,) in maps:
            mine, other = dict(getattr(back, name).items()), dict(getattr(geometry, name).items())
            assert mine.keys() == other.keys()
            assert all(
                mine[key].dtype == other[key].dtype and np.array_equal(mine[key].numpy(), other[key].numpy())
                for key in other
            )
    found = gn.from_open3d([cloud, cloud])
    assert {"pos", "color", "alpha", "label", "kept"} == set(found.nodes) and found.nodes[
        "color"
    ].dtype == torch.float32
    changed = gn.to_open3d(found.replace(nodes={"color": found.nodes["color"] / 2}), kind="tensor")[0].point["colors"]
    assert changed.dtype == CORE.from_numpy(np.ones(1, np.float32)).dtype  # bytes would not hold them


def test_a_voxel_grid_and_back() -> None:
    grid: Any = open3d.geometry.VoxelGrid()
    grid.voxel_size, grid.origin = 0.5, np.array([1.0, 2.0, 3.0])
    for place in ([2, 0, 1], [0, 1, 1], [0, 0, 3]):
        grid.add_voxel(open3d.geometry.Voxel(np.array(place, dtype=np.int32), np.array(place) / 4))
    found = gn.from_open3d([grid, grid], dtype=torch.float64)
    assert found[0].topology.coordinates().tolist() == [[0, 0, 3], [0, 1, 1], [2, 0, 1]]  # pyright: ignore[reportAttributeAccessIssue]
    assert torch.equal(found[1].nodes["color"], found[1].topology.coordinates() / 4.0)  # pyright: ignore[reportAttributeAccessIssue]
    back = gn.to_open3d(found)[1]
    assert (back.voxel_size, list(back.origin)) == (0.5, [1.0, 2.0, 3.0])
    listed = [
        sorted((tuple(voxel.grid_index), tuple(voxel.color)) for voxel in each.get_voxels()) for each in (back, grid)
    ]
    assert listed[0] == listed[1]


def test_a_mesh_goes_from_one_library_to_the_other() -> None:
    opaque = colors(16)
    opaque[:, 3] = 255
    mesh = gn.to_open3d(gn.from_trimesh(box(vertex_colors=opaque)))
    assert np.allclose(np.asarray(mesh.vertex_colors) * 255, opaque[:, :3]) and len(mesh.vertices) == 16


def test_several_geometries_are_several_items() -> None:
    clouds = [open3d.geometry.PointCloud(vectors(count)) for count in (3, 5)]
    found = gn.from_open3d(clouds)
    assert found.topology.node_counts.tolist() == [3, 5]
    assert [len(cloud.points) for cloud in gn.to_open3d(found)] == [3, 5]
