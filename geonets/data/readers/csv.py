"""CSV: tables of numbers and words, read strictly by Python's own reader, which says where every row stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from geonets.core.options import number_or_one_of
from geonets.core.structure import Structure
from geonets.core.topology import Chain, Set
from geonets.data.readers import columns as convert
from geonets.data.readers.numbers import float32
from geonets.data.readers.source import Source

DELIMITERS = ",;\t|"
Categories = Sequence[str] | Mapping[str, Sequence[str]]


def read_csv(
    source: Source,
    *,
    columns: Sequence[str] | None = None,
    item: str | None = None,
    time: str | None = None,
    y: str | None = None,
    categories: Categories = (),
    missing: float | Literal["raise", "drop", "keep"] = "raise",
    delimiter: str | None = None,
    header: bool = True,
) -> Structure:
    """A table with a node for each row: every row an item, or `item` and `time` say which rows belong together.

    | given | makes |
    |---|---|
    | neither | an item of one node for each row |
    | `time` | one chain, its steps in order of time |
    | `item` | a set for each value of that column, which `meta` has as `name` |
    | both | a chain for each value |

    Every column is a node field of its own name, whole numbers int64 and others float64, unless `columns` chooses those
    that are stacked as `x` in single precision. Categories are numbers, whose names `meta` has as `categories`. Empty
    lines between rows are skipped.

    Args:
        source: the file, in UTF-8.
        columns: the columns of `x`, in this order.
        item: the column that says which item a row belongs to.
        time: the column of times, numbers or ISO dates; it becomes `nodes["time"]`, dates as seconds since 1970.
        y: the column that becomes `y`.
        categories: columns of words; with `{column: names}` the names in their order.
        missing: what becomes of an entry that is empty, NA or NaN: `"raise"`; `"drop"` its row; `"keep"` it as NaN; or
            a number that stands for it. Of a category -1 does.
        delimiter: between columns; the most frequent of `, ; tab |` in the first line unless given.
        header: whether the first line has the names; else these are "0", "1", ...

    Raises:
        OptionError: if `missing` is another word.
        ReadError: if a row has other columns than the first, an entry is no number, a time stands twice in an item, or
            two columns would have one name.
    """
    number_or_one_of("missing", missing, ("raise", "drop", "keep"))
    columns = (columns,) if isinstance(columns, str) else columns
    categories = (categories,) if isinstance(categories, str) else categories
    names, rows, lines = _rows(source, delimiter, header)
    wanted = [name for name in (*(columns or ()), item, time, y, *categories) if name is not None]
    for name in wanted:
        if name not in names:
            raise source.error(f"have a column {name}", ", ".join(names), f"line {lines[0]}", "Correct the name.")
    lines = lines[1:] if header else lines
    words = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    read_columns = list(dict.fromkeys(wanted if columns is not None else [*names, *wanted]))
    keep = np.ones(len(rows), bool)
    fields: dict[str, np.ndarray] = {}
    classes: dict[str, list[str]] = {}
    for name in read_columns:
        listed = categories[name] if isinstance(categories, Mapping) and name in categories else None
        ignored = convert.unknown(words[name], listed or ())
        if missing == "raise" or name in (item, time):
            _refuse(source, keep, ignored, "have a known value", words[name], lines, name, "Pass missing=.")
        elif missing == "drop":
            keep &= ~ignored
        if name == item:
            continue
        if name in categories:
            fields[name], wrong, classes[name] = convert.categories(words[name], ignored, listed)
            rule, cure = f"have one of {', '.join(classes[name])}", "Correct the entry."
        elif name == time:
            fields[name], wrong = convert.moments([w if k else "0" for w, k in zip(words[name], keep, strict=True)])
            rule, cure = "have a number or an ISO date", "Correct the entry."
        else:
            fields[name], wrong = convert.numbers(words[name], ignored)
            rule, cure = "have a finite number", "Leave the column out: columns=(...), or name it in categories=(...)."
            if isinstance(missing, int | float) and ignored.any():
                fields[name] = np.where(ignored, float(missing), fields[name])
        _refuse(source, keep, wrong & keep, rule, words[name], lines, name, cure)
    order, counts, groups = _groups(source, keep, words.get(item or ""), fields.get(time or ""), lines, time)
    nodes = {name: torch.from_numpy(np.ascontiguousarray(field[order])) for name, field in fields.items()}
    kept = [name for name in nodes if name != y and (columns is None or name in categories or name == time)]
    rows_of = [("time" if name == time else name, nodes[name]) for name in kept]
    if columns is not None:
        rows_of.append(("x", _stacked(source, nodes, columns, lines, order)))
    target = {} if y is None else {"y": nodes[y]}
    _refuse_twice(source, [*(name for name, _ in rows_of), *target])
    record: dict[str, Any] = {"categories": classes} if classes else {}
    single = item is None and time is None
    topology = Set(1, len(counts)) if single else Set(counts) if time is None else Chain(counts)
    meta = [record] * len(counts) if groups is None else [{**record, "name": group} for group in groups]
    return Structure(
        topology,
        {**dict(rows_of), **({} if single else target)},
        globals=target if single else {},
        meta=meta if record or groups is not None else None,
    )


def _rows(source: Source, delimiter: str | None, header: bool) -> tuple[list[str], list[list[str]], list[int]]:
    """The names of the columns, the rows, and the line on which each row ends, that of the names first."""
    text = source.text
    first = text.partition("\n")[0]
    sign = delimiter or max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=sign, strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise source.error("be well quoted", str(error), f"line {reader.line_num}", "Correct the quotes.") from None
    if not rows:
        raise source.error("have a row", "none", "line 1", "Check the file.")
    width = len(rows[0])
    names = [name.strip() or str(place) for place, name in enumerate(rows[0])] if header else [*map(str, range(width))]
    twice = [name for name in set(names) if names.count(name) > 1]
    if twice:
        raise source.error("name every column once", f"{min(twice)!r} twice", "line 1", "Rename the columns.")
    if header and not any(convert.numbers([name], np.zeros(1, bool))[1].any() for name in names):
        cure = "Pass header=False if these are values."
        raise source.error("have the names of its columns in the first line", repr(first), "line 1", cure)
    whole = [row for row in rows if len(row) == width]
    if len(whole) < len(rows):
        for number, (row, line) in enumerate(zip(rows, lines, strict=True)):
            if len(row) != width:
                error = f"have {width} entries a row, as line {lines[0]} has", f"{len(row)}", f"line {line}"
                source.leave_out(source.error(*error, "Add or remove entries.", record=number + 1 - header))
        lines = [line for row, line in zip(rows, lines, strict=True) if len(row) == width]
    return names, whole[1:] if header else whole, lines


def _refuse(
    source: Source,
    keep: np.ndarray,
    wrong: np.ndarray,
    rule: str,
    words: Sequence[str],
    lines: list[int],
    name: str,
    cure: str,
) -> None:
    """Leave out the rows that are wrong, or raise at the first."""
    for row in np.flatnonzero(wrong & keep).tolist():
        place = f"line {lines[row]}, column {name}"
        source.leave_out(source.error(rule, repr(words[row]), place, cure, record=row + 1))
        keep[row] = False


def _refuse_twice(source: Source, names: Sequence[str]) -> None:
    """Raise if two columns would be one field."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        cure = "Rename the column, or choose others: columns=(...)."
        raise source.error(f"have one column that becomes {twice}", "another of that name", "line 1", cure)


