"""The header of a PCD file, checked in full before a point is read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geonets.core.errors import ReadError
from geonets.data.readers.numbers import natural
from geonets.data.readers.source import Source

KINDS = {"F": ("f", (4, 8)), "I": ("i", (1, 2, 4, 8)), "U": ("u", (1, 2, 4, 8))}
STORAGES = ("ascii", "binary", "binary_compressed")
ENTRIES = (
    "VERSION", "FIELDS", "COLUMNS", "SIZE", "TYPE", "COUNT", "WIDTH", "HEIGHT", "VIEWPOINT", "POINTS", "DATA",
)  # fmt: skip


class Field(NamedTuple):
    """A field of every point: numbers of a type, `many` of them."""

    name: str
    dtype: np.dtype
    many: int

    @property
    def size(self) -> int:
        """Its bytes in each point."""
        return self.dtype.itemsize * self.many


class Header(NamedTuple):
    """What a header says, on which line, and where the points begin."""

    fields: list[Field]
    width: int
    height: int
    viewpoint: list[float]
    storage: str
    lines: dict[str, int]
    num_lines: int
    num_bytes: int

    @property
    def points(self) -> int:
        """How many points are announced."""
        return self.width * self.height

    def place(self, entry: str) -> str:
        """Where an entry stands."""
        return f"line {self.lines[entry]}, {entry}" if entry in self.lines else "header"

    def point(self, number: int) -> str:
        """Where a point stands."""
        line = f"line {self.num_lines + 1 + number}, " if self.storage == "ascii" else ""
        return f"{line}point {number}"


def header(source: Source) -> Header:
    """Read the header.

    Raises:
        ReadError: if an entry is missing, unknown, or contradicts another.
    """
    content = source.content
    entries: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    at = line = 0
    while at < len(content) and "DATA" not in entries:
        end = content.find(b"\n", at)
        end = len(content) if end < 0 else end
        words = content[at:end].decode("latin-1").split()
        at, line = end + 1, line + 1
        if not words or words[0].startswith("#"):
            continue
        name = "FIELDS" if words[0] == "COLUMNS" else words[0]
        if words[0] not in ENTRIES or name in entries:
            rule = "have a PCD header of the entries VERSION to DATA, each once"
            raise source.error(rule, " ".join(words), f"header, line {line}", "Check that it is a PCD file.")
        entries[name], lines[name] = words[1:], line
    for name in ("FIELDS", "SIZE", "TYPE", "WIDTH", "HEIGHT", "DATA"):
        if name not in entries:
            raise source.error(
                f"have a header with {name}", "none", f"header, line {line}", "Check that it is a PCD file."
            )
    fields = _fields(source, entries, lines)
    (width,), (height,) = (_whole(source, entries, lines, name, 1) for name in ("WIDTH", "HEIGHT"))
    if "POINTS" in entries and _whole(source, entries, lines, "POINTS", 1) != [width * height]:
        got = f"{entries['POINTS'][0]} for {width} x {height}"
        raise _wrong(source, lines, "POINTS", "announce as many points as WIDTH times HEIGHT", got)
    if entries["DATA"] not in [[storage] for storage in STORAGES]:
        raise _wrong(source, lines, "DATA", f"have DATA {', '.join(STORAGES)}", " ".join(entries["DATA"]))
    view = _seven(entries.get("VIEWPOINT", ["0", "0", "0", "1", "0", "0", "0"]))
    if view is None:
        raise _wrong(source, lines, "VIEWPOINT", "have seven numbers as VIEWPOINT", " ".join(entries["VIEWPOINT"]))
    return Header(fields, width, height, view, entries["DATA"][0], lines, line, at)


def _fields(source: Source, entries: dict[str, list[str]], lines: dict[str, int]) -> list[Field]:
    names = entries["FIELDS"]
    entries.setdefault("COUNT", ["1"] * len(names))
    lines.setdefault("COUNT", lines["FIELDS"])
    for entry in ("SIZE", "TYPE", "COUNT"):
        if len(entries[entry]) != len(names):
            rule = f"have one {entry} for each of the {len(names)} FIELDS"
            raise _wrong(source, lines, entry, rule, f"{len(entries[entry])}")
    if not names or len({name for name in names if name != "_"}) + names.count("_") != len(names):
        raise _wrong(source, lines, "FIELDS", "have a name for each field, each once", " ".join(names) or "none")
    sizes = _whole(source, entries, lines, "SIZE", len(names))
    counts = _whole(source, entries, lines, "COUNT", len(names))
    fields = []
    for name, kind, size, count in zip(names, entries["TYPE"], sizes, counts, strict=True):
        letter, allowed = KINDS.get(kind, ("", ()))
        if not letter:
            raise _wrong(source, lines, "TYPE", "have the types F, I or U", kind)
        if size not in allowed:
            raise _wrong(source, lines, "SIZE", f"have sizes {', '.join(map(str, allowed))} for {kind}", f"{size}")
        if not 1 <= count <= len(source.content):
            raise _wrong(source, lines, "COUNT", "have a COUNT between 1 and what the file can hold", f"{count}")
        fields.append(Field(name, np.dtype(f"<{letter}{size}"), count))
    return fields


def _whole(source: Source, entries: dict[str, list[str]], lines: dict[str, int], name: str, many: int) -> list[int]:
    words = entries[name]
    numbers = [number for word in words if (number := natural(word)) is not None]
    if len(numbers) != many or len(words) != many:
        raise _wrong(source, lines, name, f"have {many} whole numbers as {name}", " ".join(words) or "none")
    return numbers


def _seven(words: list[str]) -> list[float] | None:
    """Seven finite numbers, or None."""
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return None
    return numbers if len(numbers) == 7 and np.isfinite(numbers).all() else None


def _wrong(source: Source, lines: dict[str, int], entry: str, rule: str, got: str) -> ReadError:
    return source.error(rule, got, f"line {lines[entry]}, {entry}", "Correct the header, or write the file again.")
