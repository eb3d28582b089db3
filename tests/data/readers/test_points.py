"""Points as lines of numbers: names, separators, counts, and which files are taken for points."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import torch
from shape_files import COLORS, POSITIONS, SHAPES

import geonets as gn
from geonets.data.readers import Source
from geonets.data.readers.points import looks_like_points


@pytest.mark.parametrize("name", SHAPES["points"])
def test_every_variant_holds_the_same_positions(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(SHAPES["points"][name])
    cloud = gn.read(path)
    assert cloud.pos.tolist() == [list(map(float, pos)) for pos in POSITIONS]
    if name in ("named.xyz", "scan.pts"):
        torch.testing.assert_close(cloud.nodes["color"], torch.tensor(COLORS) / 255)
    if name == "comma.txt":
        assert cloud.x.tolist() == [[0.25]] * 5


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "part.txt"
    path.write_text("0 0 0 0 0 1 3.000000\n1 0 0 0 1 0 4.000000\n")
    cloud = gn.read(path, columns="x y z nx ny nz label")
    assert cloud.nodes["normal"].tolist() == [[0, 0, 1], [0, 1, 0]]
    assert cloud.nodes["label"].tolist() == [3, 4] and cloud.nodes["label"].dtype == torch.int64
    assert gn.read(path).x.shape == (2, 4)


def test_a_compressed_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.xyz.gz"
    path.write_bytes(gzip.compress(b"1 2 3\n"))
    assert gn.read(path).pos.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("1 2 3\n", True),
        ("# x y z\n\n1e-3 -2. .5\n", True),
        ("2\n1 2 3\n4 5 6\n", True),
        ("x,y,z,label\n1,2,3,0\n", True),
        ("1\nwater\nO 0 0 0\n", False),
        ("1\n0 0 0\nO 0 0 0\n", False),
        ("0 1\n1 2\n", False),
        ("Mary moved to the bathroom.\n", False),
        ("", False),
    ],
)
def test_which_files_are_taken_for_points(text: str, points: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert looks_like_points(Source(path)) is points


def test_numbers_beyond_float32_are_refused_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.xyz"
    path.write_text("0 0 0 1\n1 1 1 1e300\n")
    for columns in (None, "x y z q"):
        with pytest.raises(gn.errors.ReadError, match="line 2, point 1"):
            gn.read(path, columns=columns)
    assert gn.read(path, dtype=torch.float64).x[1, 0] == 1e300
