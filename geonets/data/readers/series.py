"""`.ts`: time series with classes or targets, as the UEA and UCR archives have them."""

from __future__ import annotations

import math
from itertools import chain as joined

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.data.constructors import chain
from geonets.data.readers.numbers import float32, table
from geonets.data.readers.source import Source

MISSING = "?"


def read_ts(source: Source, *, missing: float | None = None) -> Structure:
    """Every case as a chain of steps with one channel a dimension; lengths may differ.

    Classes become `y`, numbers in the order in which the header names them (`meta` has the names as `classes`), and
    targets of a regression become `y` in double precision.

    Args:
        source: the file.
        missing: what a value that is not known becomes, NaN say; refused unless given.

    Raises:
        ReadError: if a case has other dimensions, lengths or classes than the header says, or has time stamps.

    Reference: Bagnall et al., "The UEA multivariate time series classification archive, 2018", arXiv:1811.00075.
    """
    header, rows = _header(source)
    if header.get("timestamps", "false").lower() == "true":
        raise source.error("be sampled evenly", "time stamps", "line 1", "Write values only, or read it as CSV.")
    labelled = header.get("classlabel", header.get("targetlabel", "false")).split()
    has_label = bool(labelled) and labelled[0].lower() == "true"
    cases, labels, lines = [], [], []
    for line, text in rows:
        parts = text.split(":")
        if has_label:
            labels.append(parts.pop().strip())
        cases.append([part.split(",") for part in parts])
        lines.append(line)
    _check(source, header, cases, lines)
    lengths = [len(case[0]) for case in cases]
    values = _values(source, cases, lines, missing)
    x, at = [], 0
    for case, length in zip(cases, lengths, strict=True):
        end = at + length * len(case)
        x.append(torch.from_numpy(np.ascontiguousarray(values[at:end].reshape(len(case), length).T)))
        at = end
    if not has_label:
        return chain(x)
    if "classlabel" not in header:
        return chain(x, y=torch.from_numpy(_targets(source, labels, lines)))
    names = labelled[1:] or sorted(set(labels))
    codes = {name: code for code, name in enumerate(names)}
    for line, label in zip(lines, labels, strict=True):
        if label not in codes:
            raise source.error(f"have one of the classes {' '.join(names)}", repr(label), f"line {line}", "Correct it.")
    return chain(x, y=torch.tensor([codes[label] for label in labels]), meta=[{"classes": names}] * len(x))


Row = tuple[int, str]
"""A line's number in the file, and its text."""
Case = list[list[str]]
"""The values of each dimension."""


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
            raise source.error(
                "describe itself before @data", repr(text), f"line {number}", "Check that it is a .ts file."
            )
    raise source.error("have a line @data", "none", "end", "Fetch the whole file.")


def _check(source: Source, header: dict[str, str], cases: list[Case], lines: list[int]) -> None:
    """Raise unless every case has the dimensions and steps that the header, or else the first case, announces."""
    dimensions = _announced(header, "dimensions", "dimension") or (
        1 if header.get("univariate", "").lower() == "true" else len(cases[0]) or 1
    )
    steps = None
    if header.get("equallength", "").lower() == "true":
        steps = _announced(header, "serieslength") or len(next(iter(cases[0]), []))
    for line, case in zip(lines, cases, strict=True):
        lengths = sorted({len(values) for values in case})
        if len(case) != dimensions:
            raise source.error(f"have {dimensions} dimensions", f"{len(case)}", f"line {line}", "Correct the case.")
        if len(lengths) > 1 or (steps is not None and lengths != [steps]):
            rule = f"have {steps or 'equally many'} values in each dimension"
            raise source.error(rule, " and ".join(map(str, lengths)), f"line {line}", "Correct the case.")


def _announced(header: dict[str, str], *names: str) -> int | None:
    words = [header[name] for name in names if header.get(name, "").isdecimal()]
    return int(words[0][:9]) if words else None


def _values(source: Source, cases: list[Case], lines: list[int], missing: float | None) -> np.ndarray:
    """All values, one dimension of one case after another, in single precision."""
    words = list(joined.from_iterable(joined.from_iterable(cases)))
    if missing is not None:
        words = [str(math.nan) if word.strip() == MISSING else word for word in words]
    try:
        values = np.array(words, np.float64)
        odd = (missing is None and not np.isfinite(values).all()) or any("_" in word for word in words)
    except ValueError:
        values, odd = np.empty(0), True
    if odd:
        for line, case in zip(lines, cases, strict=True):
            for number, dimension in enumerate(case):
                known = [w if missing is None or w.strip() != MISSING else "0" for w in dimension]
                table(source, [",".join(known)], separator=",", first_line=line, rows_are="dimension", first_row=number)
        raise AssertionError("a value was refused, but none of them is wrong")
    if missing is not None:
        values = np.where(np.isnan(values), missing, values)
    return float32(source, values[:, None], lambda row: "the values")[:, 0]


def _targets(source: Source, labels: list[str], lines: list[int]) -> np.ndarray:
    for line, label in zip(lines, labels, strict=True):
        table(source, [label], columns=1, first_line=line, rows_are="target")
    return np.array(labels, np.float64)
