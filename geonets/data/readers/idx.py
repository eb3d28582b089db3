"""IDX: the format of MNIST, one array of any number of axes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from geonets.core.structure import Structure
from geonets.data.constructors import grid
from geonets.data.readers.arrays import numbers, structure_of
from geonets.data.readers.source import Source

TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(source: Source, *, labels: str | Path | None = None) -> Structure:
    """Images `(B, H, W)` or `(B, H, W, C)` as grids; other arrays as items of one node each, in `x`.

    Args:
        source: the file.
        labels: the file of the labels, which become `y`, beside this one or wherever its path says.

    Raises:
        ReadError: if it is not as long as its header says, or there are not as many labels as images.

    Reference: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", file formats.
    """
    array = _array(source)
    if array.ndim in (3, 4):
        x = numbers(source, array, "the array")
        images = grid(x if array.ndim == 4 else x.unsqueeze(-1), axes=("y", "x"))
    else:
        images = structure_of(source, {"x": array}, kind="items")
    if labels is None:
        return images
    other = Source(source.path.parent / labels, max_bytes=source.max_bytes)
    y = numbers(other, _array(other), "the array")
    if y.shape != (len(images),):
        rule = f"have one label for each of the {len(images)} items of {source.name}"
        raise other.error(rule, f"shape {tuple(y.shape)}", "byte 3", "Pass the labels of these items.")
    return images.replace(globals={"y": y.long()})


def _array(source: Source) -> np.ndarray:
    content = source.content
    axes = content[3] if len(content) > 3 else 0
    start = 4 + 4 * axes
    if content[:2] != b"\0\0" or len(content) < start or content[2] not in TYPES or not axes:
        rule = "begin with two zeros, a type, the number of axes and their lengths"
        raise source.error(rule, repr(content[:4]), "byte 0", "Check that it is an IDX file.")
    shape = tuple(int(length) for length in np.frombuffer(content, ">u4", axes, 4))
    dtype = np.dtype(TYPES[content[2]])
    size = math.prod(shape) * dtype.itemsize
    if size != len(content) - start:
        rule = f"hold the {size} bytes of an array of shape {shape}"
        raise source.error(rule, f"{len(content) - start}", f"byte {start}", "Fetch or write it again.")
    return np.frombuffer(content, dtype, math.prod(shape), start).reshape(shape)
