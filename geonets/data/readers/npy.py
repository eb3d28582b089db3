"""NPY: one NumPy array. The header is read as data, bounded, and never evaluated."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from geonets.core.structure import Structure
from geonets.data.readers.arrays import Kind, structure_of
from geonets.data.readers.source import Source

MAGIC = b"\x93NUMPY"
MOST_HEADER, MOST_DEPTH, MOST_AXES = 10_000, 8, 32
LITERAL = re.compile(r"""(?:[\s{}\[\]():,]++|True|False|\d++|'[^'\\\n]*+'|"[^"\\\n]*+")*+""")
"""What the header of an array is made of: brackets, truth, whole numbers and words."""


def read_npy(
    source: Source, *, kind: Kind = "set", axes: Sequence[str] | None = None, batched: bool = False
) -> Structure:
    """One array as the field `x`; an array of records as a field for each of its fields.

    Args:
        source: the file.
        kind: as in `structure_of`.
        axes: as in `structure_of`.
        batched: as in `structure_of`.

    Raises:
        ReadError: if the header is none, the array is not as long as it says, or it holds objects.

    Reference: NumPy enhancement proposal 1, "A simple file format for NumPy arrays".
    """
    found = array(source, source.content, "")
    arrays = {"x": found} if found.dtype.names is None else {name: found[name] for name in found.dtype.names}
    return structure_of(source, arrays, kind=kind, axes=axes, batched=batched)


def array(source: Source, content: bytes, member: str) -> np.ndarray:
    """The array that the bytes of an NPY file hold.

    Args:
        source: the file, for messages.
        content: the bytes.
        member: where in the file they stand: "" or `"x.npy"`.

    Raises:
        ReadError: if they hold no array, or one of objects.
    """
    place = f"{member}, " if member else ""
    if not content.startswith(MAGIC):
        got = "a pickle, which could run code" if content[:1] == b"\x80" else repr(content[:8])
        raise source.error("begin as an NPY file", got, f"{place}byte 0", "Write it with numpy.save, without pickle.")
    width = 2 if content[6:7] == b"\x01" else 4
    start = 8 + width
    end = start + int.from_bytes(content[8:start], "little")
    header = content[start:end].decode("latin1")
    if content[6:7] not in (b"\x01", b"\x02", b"\x03") or end > len(content) or end - start > MOST_HEADER:
        rule = f"have a header of at most {MOST_HEADER} bytes, version 1 to 3"
        got = f"version {content[6] if len(content) > 6 else '?'} and {end - start} of {len(content)} bytes"
        raise source.error(rule, got, f"{place}byte 6", "Fetch or write it again.")
    described = literal(header)
    described = described if isinstance(described, dict) else {}
    shape, dtype = described.get("shape"), _dtype(described.get("descr"))
    whole = isinstance(shape, tuple) and len(shape) <= MOST_AXES and all(type(n) is int for n in shape)
    if dtype is None or not whole or described.keys() != {"descr", "fortran_order", "shape"}:
        rule = "have a header with descr, fortran_order and shape"
        raise source.error(rule, repr(header.strip()), f"{place}byte {start}", "Write it again with numpy.save.")
    assert isinstance(shape, tuple)
    if dtype.hasobject or not dtype.itemsize:
        rule = "hold numbers, not objects, which only a pickle holds"
        raise source.error(rule, f"dtype {dtype}", f"{place}byte {start}", "Save arrays of numbers.")
    size = math.prod(shape) * dtype.itemsize
    if size != len(content) - end or max(shape, default=0) >= 2**62:
        got = f"{len(content) - end} bytes after the header"
        rule = f"hold the {size} bytes of an array of shape {shape}"
        raise source.error(rule, got, f"{place}byte {end}", "Fetch or write it again.")
    flat = np.frombuffer(content, dtype, math.prod(shape), end) if size else np.empty(0, dtype)
    return flat.reshape(shape[::-1]).T if described["fortran_order"] is True else flat.reshape(shape)


def literal(text: str) -> Any:
    """The value of a short, flat Python literal without operators and calls, or None."""
    text = re.sub(r"(\d)L\b", r"\1", text)  # long numbers of Python 2
    depth = deepest = 0
    for sign in re.findall(r"[\[({\])}]", text):
        depth += 1 if sign in "[({" else -1
        deepest = max(deepest, depth)
    if not LITERAL.fullmatch(text) or deepest > MOST_DEPTH:
        return None
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError):
        return None


def _dtype(described: Any) -> np.dtype[Any] | None:
    """The dtype of a header: a word, or a list of (name, word) and (name, word, shape)."""
    fields = [described] if isinstance(described, str) else described
    if not isinstance(fields, list) or len(fields) > 1000:
        return None
    try:
        return np.dtype(described if isinstance(described, str) else [tuple(field) for field in fields])
    except (TypeError, ValueError, SyntaxError, OverflowError, MemoryError):
        return None
