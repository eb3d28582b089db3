"""CIFAR-10 and CIFAR-100 in their binary version; the version for Python is a pickle, which could run code."""

from __future__ import annotations

from typing import Literal

import numpy as np

from geonets.core.options import one_of
from geonets.core.structure import Structure
from geonets.data.constructors import grid
from geonets.data.readers.arrays import numbers
from geonets.data.readers.source import Source

PIXELS = 32 * 32
CLASSES = {10: {"y": 10}, 100: {"coarse": 20, "y": 100}}
"""The labels before each image, and how many classes each tells apart."""


def read_cifar(source: Source, *, classes: Literal[10, 100] = 10) -> Structure:
    """Images of 32 x 32 pixels with `x` uint8 and the class in `y`; of CIFAR-100 the superclass in `globals["coarse"]`.

    Args:
        source: the file, `data_batch_1.bin` say.
        classes: 10 or 100: which of the two it is.

    Raises:
        ReadError: if it ends within an image, or a label is none.

    Reference: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    one_of("classes", classes, tuple(CLASSES))
    labels, content = CLASSES[classes], source.content
    width = len(labels) + 3 * PIXELS
    if content[:1] == b"\x80" and len(content) % width:
        raise source.error(
            "be the binary version", "a pickle, which could run code", "byte 0", "Fetch the other version."
        )
    if len(content) % width:
        rule, got = f"have {width} bytes an image", f"{len(content) % width} at the end"
        raise source.error(
            rule, got, f"image {len(content) // width}", f"Fetch it again, or pass classes={110 - classes}."
        )
    table = np.frombuffer(content, np.uint8).reshape(-1, width)
    for column, (name, most) in enumerate(labels.items()):
        wrong = np.flatnonzero(table[:, column] >= most)
        if len(wrong):
            got, row = int(table[wrong[0], column]), int(wrong[0])
            raise source.error(
                f"have labels below {most}", f"{name} {got}", f"image {row}, byte {row * width}", "Fetch it again."
            )
    x = numbers(source, table[:, len(labels) :].reshape(-1, 3, 32, 32), "the images")
    fields = {name: numbers(source, table[:, column], name).long() for column, name in enumerate(labels)}
    return grid(x, axes=("y", "x"), channels_first=True, globals=fields)
