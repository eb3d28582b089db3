"""Sound: plain WAV by itself; FLAC, Ogg, MP3, AIFF and compressed WAV over libsndfile, in a process of its own."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.constructors import chain
from geonets.data.readers.arrays import numbers
from geonets.data.readers.isolation import apart
from geonets.data.readers.source import Source

INTEGER, FLOATING, EXTENSIBLE = 1, 3, 0xFFFE
PLAIN = {(INTEGER, 8): "u1", (INTEGER, 16): "<i2", (INTEGER, 24): "u1", (INTEGER, 32): "<i4"}
PLAIN |= {(FLOATING, 32): "<f4", (FLOATING, 64): "<f8"}
"""How samples are stored, by format and bits."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """What the `fmt` chunk of a WAV file says."""

    format: int
    channels: int
    rate: int
    bits: int


def read_wav(source: Source) -> Structure:
    """A recording as a chain of samples, `x` `(T, channels)` in the numbers of the file; the rate is in `globals`.

    8 bits are uint8 around 128, 16 are int16, 24 and 32 are int32, floating-point samples stay; the rate,
    `globals["sample_rate"]`, is in hertz. SciPy and the standard library do not
    read all of these, or do not notice a file that was cut.

    Args:
        source: the file.

    Raises:
        MissingPackageError: if the samples are compressed and soundfile is not installed (extra `audio`).
        ReadError: if it is cut or says nonsense.

    Reference: IBM, Microsoft, "Multimedia programming interface and data specifications 1.0", 1991.
    """
    chunks = _chunks(source)
    layout = _layout(source, chunks)
    stored = PLAIN.get((layout.format, layout.bits))
    if stored is None:
        return read_sound(source)
    start, end = chunks["data"]
    width = layout.channels * layout.bits // 8
    if (end - start) % width:
        rule, got = f"have {width} bytes for each sample", f"{end - start} bytes of samples"
        raise source.error(rule, got, f"byte {start}", "Fetch or write it again.")
    samples = np.frombuffer(source.content, stored, (end - start) // np.dtype(stored).itemsize, start)
    if layout.bits == 24:
        wide = np.zeros((len(samples) // 3, 4), np.uint8)
        wide[:, 1:] = samples.reshape(-1, 3)
        samples = wide.reshape(-1).view("<i4") >> 8  # the sign comes along
    return _recording(source, samples.reshape(-1, layout.channels), layout.rate)


def read_sound(source: Source) -> Structure:
    """A recording in any format of libsndfile as a chain of samples, int16 where that holds all bits, else float.

    Args:
        source: the file.

    Raises:
        MissingPackageError: if soundfile is not installed (extra `audio`).
        ReadError: if it cannot be decoded.
    """
    require("soundfile", extra="audio")
    facts, arrays = apart(source, "sound", most=source.max_bytes)
    return _recording(source, arrays["x"], int(facts["rate"]))


def _recording(source: Source, samples: np.ndarray, rate: int) -> Structure:
    x = numbers(source, samples, "the samples")
    return chain([x], globals={"sample_rate": torch.tensor([rate])})


def _chunks(source: Source) -> dict[str, tuple[int, int]]:
    """Where the first chunk of each name begins and ends."""
    content, at, found = source.content, 12, {}
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise source.error("begin with RIFF and WAVE", repr(content[:12]), "byte 0", "Check that it is a WAV file.")
    while at + 8 <= len(content):
        name = content[at : at + 4].decode("latin1")
        start, length = at + 8, int.from_bytes(content[at + 4 : at + 8], "little")
        if start + length > len(content):
            rule = f"hold the {length} bytes that its chunk {name!r} announces"
            raise source.error(rule, f"{len(content) - start}", f"byte {at}", "Fetch the whole file.")
        found.setdefault(name, (start, start + length))
        at = start + length + length % 2
    for name in ("fmt ", "data"):
        if name not in found:
            raise source.error(f"have a chunk {name!r}", ", ".join(found) or "none", "all chunks", "Fetch it again.")
    return found


def _layout(source: Source, chunks: dict[str, tuple[int, int]]) -> Layout:
    start, end = chunks["fmt "]
    head = source.content[start:end]
    words = [int.from_bytes(head[at : at + size], "little") for at, size in ((0, 2), (2, 2), (4, 4), (14, 2))]
    if words[0] == EXTENSIBLE and len(head) >= 26:
        words[0] = int.from_bytes(head[24:26], "little")
    layout = Layout(*words)
    if len(head) < 16 or not 1 <= layout.channels <= 1024 or not 1 <= layout.rate < 2**31:
        rule = "say 1 to 1024 channels and a rate"
        raise source.error(rule, f"{layout.channels} and {layout.rate}", f"byte {start}", "Fetch it again.")
    return layout
