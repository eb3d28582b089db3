"""The header of a safetensors file, read without trust: what it announces is compared with the bytes that are there."""

from __future__ import annotations

import collections
import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any, BinaryIO, final

import torch

from geonets.core.errors import ReadError

Fault = Callable[[str, str, str, str], ReadError]
"""Makes an error of a rule, of what is there instead, of the place and of the cure."""

DTYPES = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "U16": torch.uint16,
    "I16": torch.int16,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "U32": torch.uint32,
    "I32": torch.int32,
    "F32": torch.float32,
    "U64": torch.uint64,
    "I64": torch.int64,
    "F64": torch.float64,
    "C64": torch.complex64,
}
"""The format's names of types."""

MAX_HEADER = 100_000_000
"""Bytes of the longest header that is read, as in the `safetensors` package."""

MAX_AXES = 64
"""Of a tensor of torch."""


@final
@dataclasses.dataclass(frozen=True)
class Entry:
    """A tensor of the file.

    Args:
        dtype: its type.
        shape: its shape.
        start: its first byte, counted from the beginning of the file.
        stop: the byte after its last.
    """

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    stop: int


@final
@dataclasses.dataclass(frozen=True)
class Header:
    """What a safetensors file says of itself.

    Args:
        entries: its tensors by name, in the order of their bytes.
        metadata: its words by name.
        raw: the bytes of the header.
    """

    entries: dict[str, Entry]
    metadata: dict[str, str]
    raw: bytes


def fault_of(name: str) -> Fault:
    """What makes the errors of a file of this name."""

    def fault(rule: str, got: str, place: str, cure: str) -> ReadError:
        return ReadError(f"`path` must {rule}; got {got[:200]} ({name}, {place}). {cure}", source=name, place=place)

    return fault


def read_header(file: BinaryIO, size: int, fault: Fault, max_header: int = MAX_HEADER) -> Header:
    """Read the header, and see that its tensors fill the rest of the file without holes and overlaps.

    Args:
        file: at its beginning.
        size: its bytes.
        fault: makes the errors.
        max_header: the most bytes that the header may have.

    Raises:
        ReadError: if a number or a name is not what it must be; it names the tensor.

    Reference: Hugging Face, "Safetensors", format description, 2023.
    """
    again = "Fetch it again, or check that it is a safetensors file."
    first = file.read(8)
    length = int.from_bytes(first, "little")
    if len(first) < 8:
        raise fault("begin with 8 bytes that tell the length of its header", f"{len(first)} bytes", "byte 0", again)
    if length > max_header:
        raise fault(f"have a header of at most {max_header} bytes", f"{length} announced", "byte 0", again)
    if length > size - 8:
        raise fault(f"have the {length} bytes of header that it announces", f"{size - 8} bytes", "byte 0", again)
    text = file.read(length)
    announced = _parsed(text, fault)
    metadata = announced.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(word, str) for word in metadata.values()):
        raise fault("have metadata of words only", repr(metadata), "header, __metadata__", "Write it again.")
    entries = {name: _entry(name, value, 8 + length, size, fault) for name, value in announced.items()}
    entries = dict(sorted(entries.items(), key=lambda named: (named[1].start, named[1].stop)))
    _contiguous(entries, 8 + length, size, fault)
    return Header(entries, metadata, first + text)


def _parsed(text: bytes, fault: Fault) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            times = collections.Counter(name for name, _ in pairs)
            twice = times.most_common(1)[0][0]
            raise fault("name everything in its header once", f"{twice!r} twice", "header", "Write the file again.")
        return found

    try:
        announced = json.loads(text.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        if isinstance(error, ReadError):
            raise
        raise fault("have a header that is JSON", f"{error}", "header, byte 8", "Fetch it again.") from None
    if not isinstance(announced, dict):
        raise fault("have a header that names tensors", type(announced).__name__, "header, byte 8", "Fetch it again.")
    return announced


def _entry(name: str, value: Any, start: int, size: int, fault: Fault) -> Entry:
    place = f"header, tensor {name}"
    if not isinstance(value, dict) or value.keys() != {"dtype", "shape", "data_offsets"}:
        raise fault("give each tensor a dtype, a shape and data_offsets", repr(value), place, "Write the file again.")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise fault(f"have tensors of one of {', '.join(DTYPES)}", repr(dtype), place, "Convert it first.")
    if not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2:
        raise fault("have a shape and two offsets of whole numbers", repr(value), place, "Write the file again.")
    if not start + offsets[0] <= start + offsets[1] <= size:
        raise fault(
            f"end with its tensors, at byte {size}", f"bytes {offsets} after the header", place, "Fetch it again."
        )
    needed = math.prod(shape) * DTYPES[dtype].itemsize
    if needed != offsets[1] - offsets[0]:
        rule = f"have the {needed} bytes that {dtype} of shape {shape} takes"
        raise fault(rule, f"{offsets[1] - offsets[0]}", place, "Fetch or write it again.")
    return Entry(DTYPES[dtype], tuple(shape), start + offsets[0], start + offsets[1])


def _are_counts(values: Any) -> bool:
    is_short = isinstance(values, list) and len(values) <= MAX_AXES
    return is_short and all(type(value) is int and 0 <= value < 2**63 for value in values)


def _contiguous(entries: dict[str, Entry], start: int, size: int, fault: Fault) -> None:
    reached, last = start, "header"
    for name, entry in entries.items():
        if entry.start != reached:
            word = "overlap with what is before it" if entry.start < reached else "leave a hole before it"
            place = f"header, tensor {name}"
            raise fault("hold its tensors one after another", f"bytes that {word}", place, "Write the file again.")
        reached, last = entry.stop, f"tensor {name}"
    if reached != size:
        raise fault("end with its last tensor", f"{size - reached} more bytes", f"{last}, byte {reached}", "Cut them.")
