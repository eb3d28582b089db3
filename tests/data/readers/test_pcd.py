"""PCD: the same cloud from text, bytes and compressed bytes; points without return; packed colours."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from shape_files import COLORS, POSITIONS, SHAPES, compressed

import geonets as gn
from geonets.data.readers.lzf import expanded


@pytest.mark.parametrize("name", SHAPES["pcd"])
def test_every_variant_holds_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(SHAPES["pcd"][name])
    cloud = gn.read(path)
    assert cloud.pos[:4].tolist() == [list(map(float, pos)) for pos in POSITIONS[:4]] and cloud.pos[4].isnan().all()
    assert cloud.nodes["valid"].tolist() == [True] * 4 + [False]
    torch.testing.assert_close(cloud.nodes["color"], torch.tensor(COLORS) / 255)
    assert cloud.nodes["label"].tolist() == [0, 1, 2, 3, 4] and cloud.nodes["pair"].tolist()[2] == [2, -2]
    assert cloud.meta is not None and (cloud.meta[0]["width"], cloud.meta[0]["height"]) == (5, 1)


def test_points_without_return_can_be_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.pcd"
    path.write_bytes(SHAPES["pcd"]["binary.pcd"])
    cloud = gn.read(path, drop_invalid=True)
    assert cloud.num_nodes == 4 and cloud.pos.isfinite().all() and "valid" not in cloud.nodes
    assert cloud.nodes["label"].tolist() == [0, 1, 2, 3]


def test_alpha_is_read_where_the_field_has_one(tmp_path: Path) -> None:
    path = tmp_path / "a.pcd"
    head = "VERSION 0.7\nFIELDS x y z rgba\nSIZE 4 4 4 4\nTYPE F F F U\nWIDTH 1\nHEIGHT 1\nDATA ascii\n"
    path.write_text(head + f"0 0 0 {51 << 24 | 255 << 16 | 102 << 8}\n")
    cloud = gn.read(path)
    torch.testing.assert_close(cloud.nodes["color"], torch.tensor([[1, 0.4, 0]]))
    torch.testing.assert_close(cloud.nodes["alpha"], torch.tensor([0.2]))


@pytest.mark.parametrize("content", [b"", b"a", b"ab" * 400, bytes(9000), bytes(range(256)) * 3])
def test_what_was_compressed_expands(content: bytes) -> None:
    packed = compressed(content)
    assert expanded(packed, len(content)) == content
    assert expanded(packed, len(content) + 1) is None and expanded(packed + b"\xe0", len(content)) is None


def test_infinite_positions_are_without_return_too(tmp_path: Path) -> None:
    path = tmp_path / "a.pcd"
    path.write_bytes(SHAPES["pcd"]["ascii.pcd"].replace(b"nan nan nan", b"inf -inf 0"))
    assert gn.read(path).nodes["valid"].tolist() == [True] * 4 + [False]
