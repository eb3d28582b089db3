"""Columns of words as numbers and categories, with the rows where that fails."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

UNKNOWN = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
"""Words that say, in any case, that a value is not known."""


def unknown(words: Sequence[str], names: Sequence[str] = ()) -> np.ndarray:
    """`(rows,)` bool: where a value is not known; a word that `names` has is known."""
    seen = {word: word.strip().lower() in UNKNOWN and word not in names for word in set(words)}
    return np.array([seen[word] for word in words], bool)


def numbers(words: Sequence[str], ignored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers, int64 where all are whole and known, else float64; and `(rows,)` bool where a word is none.

    Args:
        words: one a row.
        ignored: `(rows,)` bool: rows that become NaN.
    """
    known = ["nan" if skip else word for word, skip in zip(words, ignored, strict=True)] if ignored.any() else words
    plain = not any("_" in word for word in known)  # Python reads 1_0 as 10
    for dtype in (np.int64, np.float64) if plain else ():
        try:
            found = np.array(known, dtype)
        except (ValueError, OverflowError):
            continue
        return found, np.zeros(len(words), bool) if dtype is np.int64 else ~np.isfinite(found) & ~ignored
    found = np.array([_number(word) for word in known], np.float64)
    return found, ~np.isfinite(found) & ~ignored


def _number(word: str) -> float:
    try:
        return float(word) if "_" not in word else np.nan
    except ValueError:
        return np.nan


def categories(
    words: Sequence[str], ignored: np.ndarray, names: Sequence[str] | None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The number of each row's category, -1 where it is not known; where it is none; and the names in order."""
    known = sorted({word for word, skip in zip(words, ignored, strict=True) if not skip}) if names is None else names
    codes = {name: code for code, name in enumerate(known)}
    found = np.array([codes.get(word, -1) for word in words], np.int64)
    wrong = (found < 0) & ~ignored
    return np.where(ignored, -1, found), wrong, list(known)


def moments(words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Times as numbers: as they are, or of ISO dates the seconds since 1970; and where a word is no time."""
    nothing = np.zeros(len(words), bool)
    found, wrong = numbers(words, nothing)
    if not wrong.any():
        return found, nothing
    seen = {word: _moment(word) for word in set(words)}
    dates = np.array([seen[word] for word in words], "datetime64[us]")
    return dates.astype(np.int64) / 1e6, np.isnat(dates)


def _moment(word: str) -> np.datetime64:
    """The moment that an ISO date names, in universal time unless it has none, or no moment."""
    text = word.strip().removesuffix("Z")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # where there is an offset, NumPy warns, and forgets it
            return np.datetime64(text if text[:1].isdigit() else "NaT", "us")  # it also reads "now"
    except (ValueError, Warning):
        return np.datetime64("NaT", "us")
