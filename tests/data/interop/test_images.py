"""PIL images of every mode, back to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import geonets as gn

MODES = [
    "1",
    "L",
    "P",
    "RGB",
    "RGBA",
    "LA",
    "PA",
    "CMYK",
    "YCbCr",
    "HSV",
    "LAB",
    "I",
    "F",
    "I;16",
    "I;16B",
    "RGBX",
    "La",
    "RGBa",
]


def drawn(mode: str, size: tuple[int, int] = (5, 3), seed: int = 0) -> Image.Image:
    count = len(Image.new(mode, size).tobytes())
    noise = np.random.default_rng(seed).integers(0, 256, count, dtype=np.uint8).tobytes()
    image = Image.frombytes(mode, size, noise)
    if mode in ("P", "PA"):
        image.putpalette(list(range(30)))
    return image


@pytest.mark.parametrize("mode", MODES)
def test_an_image_and_back(mode: str) -> None:
    image = drawn(mode)
    found = gn.from_pil(image)
    back = gn.to_pil(found)
    assert (back.mode, back.size, back.tobytes()) == (mode, image.size, image.tobytes())
    assert back.getpalette() == image.getpalette()
    assert torch.equal(gn.from_pil(back).x, found.x)


def test_pixels_stand_where_they_stood() -> None:
    image = Image.new("RGB", (4, 2))
    image.putpixel((3, 1), (7, 8, 9))
    found = gn.from_pil(image)
    assert found.topology.uniform == (2, 4)
    assert found.x.reshape(2, 4, 3)[1, 3].tolist() == [7, 8, 9]


def test_sixteen_bits_are_not_clipped() -> None:
    image = Image.fromarray(np.array([[0, 255, 256, 65535]], dtype=np.uint16))
    assert gn.from_pil(image).x.flatten().tolist() == [0, 255, 256, 65535]


def test_images_of_different_sizes_are_a_batch() -> None:
    images = [drawn("L", (4, 3)), drawn("L", (0, 2)), drawn("1", (9, 1)).convert("L")]
    found = gn.from_pil(images, y=[0, 1, 0])
    assert found.topology.sizes.sizes.tolist() == [[3, 4], [2, 0], [1, 9]]
    back = gn.to_pil(found.replace(globals={"y": None}))
    assert [image.tobytes() for image in back] == [image.tobytes() for image in images]


def test_transparency_and_records_travel() -> None:
    image = drawn("P")
    image.info["transparency"] = bytes([0, 255])
    found = gn.from_pil(image)
    assert gn.to_pil(found).info["transparency"] == bytes([0, 255])
    assert found.meta is not None
    named = gn.to_pil(found.replace(meta=[{**found.meta[0], "name": "cat"}]))
    assert gn.from_pil(named).meta[0]["name"] == "cat"  # pyright: ignore[reportOptionalSubscript]
    gray = drawn("RGB")
    gray.info["transparency"] = (1, 2, 3)
    assert gn.to_pil(gn.from_pil(gray)).info["transparency"] == (1, 2, 3)


def test_the_mode_follows_the_numbers_when_they_change() -> None:
    found = gn.from_pil(drawn("YCbCr"))
    assert gn.to_pil(found.replace(x=found.x[:, :1])).mode == "L"
    assert gn.to_pil(gn.grid(torch.rand(1, 2, 2, 1))).mode == "F"
