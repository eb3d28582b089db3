"""Images keep every bit that the file has."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import geonets as gn

DRAW = np.random.default_rng(0)


def written(path: Path, array: np.ndarray, **options: Any) -> Path:
    Image.fromarray(array).save(path, **options)
    return path


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_bytes(shape: tuple[int, ...], suffix: str, tmp_path: Path) -> None:
    array = DRAW.integers(0, 256, shape, np.uint8)
    if suffix == ".webp" and len(shape) == 2:
        return
    array[..., -1:] |= 1  # WebP forgets the colour where nothing shows
    image = gn.read(written(tmp_path / f"a{suffix}", array, **({"lossless": True} if suffix == ".webp" else {})))
    assert image.topology.sizes.sizes.tolist() == [[5, 7]]
    assert torch.equal(image.x, torch.from_numpy(array).reshape(35, -1))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_not_clipped(suffix: str, tmp_path: Path) -> None:
    array = np.array([[0, 255, 256], [40000, 65535, 1]], np.uint16)
    assert gn.read(written(tmp_path / f"a{suffix}", array)).x.flatten().tolist() == array.flatten().tolist()


def test_one_bit_and_palettes(tmp_path: Path) -> None:
    array = DRAW.integers(0, 2, (3, 9)).astype(bool)
    assert torch.equal(gn.read(written(tmp_path / "a.png", array)).x[:, 0], torch.from_numpy(array).flatten())
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putdata([1, 0])
    image.save(tmp_path / "p.png")
    picture = gn.read(tmp_path / "p.png")
    assert picture.x.flatten().tolist() == [1, 0]
    assert (picture.meta or [{}])[0]["palette"][:6] == [10, 20, 30, 40, 50, 60]


def test_images_are_turned_only_if_asked(tmp_path: Path) -> None:
    record = Image.Exif()
    record[274] = 6
    path = written(tmp_path / "a.png", np.arange(6, dtype=np.uint8).reshape(2, 3), exif=record)
    stored, upright = gn.read(path), gn.read(path, upright=True)
    assert (stored.meta or [{}])[0]["orientation"] == 6
    assert stored.x.flatten().tolist() == [0, 1, 2, 3, 4, 5]
    assert upright.topology.sizes.sizes.tolist() == [[3, 2]]
    assert upright.x.flatten().tolist() == [3, 0, 4, 1, 5, 2]
    assert "orientation" not in (upright.meta or [{}])[0]


def test_pages_are_items(tmp_path: Path) -> None:
    pages = [Image.new("L", (4, 3 + number), number) for number in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    images = gn.read(tmp_path / "a.tif")
    assert images.topology.node_counts.tolist() == [12, 16, 20]
    assert [int(image.x.max()) for image in images] == [0, 1, 2]


def test_an_image_that_is_cut_is_no_grey_image(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(DRAW.integers(0, 256, (64, 64, 3), np.uint8)).save(file, "JPEG")
    (tmp_path / "a.jpg").write_bytes(file.getvalue()[:-200])
    with pytest.raises(gn.errors.ReadError, match="truncated"):
        gn.read(tmp_path / "a.jpg")
