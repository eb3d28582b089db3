"""PLY: the same shape from text and from bytes of either order, and as others read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from shape_files import COLORS, POSITIONS, SHAPES, TRIANGLES, ply

import geonets as gn


@pytest.mark.parametrize("name", SHAPES["ply"])
def test_every_variant_holds_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(SHAPES["ply"][name])
    shape = gn.read(path)
    assert shape.pos.tolist() == [list(map(float, pos)) for pos in POSITIONS]
    torch.testing.assert_close(shape.nodes["color"], torch.tensor(COLORS) / 255)
    assert shape.nodes["label"].tolist() == [0, 1, 2, 3, 4]
    assert shape.nodes["confidence"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert shape.levels["faces"]["vertices"].tolist() == [list(face) for face in TRIANGLES]
    parts = range(6) if name == "even.ply" else [0, 0, 1, 2, 3, 4]  # a square becomes two triangles
    assert shape.levels["faces"]["part"].tolist() == list(parts)
    assert shape.meta == ({"left_out": ["edge"]},)


def test_fields_have_the_precision_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.ply"
    path.write_bytes(ply("<"))
    shape = gn.read(path, dtype=torch.float64)
    assert shape.pos.dtype == shape.nodes["color"].dtype == torch.float64
    assert shape.nodes["confidence"].dtype == torch.float32  # as in the file


def test_shapes_that_float32_would_bend_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tile.ply"
    rows = "".join(f"{4_500_000 + n / 8} 0 0\n" for n in range(80))
    head = "property double x\nproperty double y\nproperty double z\nend_header\n"
    path.write_text("ply\nformat ascii 1.0\nelement vertex 80\n" + head + rows)
    with pytest.raises(gn.errors.ReadError, match=r"dtype=torch\.float64"):
        gn.read(path)
    assert gn.read(path, dtype=torch.float64).pos[:, 0].diff().unique().tolist() == [0.125]


@pytest.mark.parametrize("order", ["", "<", ">"])
def test_equal_to_plyfile(order: str, tmp_path: Path) -> None:
    import plyfile

    draw = np.random.default_rng(0)
    vertices = np.empty(
        50, [("x", "f8"), ("y", "f4"), ("z", "f4"), ("nx", "f4"), ("ny", "f4"), ("nz", "f4"), ("q", "i2")]
    )
    for name in vertices.dtype.names or ():
        vertices[name] = draw.integers(-99, 99, 50)
    faces = np.empty(30, [("vertex_indices", object), ("red", "u1"), ("green", "u1"), ("blue", "u1")])
    faces["vertex_indices"] = [draw.permutation(50)[: draw.integers(3, 6)].astype("i4") for _ in range(30)]
    for name in ("red", "green", "blue"):
        faces[name] = draw.integers(0, 256, 30)
    elements = [plyfile.PlyElement.describe(vertices, "vertex"), plyfile.PlyElement.describe(faces, "face")]
    path = tmp_path / "a.ply"
    plyfile.PlyData(elements, text=not order, byte_order=order or "=").write(path)
    shape = gn.read(path)
    for axis, name in enumerate("xyz"):
        np.testing.assert_array_equal(shape.pos[:, axis], vertices[name].astype("f4"))
        np.testing.assert_array_equal(shape.nodes["normal"][:, axis], vertices["n" + name])
    np.testing.assert_array_equal(shape.nodes["q"], vertices["q"])
    fans = [(c[0], c[n], c[n + 1]) for c in faces["vertex_indices"] for n in range(1, len(c) - 1)]
    np.testing.assert_array_equal(shape.levels["faces"]["vertices"], fans)
    red = [r for c, r in zip(faces["vertex_indices"], faces["red"], strict=True) for _ in range(len(c) - 2)]
    np.testing.assert_array_equal((shape.levels["faces"]["color"][:, 0] * 255).round(), red)


def test_colours_go_to_trimesh(tmp_path: Path) -> None:
    path = tmp_path / "a.ply"
    path.write_bytes(ply("<"))
    shape = gn.read(path)
    held: Any = gn.to_trimesh(gn.points([shape.pos], nodes={"color": shape.nodes["color"]}))
    assert held.colors[:, :3].tolist() == [list(color) for color in COLORS]
    held = gn.to_trimesh(shape.replace(levels={}, meta=None).replace(levels=gn.mesh(shape.pos, TRIANGLES).levels))
    assert held.visual.vertex_colors[:, :3].tolist() == [list(color) for color in COLORS]
