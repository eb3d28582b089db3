"""Points as lines of numbers: `.xyz`, `.txt`, `.pts`, `.asc`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.data.readers.numbers import float32, natural, table
from geonets.data.readers.source import Source
from geonets.data.readers.vertices import fields, positions, shape

COMMENTS = ("#", "//")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|nan|[-+]?inf", re.IGNORECASE)
PTS = {
    4: "x y z intensity",
    6: "x y z red green blue",
    7: "x y z intensity red green blue",
}
"""What the columns of a `.pts` file are, as laser scanners write it."""


def read_points(
    source: Source, *, columns: str | Sequence[str] | None = None, dtype: torch.dtype = torch.float32
) -> Structure:
    """A point cloud as one item, from lines of at least three numbers; the first three are `pos`.

    Further columns are node features `x`, unless they have names: given as `columns`, on a first line such as
    `X Y Z Red Green Blue`, or by the custom of `.pts` files. A named column of whole numbers only is int64. Numbers are
    parted by white space, commas or semicolons; a first line may say how many points there are.

    Args:
        source: the file.
        columns: the name of each column, as in `"x y z nx ny nz label"`.
        dtype: of all fields but whole numbers.

    Raises:
        ReadError: if a line has other numbers than the first, or there are more or fewer than announced.
    """
    stripped = [(number, line.strip()) for number, line in enumerate(source.lines, 1)]
    rows = [(number, line) for number, line in stripped if line and not line.startswith(COMMENTS)]
    names = columns.split() if isinstance(columns, str) else columns
    announced = natural(rows[0][1]) if rows else None
    count_line = rows[0][0] if rows else 1
    if announced is not None:
        rows = rows[1:]
    first = rows[0][1] if rows else ""
    separator = next((sign for sign in ",;" if sign in first), None)
    head = [word.strip(" \t\"'").lower() for word in first.split(separator)]
    if head[:3] == ["x", "y", "z"]:
        names, rows = names or head, rows[1:]
    if announced not in (None, len(rows)):
        rule = f"have the {announced} points that line {count_line} announces"
        raise source.error(rule, f"{len(rows)}", f"end, line {rows[-1][0] if rows else count_line}", "Fetch it again.")
    places = [line for line, _ in rows]
    texts = [text for _, text in rows]
    width = None if names is None else len(names)
    numbers = table(
        source, texts, columns=width, first_line=places, rows_are="point", separator=separator, finite=False
    )
    if names is None and source.suffix == ".pts":
        names = PTS.get(numbers.shape[1], "").split() or None
    if names is not None and (list(names[:3]) != ["x", "y", "z"] or len(set(names)) < len(names)):
        rule = "have the columns x, y, z and others, each once"
        raise source.error(rule, " ".join(names), f"line {count_line}", "Name them: read(path, columns=...).")
    width = numbers.shape[1]
    if rows and width < 3:
        rule, got = "have three coordinates on a line", f"{width} numbers"
        raise source.error(rule, got, f"line {places[0]}, point 0", "Check that it is a point cloud.")
    pos = positions(source, numbers.reshape(-1, max(width, 3))[:, :3], dtype, lambda n: f"line {places[n]}, point {n}")
    further = numbers[:, 3:]
    if dtype == torch.float32:
        further = float32(source, further, lambda n: f"line {places[n]}, point {n}")
    if names is None:
        return shape(pos, {"x": torch.from_numpy(further)} if width > 3 else {})
    exact = zip(names[3:], numbers.T[3:], further.T, strict=True)
    named = {name: whole.astype(np.int64) if _is_whole(whole) else column for name, whole, column in exact}
    return shape(pos, fields(source, named, dtype))


def _is_whole(column: np.ndarray) -> bool:
    return bool((np.abs(column) < 2**53).all() and (column == np.rint(column)).all())


def looks_like_points(source: Source) -> bool:
    """Whether the first line that is no comment, count or header has three numbers or more, and only numbers."""
    if source.is_folder:
        return False
    lines = [line.strip() for line in source.head().decode("latin-1").splitlines()[:64]]
    rows = [line for line in lines if line and not line.startswith(COMMENTS)]
    counted = bool(rows) and natural(rows[0]) is not None
    rows = rows[counted:]
    if not rows:
        return False
    if [word.lower() for word in re.split(r"[\s,;]+", rows[0])[:3]] == ["x", "y", "z"]:
        return True
    checked = rows[1:2] if counted else rows[:1]  # after its count, a molecule has a comment and then an element
    words = [word for row in checked or rows[:1] for word in re.split(r"[\s,;]+", row)]
    return len(words) >= 3 and all(NUMBER.fullmatch(word) for word in words)
