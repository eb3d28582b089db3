"""Tables of numbers in text: read at once, and searched for the culprit only when something is wrong."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from geonets.core.errors import ReadError
from geonets.data.readers.source import Source


def table(
    source: Source,
    lines: Sequence[str],
    *,
    columns: int | None = None,
    first_line: int | Sequence[int] = 1,
    first_row: int = 0,
    rows_are: str = "row",
    separator: str | None = None,
    kind: type[float] | type[int] = float,
    finite: bool = True,
) -> np.ndarray:
    """Lines of numbers as a `(rows, columns)` array of float64 or int64.

    Args:
        source: the file, for messages.
        lines: one row each; empty ones are not skipped.
        columns: how many numbers every line has; as many as the first one has unless given.
        first_line: the number of the first line in the file, or the numbers of all lines where some were left out.
        first_row: the number of the first row.
        rows_are: what a row is, for messages: "vertex", "edge".
        separator: between numbers; white space unless given.
        kind: `float` or `int`.
        finite: whether NaN and infinity are refused.

    Raises:
        ReadError: naming the line, if it has another number of entries, or one is no such number.
    """
    if not lines:
        return np.empty((0, columns or 0), np.int64 if kind is int else np.float64)
    width = len(lines[0].split(separator)) if columns is None else columns
    dtype = np.int64 if kind is int else np.float64
    quick = _loaded(lines, width, separator, dtype)
    if quick is not None and (not finite or kind is int or np.isfinite(quick).all()):
        return quick
    words = [line.split(separator) for line in lines]
    if all(len(row) == width for row in words) and not any("_" in line for line in lines):  # Python reads 1_0 as 10
        try:
            numbers = np.array(words, dtype=dtype)
        except (ValueError, OverflowError):
            pass
        else:
            if not finite or kind is int or np.isfinite(numbers).all():
                return numbers.reshape(len(lines), width)
    raise _culprit(source, words, width, (first_line, first_row), rows_are, kind, finite)


def natural(word: str) -> int | None:
    """The whole number that a word of digits is, or None; nothing is counted by more than 19 digits."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 20 else None


def float32(source: Source, numbers: np.ndarray, place: Callable[[int], str]) -> np.ndarray:
    """The numbers in single precision.

    Args:
        source: the file, for messages.
        numbers: `(rows, columns)`.
        place: where a row stands in the file, from its number.

    Raises:
        ReadError: if a number is too large for it.
    """
    wide = np.argwhere((np.abs(numbers) > np.finfo(np.float32).max) & np.isfinite(numbers))
    if len(wide):
        row, column = wide[0]
        got = repr(float(numbers[row, column]))
        raise source.error("have numbers below 3.4e38", got, place(int(row)), "Choose another unit.")
    return numbers.astype(np.float32)


def _loaded(lines: Sequence[str], width: int, separator: str | None, dtype: Any) -> np.ndarray | None:
    """The table by NumPy's own parser, which is strict and 20 times as fast; None where it finds anything odd."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # it warns of whole numbers written as 1.5, and of no rows
            numbers = np.loadtxt(lines, dtype, comments=None, delimiter=separator, ndmin=2)
    except (ValueError, OverflowError, Warning):
        return None
    return numbers if numbers.shape == (len(lines), width) else None  # it leaves out empty lines


def _culprit(
    source: Source,
    words: list[list[str]],
    width: int,
    first: tuple[int | Sequence[int], int],
    rows_are: str,
    kind: Any,
    finite: bool,
) -> ReadError:
    """What is wrong with the first wrong line."""
    for row, entries in enumerate(words):
        line = first[0] + row if isinstance(first[0], int) else first[0][row]
        place = f"line {line}, {rows_are} {first[1] + row}"
        if len(entries) != width:
            return source.error(
                f"have {width} numbers for each {rows_are}", f"{len(entries)}", place, "Add or remove numbers there."
            )
        for entry in entries:
            try:
                value = kind(entry if "_" not in entry else "no number")
            except ValueError:
                word = "a whole number" if kind is int else "a number"
                return source.error(f"have {word} there", repr(entry), place, "Correct the entry.")
            if finite and kind is float and not math.isfinite(value):
                return source.error("have finite numbers only", repr(entry), place, "Remove or replace the entry.")
            if kind is int and not -(2**63) <= value < 2**63:
                return source.error("have 64-bit whole numbers", repr(entry), place, "Correct the entry.")
    raise AssertionError("a table was refused, but no line of it is wrong")
