"""Arrays of text, which torch has no tensors for: they are kept in `meta`, item by item."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from geonets.data.readers.source import Source

MOST_TEXTS = 1_000_000
"""The most strings in `meta`, over all items: each costs memory that it does not cost in a file."""
SURROGATES, END = (0xD800, 0xE000), 0x110000


def is_text(array: Any) -> bool:
    """Whether it is an array of strings or bytes, and not of objects."""
    return isinstance(array, np.ndarray) and array.dtype.kind in "US"


def records_of(source: Source, texts: Mapping[str, Any], num_items: int, several: bool) -> list[dict[str, Any]]:
    """What each item has of every array: where there may be several, its row of an array of as many; else all of it.

    Raises:
        ReadError: if an array holds what is no text, or more strings than `meta` should hold.
    """
    found: dict[str, tuple[Any, bool]] = {}
    for name, array in texts.items():
        each = several and array.ndim > 0 and len(array) == num_items
        count = math.prod(max(n, 1) for n in array.shape) * (1 if each else num_items)
        if count > MOST_TEXTS:
            rule = f"have at most {MOST_TEXTS} strings in an array of text"
            raise source.error(rule, f"{count}", f"array {name}", "Leave it out: read(path, fields=(...)).")
        found[name] = _strings(source, name, array), each
    return [{name: held[n] if each else held for name, (held, each) in found.items()} for n in range(num_items)]


def _strings(source: Source, name: str, array: np.ndarray) -> Any:
    """The array as nested lists of strings, or one string."""
    if array.dtype.kind == "S":
        try:
            return np.char.decode(array, "utf-8").tolist()
        except UnicodeDecodeError:
            return np.char.decode(array, "latin-1").tolist()
    points = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="))).reshape(-1).view(np.uint32)
    wrong = (points >= END) | ((points >= SURROGATES[0]) & (points < SURROGATES[1]))
    if wrong.any():
        got = f"{int(points[wrong][0]):#x}"
        raise source.error("hold letters of Unicode", got, f"array {name}", "Leave it out: read(path, fields=(...)).")
    return array.tolist()
