"""`.ts`: time series with classes or targets, as the UEA and UCR archives have them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch

from geonets.core.errors import ReadError
from geonets.core.options import number_or_one_of
from geonets.core.structure import Structure
from geonets.data.constructors import chain
from geonets.data.readers.numbers import float32, table
from geonets.data.readers.source import Source

MISSING = "?"


def read_ts(source: Source, *, missing: float | Literal["raise", "keep"] = "raise") -> Structure:
    """Every case as a chain of steps with one channel a dimension; lengths may differ.

    Classes become `y`, numbers in the order in which the header names them (`meta` has the names as `classes`), and
    targets of a regression become `y` in double precision.

    Args:
        source: the file.
        missing: what becomes of a value that is not known: `"raise"`, `"keep"` it as NaN, or a number in its place.

    Raises:
        OptionError: if `missing` is another word.
        ReadError: if a case has other dimensions, lengths or classes than the header says, or has time stamps.

    Reference: Bagnall et al., "The UEA multivariate time series classification archive, 2018", arXiv:1811.00075.
    """
    number_or_one_of("missing", missing, ("raise", "keep"))
    header, rows = _header(source)
    layout = _layout(source, header, rows[0][1])
    x, labels = [], []
    for number, (line, text) in enumerate(rows, 1):
        try:
            values, label = _case(source, layout, number, line, text, missing)
        except ReadError as error:
            source.leave_out(error)
            continue
        x.append(torch.from_numpy(values))
        labels.append(label)
    if not x:
        raise source.error("have a case", "none that can be read", "all cases", "Correct them.")
    if layout.classes is not None:
        names = layout.classes or sorted(set(labels))
        codes = {name: code for code, name in enumerate(names)}
        return chain(x, y=torch.tensor([codes[label] for label in labels]), meta=[{"classes": names}] * len(x))
    return chain(x, y=torch.tensor(list(map(float, labels)), dtype=torch.float64) if layout.labelled else None)


Row = tuple[int, str]
"""A line's number in the file, and its text."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """What every case has: dimensions; steps, where all have as many; a label; the classes, empty if not named."""

    dimensions: int
    steps: int | None
    labelled: bool
    classes: list[str] | None


def _header(source: Source) -> tuple[dict[str, str], list[Row]]:
    """What stands behind each keyword, in lower case, and the lines of cases."""
    header: dict[str, str] = {}
    for number, text in enumerate(source.lines, 1):
        word, _, rest = text.strip().partition(" ")
        if word.lower() == "@data":
            rows = [(n, line) for n, line in enumerate(source.lines[number:], number + 1) if line.strip()]
            if not rows:
                raise source.error("have a case", "none", f"end, line {number}", "Fetch the whole file.")
            return header, rows
        if word.startswith("@"):
            header[word[1:].lower()] = rest.strip()
        elif word and not word.startswith("#"):
            cure = "Check that it is a .ts file."
            raise source.error("describe itself before @data", repr(text), f"line {number}", cure)
    raise source.error("have a line @data", "none", "end", "Fetch the whole file.")


def _layout(source: Source, header: dict[str, str], first: str) -> Layout:
    """What the header says; where it says nothing, what the first case has."""
    if _is_true(header, "timestamps"):
        raise source.error("be sampled evenly", "time stamps", "line 1", "Write values only, or read it as CSV.")
    classes = header["classlabel"].split()[1:] if _is_true(header, "classlabel") else None
    labelled = classes is not None or _is_true(header, "targetlabel")
    parts = first.split(":")[: -1 if labelled else None] or [""]
    alone = 1 if _is_true(header, "univariate") else len(parts)
    dimensions = _count(header, "dimensions") or _count(header, "dimension") or alone
    steps = (_count(header, "serieslength") or len(parts[0].split(","))) if _is_true(header, "equallength") else None
    return Layout(dimensions, steps, labelled, classes)


def _is_true(header: dict[str, str], name: str) -> bool:
    return header.get(name, "").split()[:1] in (["true"], ["True"])


def _count(header: dict[str, str], name: str) -> int:
    """A whole number of the header, or 0."""
    word = header.get(name, "")
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0


def _case(
    source: Source, layout: Layout, number: int, line: int, text: str, missing: float | str
) -> tuple[np.ndarray, str]:
    """The values `(T, dimensions)` of a case, and its label."""
    parts = text.split(":")
    label = parts.pop().strip() if layout.labelled else ""
    place, dimensions = f"line {line}", [part.split(",") for part in parts]
    if len(dimensions) != layout.dimensions:
        rule = f"have {layout.dimensions} dimensions"
        raise source.error(rule, f"{len(dimensions)}", place, "Correct the case.", record=number)
    lengths = sorted({len(values) for values in dimensions})
    if len(lengths) > 1 or lengths != [layout.steps or lengths[0]]:
        rule = f"have {layout.steps or 'equally many'} values in each dimension"
        raise source.error(rule, " and ".join(map(str, lengths)), place, "Correct the case.", record=number)
    if layout.classes and label not in layout.classes:
        rule = f"have one of the classes {' '.join(layout.classes)}"
        raise source.error(rule, repr(label), place, "Correct it.", record=number)
    if layout.labelled and layout.classes is None:
        table(source, [label], columns=1, first_line=line, rows_are="target")
    values = np.stack([_values(source, words, line, axis, missing) for axis, words in enumerate(dimensions)], 1)
    return float32(source, values, lambda step: f"{place}, step {step}"), label


def _values(source: Source, words: Sequence[str], line: int, axis: int, missing: float | str) -> np.ndarray:
    """The numbers of one dimension of a case."""
    unknown = np.array([word.strip() == MISSING for word in words]) & (missing != "raise")
    known = ["0" if skip else word for word, skip in zip(words, unknown, strict=True)]
    row = [",".join(known)]
    numbers = table(source, row, separator=",", first_line=line, rows_are="dimension", first_row=axis)[0]
    if unknown.any():
        numbers[unknown] = np.nan if missing == "keep" else missing
    return numbers
