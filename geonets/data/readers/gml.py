"""GML, the graph modelling language: nested lists of keys and values."""

from __future__ import annotations

import bisect
import html
import math
import re
from typing import Any, final

import numpy as np

from geonets.core.structure import Structure
from geonets.data.readers.networks import Attributes, Network
from geonets.data.readers.source import Source

MAX_DEPTH, MAX_DIGITS = 100, 300
TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<text>"[^"]*")|(?P<open>\[)|(?P<close>\])|(?P<key>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<real>[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?)|(?P<whole>[+-]?[0-9]+)|(?P<odd>\S)""",
    re.VERBOSE,
)

Entry = tuple[str, Any, int]
"""A key, its value (a list of entries where it is a list), and its line."""


def read_gml(source: Source) -> Structure:
    """A network as one item, as `from_networkx` makes it: an undirected edge becomes two.

    Nodes are called by their labels if each has one of its own, else by their numbers in the file; `meta` has these as
    `node_names`, and `node_ids` where the numbers are not 0, 1, 2, ... Attributes that are numbers on every node (or
    edge) become fields; all others are kept in `meta`.

    Args:
        source: the file.

    Raises:
        ReadError: with the line, if it is no GML, a node is there twice, or an edge names a node that is not there.

    Reference: M. Himsolt, "GML: a portable graph file format", University of Passau, 1997.
    """
    graphs = [(value, line) for key, value, line in _Lists(source).entries() if key == "graph"]
    if len(graphs) != 1 or not isinstance(graphs[0][0], list):
        got, place = f"{len(graphs)} of them", f"line {graphs[-1][1]}" if graphs else "the whole file"
        raise source.error("hold one graph [ ... ]", got, place, "Write each graph into a file of its own.")
    entries: list[Entry] = graphs[0][0]
    nodes = [(value, line) for key, value, line in entries if key == "node"]
    edges = [(value, line) for key, value, line in entries if key == "edge"]
    number: dict[int, int] = {}
    for value, line in nodes:
        name = _whole(source, value, "id", "node", line)
        if name in number:
            raise source.error("have nodes of different id", f"{name} again", f"line {line}", "Renumber one of them.")
        number[name] = len(number)
    pairs = []
    for row, (value, line) in enumerate(edges):
        ends = [_whole(source, value, end, "edge", line) for end in ("source", "target")]
        lost = next((end for end in ends if end not in number), None)
        if lost is not None:
            place = f"line {line}, edge {row}"
            raise source.error("join nodes that are there", f"an edge of node {lost}", place, "Correct the edge.")
        pairs.append([number[end] for end in ends])
    node_attributes = [_attributes(value, ("id",)) for value, _ in nodes]
    labels = [attributes.get("label") for attributes in node_attributes]
    names: list[Any] = list(number)
    if labels and all(isinstance(label, str) for label in labels) and len(set(labels)) == len(labels):
        names = labels
        node_attributes = [{k: v for k, v in attributes.items() if k != "label"} for attributes in node_attributes]
    own = _attributes([entry for entry in entries if entry[0] not in ("node", "edge")], ("directed", "multigraph"))
    directed = next((value for key, value, _ in entries if key == "directed"), 0)
    return Network(
        names=names,
        node_attributes=node_attributes,
        pairs=np.array(pairs, np.int64).reshape(-1, 2),
        edge_attributes=[_attributes(value, ("source", "target")) for value, _ in edges],
        directed=directed == 1,
        attributes=own,
        node_places=[f"line {line}, node {row}" for row, (_, line) in enumerate(nodes)],
        edge_places=[f"line {line}, edge {row}" for row, (_, line) in enumerate(edges)],
        notes={"node_ids": list(number)} if list(number) != list(range(len(number))) and names is labels else {},
    ).structure(source)


@final
class _Lists:
    """The tokens of a file, put into lists within lists."""

    def __init__(self, source: Source) -> None:
        self.source = source
        text = source.text
        self.ends = [found.start() for found in re.finditer("\n", text)]
        self.tokens = (found for found in TOKEN.finditer(text) if found.lastgroup != "comment")

    def entries(self) -> list[Entry]:
        """The keys and values of the file."""
        whole: list[Entry] = []
        waiting, key = [whole], None
        line = 1
        for found in self.tokens:
            kind, word = found.lastgroup, found.group()
            line = bisect.bisect_left(self.ends, found.start()) + 1
            if key is None and kind == "close" and len(waiting) > 1:
                waiting.pop()
            elif key is None:
                self.demand(kind == "key", "have a key there", word, line)
                key = (word, line)
            elif kind == "open":
                self.demand(len(waiting) < MAX_DEPTH, f"have at most {MAX_DEPTH} lists within each other", "more", line)
                inner: list[Entry] = []
                waiting[-1].append((key[0], inner, key[1]))
                waiting.append(inner)
                key = None
            else:
                self.demand(kind in ("text", "real", "whole"), "have a value there", word, line)
                waiting[-1].append((key[0], self.value(kind, word, line), key[1]))
                key = None
        self.demand(key is None and len(waiting) == 1, "close every list", "the end of the file", line)
        return whole

    def value(self, kind: str | None, word: str, line: int) -> Any:
        """What a token stands for."""
        if kind == "text":
            return html.unescape(word[1:-1])
        self.demand(len(word) <= MAX_DIGITS, f"have numbers of at most {MAX_DIGITS} digits", word[:20], line)
        number = int(word) if kind == "whole" else float(word)
        self.demand(math.isfinite(number), "have finite numbers", word, line)
        return number

    def demand(self, held: bool, rule: str, got: str, line: int) -> None:
        """Raise unless something holds."""
        if not held:
            raise self.source.error(rule, repr(got), f"line {line}", FIX)


FIX = "Correct the file, or write it again."


def _whole(source: Source, entries: Any, key: str, level: str, line: int) -> int:
    found = [value for name, value, _ in entries if name == key] if isinstance(entries, list) else []
    if len(found) != 1 or not isinstance(found[0], int):
        got = ", ".join(map(repr, found)) or "none"
        raise source.error(f"have one whole number {key} for each {level}", got, f"line {line}, {level}", FIX)
    return found[0]


def _attributes(entries: list[Entry], without: tuple[str, ...]) -> Attributes:
    """Values by key: a list where a key is there several times, a dict where the value is itself a list of entries."""
    found: Attributes = {}
    several: set[str] = set()
    for key, value, _ in entries:
        if key in without:
            continue
        plain = _attributes(value, ()) if isinstance(value, list) else value
        if key in several:
            found[key].append(plain)
        elif key in found:
            found[key] = [found[key], plain]
            several.add(key)
        else:
            found[key] = plain
    return found
