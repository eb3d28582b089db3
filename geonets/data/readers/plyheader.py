"""The header of a PLY file: which elements it has, of what columns, and where their rows begin."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple, final

from geonets.core.errors import ReadError
from geonets.data.readers.numbers import natural
from geonets.data.readers.source import Source

KINDS = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
COUNTS = tuple(name for name, kind in KINDS.items() if kind[0] != "f")
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}


class Property(NamedTuple):
    """A column of an element, or a list in each of its rows: its numpy type, and that of the lists' lengths."""

    name: str
    kind: str
    counts: str | None = None


@final
@dataclasses.dataclass(frozen=True)
class Element:
    """A kind of rows.

    Args:
        name: `vertex`, `face` or another.
        count: how many rows are announced.
        line: where the header announces them.
        first_row: the line of the first of them, in text.
        properties: in the order in which they stand in every row.
    """

    name: str
    count: int
    line: int
    first_row: int
    properties: tuple[Property, ...] = ()

    def place(self, row: int) -> str:
        """Where a row stands in the file."""
        return f"line {self.first_row + row}, {self.name} {row}" if self.first_row else f"{self.name} {row}"

    @property
    def announced(self) -> str:
        """Where the header announces the rows."""
        return f"line {self.line}, element {self.name}"


class Header(NamedTuple):
    """What a header says: `""` for text or numpy's sign of a byte order; the elements; how many lines and bytes."""

    order: str
    elements: list[Element]
    num_lines: int
    num_bytes: int


def header(source: Source) -> Header:
    """Read the header.

    Raises:
        ReadError: if it does not begin with `ply`, has no end, or a line of it says nothing that is known.
    """
    content = source.content
    order: str | None = None
    elements: list[Element] = []
    at = line = 0
    while at < len(content):
        end = content.find(b"\n", at)
        end = len(content) if end < 0 else end
        words = content[at:end].decode("latin-1").split()
        at, line = end + 1, line + 1
        if line == 1 and words != ["ply"]:
            break
        match words:
            case ["ply"] if line == 1:
                pass
            case ["format", word, _] if word in ORDERS and order is None:
                order = ORDERS[word]
            case ["element", name, word] if (count := natural(word)) is not None:
                if any(name == known.name for known in elements):
                    raise _wrong(source, line, "announce every element once", name)
                elements.append(Element(name, count, line, 0))
            case ["property", "list", word, kind, name] if elements and kind in KINDS and word in COUNTS:
                elements[-1] = _with(source, line, elements[-1], Property(name, KINDS[kind], KINDS[word]))
            case ["property", kind, name] if elements and kind in KINDS:
                elements[-1] = _with(source, line, elements[-1], Property(name, KINDS[kind]))
            case ["end_header"] if order is not None:
                return Header(order, elements if order else _numbered(elements, line + 1), line, at)
            case ["comment" | "obj_info", *_] | []:
                pass
            case _:
                raise _wrong(source, line, "have a PLY header of format, element and property lines", " ".join(words))
    if line < 2:
        raise _wrong(source, 1, "begin with the line ply", repr(content[:16]))
    raise _wrong(source, line, "have a header that ends with end_header", "the end of the file")


def _with(source: Source, line: int, element: Element, new: Property) -> Element:
    if any(new.name == known.name for known in element.properties):
        raise _wrong(source, line, "have other names for the properties of an element", new.name)
    return dataclasses.replace(element, properties=(*element.properties, new))


def _numbered(elements: list[Element], line: int) -> list[Element]:
    """The elements with the lines where their rows begin."""
    found = []
    for element in elements:
        found.append(dataclasses.replace(element, first_row=line))
        line += element.count
    return found


def _wrong(source: Source, line: int, rule: str, got: str) -> ReadError:
    return source.error(rule, got, f"header, line {line}", "Check that it is a PLY file, or write it again.")
