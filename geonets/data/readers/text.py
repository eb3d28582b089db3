"""Plain text as a chain of characters."""

from __future__ import annotations

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.core.topology import Chain
from geonets.data.readers.source import Source


def read_text(source: Source, *, alphabet: str | None = None) -> Structure:
    """Text as one chain with a node for each character: `x` `(T,)` its place in the alphabet, which `meta` has.

    Characters are code points of Unicode; line ends are `\\n`.

    Args:
        source: the file, in UTF-8.
        alphabet: the characters in their order, to read a second text as the first; those of this text, sorted,
            unless given.

    Raises:
        ReadError: if it is no text, or has a character that the alphabet has not.
    """
    points = np.frombuffer(source.text.encode("utf-32-le"), "<u4")
    known = np.unique(points) if alphabet is None else np.array([ord(sign) for sign in alphabet], np.uint32)
    order = np.argsort(known, kind="stable")
    places = np.minimum(np.searchsorted(known, points, sorter=order), max(len(known) - 1, 0))
    x = order[places] if len(known) else np.empty(0, np.int64)
    wrong = np.flatnonzero(known[x] != points) if len(known) else np.arange(len(points))
    if len(wrong):
        at = int(wrong[0])
        place = f"line {source.text.count(chr(10), 0, at) + 1}, character {at}"
        cure = "Add it to the alphabet, or leave `alphabet` out."
        raise source.error("be made of the alphabet", repr(source.text[at]), place, cure)
    signs = "".join(map(chr, known.tolist()))
    return Structure(Chain(len(x)), {"x": torch.from_numpy(x.astype(np.int64))}, meta=[{"alphabet": signs}])
