"""XML through defusedxml: no entities, nothing fetched, bounded, and every element with its line."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, final

from geonets.core.errors import ReadError
from geonets.core.packages import require
from geonets.data.readers.source import Source

MAX_ELEMENTS = 5_000_000
MAX_DEPTH = 200


@final
@dataclasses.dataclass
class Element:
    """One element of a file, with its line.

    Args:
        tag: its name, without name space.
        attributes: as written.
        line: where it begins.
        children: the elements in it.
        text: before the first of these, and after each.
    """

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = dataclasses.field(default_factory=list)
    text: str = ""

    def all(self, *tags: str) -> list[Element]:
        """The children of some tags."""
        return [child for child in self.children if child.tag in tags]

    def first(self, tag: str) -> Element | None:
        """The first child of a tag, or None."""
        return next((child for child in self.children if child.tag == tag), None)

    def below(self) -> Iterator[Element]:
        """The element and all elements in it, each before those inside it."""
        waiting: list[Element] = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))


def document(source: Source) -> Element:
    """The root element of a file.

    Raises:
        ReadError: with the line, if it is no whole XML, declares entities, or is nested too deep.
    """
    defused = require("defusedxml.ElementTree", "defusedxml")
    common = require("defusedxml.common", "defusedxml")
    tree = _Tree(source)
    parser = defused.DefusedXMLParser(target=tree)
    tree.line = lambda: parser.parser.CurrentLineNumber
    try:
        parser.feed(source.content)
        return parser.close()
    except defused.ParseError as error:
        line, column = error.position
        reason = str(error).partition(":")[0]
        raise source.error("be whole XML", reason, f"line {line}, column {column}", "Correct it there.") from None
    except common.DefusedXmlException as error:
        got = type(error).__name__.replace("Forbidden", "")
        cure = "Write out what the entities stand for."
        raise source.error("have no entities and name no other files", got, f"line {tree.line()}", cure) from None
    except ReadError:
        raise
    except (LookupError, ValueError) as error:
        raise source.error("be XML in a known encoding", str(error), "line 1", "Save it as UTF-8.") from None


class _Tree:
    """Builds the elements as the parser meets them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.open: list[Element] = []
        self.root: Element | None = None
        self.count = 0
        self.line: Any = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        element = Element(local(tag), {local(name): value for name, value in attributes.items()}, self.line())
        if self.count > MAX_ELEMENTS or len(self.open) >= MAX_DEPTH:
            rule = f"have at most {MAX_ELEMENTS} elements, {MAX_DEPTH} within each other"
            raise self.source.error(rule, "more", f"line {element.line}", "Cut the file into smaller ones.")
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, tag: str) -> None:
        self.open.pop()

    def data(self, text: str) -> None:
        if self.open:
            self.open[-1].text += text

    def close(self) -> Element | None:
        return self.root


def local(name: str) -> str:
    """A name without its name space."""
    return name.rpartition("}")[2]
