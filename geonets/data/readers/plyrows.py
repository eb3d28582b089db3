"""The rows of a PLY element, from text or bytes: an array for every column, and lengths and values for every list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from geonets.core.errors import ReadError
from geonets.data.readers.numbers import float32, natural, table
from geonets.data.readers.plyheader import Element, Property
from geonets.data.readers.source import Source


class Lists(NamedTuple):
    """Lists in the rows of an element: `(N,)` lengths, and the values of all lists, one after another."""

    sizes: np.ndarray
    values: np.ndarray


class Rows(NamedTuple):
    """What the rows of an element hold, by name."""

    columns: dict[str, np.ndarray]
    lists: dict[str, Lists]


def rows_of_text(source: Source, lines: Sequence[str], element: Element) -> Rows:
    """The rows of an element from its lines."""
    if len(lines) < element.count:
        raise _too_few(source, element, f"{len(lines)} lines")
    parts = element.properties
    if not any(part.counts for part in parts):
        found = table(
            source,
            lines,
            columns=len(parts),
            first_line=element.first_row,
            rows_are=element.name,
            finite=False,
        )
        return Rows({p.name: _typed(source, found[:, n], p.kind, element) for n, p in enumerate(parts)}, {})
    words: list[list[str]] = [[] for _ in parts]
    sizes: list[list[int]] = [[] for _ in parts]
    for row, line in enumerate(lines):
        left = line.split()
        at = 0
        for number, part in enumerate(parts):
            size = 1
            if part.counts:
                count = natural(left[at]) if at < len(left) else None
                size = len(left) if count is None else count
                at += 1
            words[number] += left[at : at + size]
            sizes[number].append(size)
            at += size
        if at != len(left):
            rule = f"have {'more' if at > len(left) else 'fewer'} numbers there, as its lists announce"
            raise source.error(rule, repr(line), element.place(row), "Add or remove numbers.")
    columns, lists = {}, {}
    for part, size, word in zip(parts, sizes, words, strict=True):
        places = np.repeat(np.arange(len(lines)) + element.first_row, size).tolist()
        flat = table(source, word, columns=1, first_line=places, rows_are=f"{element.name} {part.name}", finite=False)
        typed = _typed(source, flat[:, 0], part.kind, element, np.asarray(places) - element.first_row)
        if part.counts:
            lists[part.name] = Lists(np.array(size, np.int64), typed)
        else:
            columns[part.name] = typed
    return Rows(columns, lists)


def _typed(
    source: Source, numbers: np.ndarray, kind: str, element: Element, rows: np.ndarray | None = None
) -> np.ndarray:
    """Numbers in the type that the header gives them."""
    if kind == "f8":
        return numbers
    if kind == "f4":
        place = element.place if rows is None else lambda row: element.place(int(rows[row]))
        return float32(source, numbers[:, None], place)[:, 0]
    limits = np.iinfo(kind)
    wrong = np.flatnonzero(~((numbers >= limits.min) & (numbers <= limits.max) & (numbers == np.rint(numbers))))
    if len(wrong):
        row = int(wrong[0]) if rows is None else int(rows[wrong[0]])
        rule = f"have whole numbers between {limits.min} and {limits.max} there"
        raise source.error(rule, f"{numbers[wrong[0]]:g}", element.place(row), "Correct the number, or the header.")
    return numbers.astype(kind)


def rows_of_bytes(source: Source, start: int, order: str, element: Element) -> tuple[Rows, int]:
    """The rows of an element from the byte where they begin, and the byte where they end."""
    content, parts = source.content, element.properties
    smallest = sum(np.dtype(part.counts or part.kind).itemsize for part in parts)
    if element.count * max(smallest, 1) > len(content) - start:  # before anything is allocated
        raise _too_few(source, element, f"{len(content) - start} bytes")
    sizes = _first_sizes(content, start, order, parts) if element.count else [1] * len(parts)
    row = _row_type(order, parts, sizes)
    end = start + element.count * row.itemsize
    if end <= len(content):
        rows = np.frombuffer(content, row, element.count, start)
        if all((rows[f"{n}"] == sizes[n]).all() for n, part in enumerate(parts) if part.counts):
            columns = {part.name: rows[f"{n}v"] for n, part in enumerate(parts) if not part.counts}
            lists = {
                part.name: Lists(np.full(element.count, sizes[n]), rows[f"{n}v"].ravel())
                for n, part in enumerate(parts)
                if part.counts
            }
            return Rows(columns, lists), end
    return _uneven_rows(source, start, order, element)


def _row_type(order: str, parts: Sequence[Property], sizes: Sequence[int]) -> np.dtype:
    """A row whose lists have these lengths."""
    fields = []
    for number, (part, size) in enumerate(zip(parts, sizes, strict=True)):
        if part.counts:
            fields += [(f"{number}", order + part.counts), (f"{number}v", order + part.kind, (size,))]
        else:
            fields.append((f"{number}v", order + part.kind))
    return np.dtype(fields)


def _first_sizes(content: bytes, at: int, order: str, parts: Sequence[Property]) -> list[int]:
    """The lengths of the lists of the first row, no longer than the file."""
    sizes = []
    for part in parts:
        size = 1
        if part.counts:
            width = np.dtype(part.counts).itemsize
            size = min(max(int.from_bytes(content[at : at + width], _endian(order)), 0), len(content))
            at += width
        sizes.append(size)
        at += size * np.dtype(part.kind).itemsize
    return sizes


def _uneven_rows(source: Source, start: int, order: str, element: Element) -> tuple[Rows, int]:
    """Rows whose lists have different lengths: the lengths lead from each to the next."""
    content, parts = source.content, element.properties
    widths = [(np.dtype(p.counts).itemsize if p.counts else 0, np.dtype(p.kind).itemsize) for p in parts]
    signed = [bool(p.counts) and str(p.counts).startswith("i") for p in parts]
    endian, end, at = _endian(order), len(content), start
    starts: list[list[int]] = [[] for _ in parts]
    sizes: list[list[int]] = [[] for _ in parts]
    for row in range(element.count):
        for number, (width, size) in enumerate(widths):
            count = 1
            if width:
                count = int.from_bytes(content[at : at + width], endian, signed=signed[number])
                at += width
            starts[number].append(at)
            sizes[number].append(count)
            at += count * size
            if at > end or count < 0:
                got = f"{count} announced and {max(end - starts[number][-1], 0)} bytes left"
                raise source.error(
                    "hold the numbers that its lists announce", got, element.place(row), "Fetch the whole file."
                )
    raw = np.frombuffer(content, np.uint8)
    columns, lists = {}, {}
    for part, (_, size), begin, count in zip(parts, widths, starts, sizes, strict=True):
        counts = np.array(count, np.int64)
        step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        places = np.repeat(np.array(begin, np.int64), counts) + step * size
        values = raw[places[:, None] + np.arange(size)].view(order + part.kind)[:, 0]
        if part.counts:
            lists[part.name] = Lists(counts, values)
        else:
            columns[part.name] = values
    return Rows(columns, lists), at


def _endian(order: str) -> Literal["little", "big"]:
    return "big" if order == ">" else "little"


def _too_few(source: Source, element: Element, got: str) -> ReadError:
    return source.error(
        f"have the {element.count} rows that the header announces",
        got,
        element.announced,
        "Fetch the whole file, or correct the count.",
    )
