"""GraphML: networks as XML, with attributes of declared types."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from geonets.core.structure import Structure
from geonets.data.readers.networks import Attributes, Network
from geonets.data.readers.source import Source
from geonets.data.readers.xml import Element, document

TRUTH = {"true": True, "1": True, "false": False, "0": False}
TYPES: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("int", "integer", "long"), int),
    **dict.fromkeys(("float", "double"), float),
    "boolean": lambda text: TRUTH[text.lower()],
    "string": str,
}
"""How a value of each type is written."""


def read_graphml(source: Source) -> Structure:
    """A network as one item, as `from_networkx` makes it: an undirected edge becomes two.

    `meta` has the nodes' names as `node_names`. Attributes that are numbers or truths on every node (or edge) become
    fields; all others are kept in `meta`. A value that is missing is the declared default, if there is one.

    Args:
        source: the file.

    Raises:
        ReadError: with the line, if it is no whole XML, declares entities, has hyperedges or nested graphs, or an edge
            names a node that is not there.

    Reference: U. Brandes, M. Eiglsperger, J. Lerner, C. Pich, "Graph markup language (GraphML)", in: Handbook of graph
        drawing and visualization, 2013.
    """
    root = document(source)
    if root.tag != "graphml":
        raise source.error("be GraphML", f"<{root.tag}>", f"line {root.line}", "Name the format: read(path, format=).")
    graphs = root.all("graph")
    if len(graphs) != 1:
        place = f"line {graphs[1].line}" if graphs else f"line {root.line}"
        raise source.error("hold one graph", f"{len(graphs)}", place, "Write each graph into a file of its own.")
    whole = graphs[0]
    for element in whole.below():
        if element.tag == "hyperedge" or (element.tag == "graph" and element is not whole):
            got = f"a {'hyperedge' if element.tag == 'hyperedge' else 'graph within a graph'}"
            raise source.error("have plain nodes and edges", got, f"line {element.line}", "Take it out.")
    keys = _Keys(source, root.all("key"))
    nodes, edges = whole.all("node"), whole.all("edge")
    number: dict[str, int] = {}
    for element in nodes:
        name = element.attributes.get("id")
        if name is None or name in number:
            rule, got = "have nodes with an id of their own", "none" if name is None else f"{name!r} again"
            raise source.error(rule, got, f"line {element.line}, node {len(number)}", "Name it differently.")
        number[name] = len(number)
    pairs = []
    for row, element in enumerate(edges):
        ends = [element.attributes.get(end) for end in ("source", "target")]
        lost = [end for end in ends if end not in number]
        if lost:
            place = f"line {element.line}, edge {row}"
            raise source.error("join nodes that are there", f"an edge of {lost[0]!r}", place, "Correct the edge.")
        pairs.append([number[end] for end in ends if end is not None])
    return Network(
        names=list(number),
        node_attributes=[keys.read(element, "node") for element in nodes],
        pairs=np.array(pairs, np.int64).reshape(-1, 2),
        edge_attributes=[keys.read(element, "edge") for element in edges],
        directed=_direction(source, whole, edges),
        attributes=keys.read(whole, "graph"),
        node_places=[f"line {element.line}, node {row}" for row, element in enumerate(nodes)],
        edge_places=[f"line {element.line}, edge {row}" for row, element in enumerate(edges)],
    ).structure(source)


def _direction(source: Source, whole: Element, edges: Sequence[Element]) -> bool:
    """Whether the edges are directed, which each may say by itself."""
    default = whole.attributes.get("edgedefault", "undirected") == "directed"
    said = {element.attributes.get("directed", str(default).lower()): element for element in edges}
    if len(said) > 1:
        place = f"line {max(element.line for element in said.values())}"
        raise source.error("have edges that are all directed or all not", "both", place, "Write two edges for each.")
    return next(iter(said), str(default).lower()) == "true"


class _Keys:
    """The attributes that a file declares: for each key its name, what it is for, and how its values are written."""

    def __init__(self, source: Source, elements: Sequence[Element]) -> None:
        self.source = source
        self.declared: dict[str, tuple[str, str]] = {}
        self.defaults: dict[str, Attributes] = {"node": {}, "edge": {}, "graph": {}}
        for element in elements:
            given = element.attributes
            kind = given.get("attr.type", "string")
            if kind not in TYPES or "id" not in given:
                got = f"{kind} for {given.get('id')!r}"
                rule = f"declare keys with an id and of the types {', '.join(TYPES)}"
                raise source.error(rule, got, f"line {element.line}, key", "Correct the declaration.")
            name = given.get("attr.name", given["id"])
            self.declared[given["id"]] = name, kind
            default = element.first("default")
            if default is not None:
                levels = self.defaults if given.get("for", "all") == "all" else (given["for"],)
                for level in levels:
                    self.defaults.setdefault(level, {})[name] = self.value(default, kind)

    def read(self, element: Element, level: str) -> Attributes:
        """The attributes of a node, an edge or the graph."""
        found = dict(self.defaults[level])
        for entry in element.all("data"):
            key = entry.attributes.get("key")
            if key not in self.declared:
                place = f"line {entry.line}, {level} data"
                raise self.source.error("declare every key", f"{key!r}", place, "Add a <key> for it.")
            name, kind = self.declared[key]
            found[name] = self.value(entry, kind)
        if level == "edge" and "id" in element.attributes:
            found.setdefault("id", element.attributes["id"])
        return found

    def value(self, entry: Element, kind: str) -> Any:
        """What an element says, in the type declared for it."""
        text = "".join(part.text for part in entry.below()).strip()
        try:
            value = TYPES[kind](text if "_" not in text or kind == "string" else "no number")
        except (ValueError, KeyError):
            value = math.nan
        if isinstance(value, float) and not math.isfinite(value):
            raise self.source.error(f"have a finite {kind} there", repr(text), f"line {entry.line}", "Correct it.")
        return value
