"""Images, recordings and volumes that cannot be read."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

import geonets as gn
from messages.arrays import without
from messages.readers import read, written


def image(mode: str = "L", format: str = "PNG", others: tuple[Any, ...] = (), **options: Any) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new(mode, (8, 4)).save(
        file, format, **({"save_all": True, "append_images": others} if others else {}), **options
    )
    return file.getvalue()


def frame(mode: str) -> Any:
    from PIL import Image

    return Image.new(mode, (8, 4))


def wav(format: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16, samples: bytes = bytes(8)) -> bytes:
    head = np.array([format, channels], "<u2").tobytes() + np.array([rate, 0], "<u4").tobytes()
    head += np.array([channels * bits // 8, bits], "<u2").tobytes()
    body = b"fmt " + len(head).to_bytes(4, "little") + head + b"data" + len(samples).to_bytes(4, "little") + samples
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WAVE" + body


def idx(*shape: int, type: int = 8, size: int | None = None) -> bytes:
    lengths = np.array(shape, ">u4").tobytes()
    return bytes([0, 0, type, len(shape)]) + lengths + bytes(int(np.prod(shape)) if size is None else size)


def nifti(shape: tuple[int, ...] = (2, 3, 4), **fields: Any) -> bytes:
    import nibabel

    volume = nibabel.Nifti1Image(np.zeros(shape, np.uint8), np.eye(4))
    content = bytearray(volume.to_bytes())
    header: Any = np.frombuffer(content, nibabel.Nifti1Header.template_dtype, 1)
    for name, value in fields.items():
        header[name][0] = value
    return bytes(content)


def labelled(count: int) -> Any:
    path = written("images", idx(2, 3, 3))
    (path.parent / "labels").write_bytes(idx(count))
    return gn.read(path, labels="labels")


SHORT = image()
CHUNK = bytearray(SHORT)
CHUNK[SHORT.index(b"IDAT") + 5] ^= 1
BRANDED = image(format="JPEG")
LONG_PPM = b"P6 2 1 65535 " + bytes(12)

CASES = [
    ("must have intact chunks; got a wrong checksum .*chunk 'IDAT', byte 33", lambda: read("a.png", bytes(CHUNK))),
    ("must be a whole PNG; got an end at byte 40 .*chunk 'IDA', byte 33", lambda: read("a.png", SHORT[:40])),
    ("must be an intact image; got .*", lambda: read("a.jpg", BRANDED[:200])),
    ("must be an intact image; got UnidentifiedImageError", lambda: read("a.ppm", b"%!PS-Adobe-3.0 EPSF-3.0")),
    ("must have at most 31 pixels; got 32", lambda: read("a.png", SHORT, max_pixels=31)),
    ("must have at most 63 pixels; got 64", lambda: read("a.tif", image("L", "TIFF", (frame("L"),)), max_pixels=63)),
    ("must have 8 bits a channel, or 16 in a single one", lambda: read("a.ppm", LONG_PPM)),
    ("must have frames of one kind", lambda: read("a.tif", image("L", "TIFF", (frame("RGB"),)))),
    ("must begin with two zeros, a type", lambda: read("a.idx", idx(2, type=7))),
    ("must hold the 4294967295 bytes of an array of shape", lambda: read("a", idx(2**32 - 1, size=4))),
    ("must have one label for each of the 2 items of .*images; got shape .3,. .*labels", lambda: labelled(3)),
    ("must be the binary version; got a pickle", lambda: read("a.bin", b"\x80\x04.")),
    ("must have 3073 bytes an image; got 2 at the end .*image 1", lambda: read("a.bin", bytes(3075))),
    ("must have labels below 20; got coarse 20 .*byte 0", lambda: read("a.bin", b"\x14" + bytes(3073), classes=100)),
    ("`classes` must be one of 10, 100", lambda: read("a.bin", bytes(3073), classes=5)),
    ("must begin with RIFF and WAVE", lambda: read("a.wav", b"RIFX")),
    ("must hold the 8 bytes that its chunk 'data' announces; got 7 .*byte 36", lambda: read("a.wav", wav()[:-1])),
    ("must have a chunk 'data'; got fmt", lambda: read("a.wav", wav()[:36])),
    ("must have 6 bytes for each sample; got 8 bytes", lambda: read("a.wav", wav(channels=2, bits=24))),
    ("must say 1 to 1024 channels and a rate; got 0 and 8000", lambda: read("a.wav", wav(channels=0))),
    ("`soundfile` must be .*geonets.audio.", lambda: without("soundfile", lambda: read("a.flac", b"fLaC"))),
    ("must be intact; got LibsndfileError", lambda: read("a.flac", b"fLaC" + bytes(99))),
    ("`nibabel` must be .*geonets.volumes.", lambda: without("nibabel", lambda: read("a.nii", bytes(400)))),
    ("must have an intact header; got .*", lambda: read("a.nii", nifti(datatype=999))),
    ("must have an intact header; got .*", lambda: read("a.nii", nifti()[:300])),
    ("must be a volume, a series of them", lambda: read("a.nii", nifti((2, 2)))),
    ("must hold the 29999 bytes of an array", lambda: read("a.nii", nifti(dim=(3, 29999, 1, 1, 1, 1, 1, 1)))),
    ("must hold a volume; got shape .2, 0, 4.", lambda: read("a.nii", nifti((2, 0, 4)))),
]
