"""Graphs as folders and files of text."""

from __future__ import annotations

from typing import Any

READY = ("tu", "planetoid", "edgelist", "gml", "graphml")


def has(nodes: int, edges: int, items: int = 1) -> Any:
    return lambda s: (len(s), s.num_nodes, s.topology.links.num_edges) == (items, nodes, edges)


CHECKS = {
    "tu/control": has(4, 4, items=2),
    "planetoid/control": has(522, 6),
    "edgelist/control": has(3, 4),
    "gml/control": has(2, 2),
    "graphml/control": has(2, 2),
}