def _groups(
    source: Source,
    keep: np.ndarray,
    items: Sequence[str] | None,
    times: np.ndarray | None,
    lines: list[int],
    time: str | None,
) -> tuple[np.ndarray, list[int], list[str] | None]:
    """The rows in order of item and time, how many each item has, and the names of the items as they appear."""
    rows = np.flatnonzero(keep)
    if items is None and times is None:
        return rows, [1] * len(rows), None
    names = list(dict.fromkeys(items[row] for row in rows.tolist())) if items is not None else [""]
    codes = {name: code for code, name in enumerate(names)}
    numbers = np.array([codes[items[row]] for row in rows.tolist()] if items is not None else [0] * len(rows), np.int64)
    order = np.lexsort((numbers,) if times is None else (times[rows], numbers))
    rows, numbers = rows[order], numbers[order]
    if times is not None:
        again = np.flatnonzero((np.diff(numbers) == 0) & (np.diff(times[rows]) == 0))
        if len(again):
            first, second = sorted(lines[row] for row in rows[again[0] : again[0] + 2].tolist())
            rule, place = "have each time of an item once", f"line {second}, column {time}"
            raise source.error(rule, f"that of line {first} again", place, "Name the column of items: item=.")
    counts = np.bincount(numbers, minlength=len(names)).tolist()
    return rows, counts, names if items is not None else None


def _stacked(
    source: Source, nodes: dict[str, Tensor], columns: Sequence[str], lines: list[int], order: np.ndarray
) -> Tensor:
    table = np.stack([nodes[name].numpy() for name in columns], 1) if columns else np.empty((len(order), 0))
    return torch.from_numpy(float32(source, table, lambda row: f"line {lines[int(order[row])]}"))
