"""Images: PNG, JPEG, TIFF, GIF, BMP, WebP and PNM, decoded by Pillow once we know that nothing is lost on the way."""

from __future__ import annotations

import io
import warnings
import zlib
from typing import Any

from geonets.core.errors import GeonetsError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.interop import from_pil
from geonets.data.readers.source import Source

FORMATS = ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP", "PPM")
"""What Pillow may decode: formats that no other program is started for, as it is for PostScript."""

MAX_PIXELS = 89_478_485
"""Pillow's own: a quarter of a gigabyte in colour."""

PNG = b"\x89PNG\r\n\x1a\n"
ORIENTATION = 274
"""The EXIF tag that says how the camera was held."""


def read_image(source: Source, *, upright: bool = False, max_pixels: int = MAX_PIXELS) -> Structure:
    """An image as a grid with the numbers of the file; a file of several frames or pages has an item for each.

    As `gn.from_pil` has them: bool of 1 bit, uint8 of 8, int32 of 16; nothing is scaled or clipped. An image that
    Pillow would reduce, 16 bits in each of several channels, is refused. Of a JPEG with previews the image is read.

    Args:
        source: the file.
        upright: whether the image is turned as its EXIF record says; else it stays as stored, and `meta` says the
            `orientation` where it is not 1.
        max_pixels: the most pixels that it may have, all frames together.

    Raises:
        ReadError: if it is damaged, has too many pixels, or would lose bits.

    Reference: W3C, "Portable Network Graphics specification", second edition, 5.4 (checksums).
    """
    content = source.content
    if content.startswith(PNG):
        check_png(source, content)
    pil, operations = require("PIL.Image", "pillow"), require("PIL.ImageOps", "pillow")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pixels, which are counted here, and of odd EXIF records
            with pil.open(io.BytesIO(content), formats=FORMATS) as image:
                _check_size(source, image, max_pixels)
                frames, orientation = _frames(image), image.getexif().get(ORIENTATION, 1)
            frames = [operations.exif_transpose(frame) for frame in frames] if upright else frames
            images = from_pil(frames)
    except GeonetsError as error:
        if getattr(error, "source", None):
            raise
        raise source.error("have frames of one kind", str(error), "all frames", "Split the file.") from None
    except Exception as error:  # damaged images make Pillow raise what its decoders happen to meet
        got = f"{type(error).__name__}: {error}".replace("\n", " ")
        raise source.error("be an intact image", got, "the whole file", "Fetch or write it again.") from None
    if orientation == 1 or upright or not isinstance(orientation, int):
        return images
    return images.replace(meta=[{**record, "orientation": orientation} for record in images.meta or ()])


def _frames(image: Any) -> list[Any]:
    count = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    frames = []
    for number in range(count):
        image.seek(number)
        frames.append(image.copy())
    return frames


def _check_size(source: Source, image: Any, max_pixels: int) -> None:
    """Raise if there are too many pixels, or they have more bits than Pillow keeps."""
    pixels = image.width * image.height * (1 if image.format == "MPO" else getattr(image, "n_frames", 1))
    if pixels > max_pixels:
        cure = "Raise the limit: read(path, max_pixels=...)."
        raise source.error(f"have at most {max_pixels} pixels", f"{pixels}", "its header", cure)
    for tile in image.tile:
        words = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        deep = any(";16" in str(word) for word in words) or (image.format == "PPM" and words[-1] not in (255, words[0]))
        if deep and not image.mode.startswith(("I", "F")) and image.mode not in ("1", "L"):
            rule = "have 8 bits a channel, or 16 in a single one"
            cure = "Save its channels as images of their own, or as NPY."
            raise source.error(rule, f"{words} for {image.mode}", "its header", cure)


def check_png(source: Source, content: bytes) -> None:
    """Raise unless every chunk of a PNG is whole and has its checksum, up to the last."""
    at, kind = len(PNG), b""
    while kind != b"IEND":
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        end = at + 12 + length
        place = f"chunk {kind.decode('latin1')!r}, byte {at}"
        if end > len(content):
            raise source.error("be a whole PNG", f"an end at byte {len(content)}", place, "Fetch it again.")
        if zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise source.error("have intact chunks", "a wrong checksum", place, "Fetch or write it again.")
        at = end
