"""Graphs from and to NetworkX."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, StructureError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.constructors import graph


def from_networkx(network: Any) -> Structure:
    """A NetworkX graph as one item; an undirected edge becomes two.

    Attributes that are numbers (or lists of numbers) on every node become node fields, likewise for edges; any other
    attribute is kept in `meta`, as are the nodes' names and whether the graph was directed. Attributes of the graph
    itself that are numbers become globals.

    Args:
        network: a `Graph`, `DiGraph`, `MultiGraph` or `MultiDiGraph`.

    Raises:
        StructureError: if an attribute is on some nodes or edges only.

    Example:
        >>> import networkx
        >>> from_networkx(networkx.karate_club_graph())
        Structure of Graph(1 item of 34 nodes, 156 edges)
          edges   weight      (156,) int64
    """
    networkx = require("networkx")
    if not isinstance(network, networkx.Graph):
        raise DtypeError(f"`network` must be a NetworkX graph; got {type(network).__name__}. Pass a networkx.Graph.")
    names = list(network.nodes)
    number = {name: place for place, name in enumerate(names)}
    node_fields, node_notes = _fields([network.nodes[name] for name in names], "nodes")
    edges = [(number[first], number[second], attributes) for first, second, attributes in network.edges(data=True)]
    edge_fields, edge_notes = _fields([attributes for _, _, attributes in edges], "edges")
    listed = [(first, second) for first, second, _ in edges]
    rows = list(range(len(listed)))
    if not network.is_directed():
        proper = [row for row, (first, second) in enumerate(listed) if first != second]
        listed += [listed[row][::-1] for row in proper]
        rows += proper
    meta: dict[str, Any] = {"directed": network.is_directed(), "multigraph": network.is_multigraph()}
    if names != list(range(len(names))):
        meta["node_names"] = [name if isinstance(name, str | int | float) else repr(name) for name in names]
    meta |= {"node_attributes": node_notes} if node_notes else {}
    meta |= {"edge_attributes": edge_notes} if edge_notes else {}
    graph_fields, graph_notes = _fields([network.graph], "graphs")
    meta |= {"graph_attributes": graph_notes} if graph_notes else {}
    return graph(
        torch.tensor(listed, dtype=torch.long).reshape(-1, 2).T,
        num_nodes=len(names),
        nodes=node_fields,
        edges={name: field[rows] for name, field in edge_fields.items()},
        globals=graph_fields,
        meta=[meta],
    )


def to_networkx(structure: Structure) -> Any:
    """One item as a NetworkX graph: what `from_networkx` reads, undirected where it came from an undirected one.

    Args:
        structure: one item over any topology that has links.

    Raises:
        StructureError: if there is not exactly one item.

    Example:
        >>> to_networkx(graph(torch.tensor([[0, 1], [1, 2]]), x=torch.ones(3, 1))).nodes[0]
        {'x': [1.0]}
    """
    networkx = require("networkx")
    if structure.levels:
        raise StructureError(
            f"`structure` must have no further levels for NetworkX; got {sorted(structure.levels)}. "
            "Remove them first: replace(levels={})."
        )
    if len(structure) != 1:
        raise StructureError(
            f"`structure` must be one item; got {len(structure)}. Convert each: [to_networkx(s) for s in structure]."
        )
    meta: Mapping[str, Any] = structure.meta[0] if structure.meta is not None else {}
    directed, multi = meta.get("directed", True), meta.get("multigraph", False)
    kinds = {
        (False, False): networkx.Graph,
        (True, False): networkx.DiGraph,
        (False, True): networkx.MultiGraph,
        (True, True): networkx.MultiDiGraph,
    }
    links = structure.topology.links
    senders, receivers = (links.in_input_order(rows).tolist() for rows in (links.senders, links.receivers))
    if not multi and len(set(zip(senders, receivers, strict=True))) < len(senders):
        multi = True
    network = kinds[directed, multi]()
    graph_rows = {name: field.tolist() for name, field in structure.globals.items()} | meta.get("graph_attributes", {})
    network.graph.update({name: values[0] for name, values in graph_rows.items()})
    names = meta.get("node_names", list(range(structure.num_nodes)))
    node_rows = {name: field.tolist() for name, field in structure.nodes.items()} | meta.get("node_attributes", {})
    for place, name in enumerate(names):
        network.add_node(name, **{key: values[place] for key, values in node_rows.items()})
    edge_rows = {name: links.in_input_order(field).tolist() for name, field in structure.edges.items()}
    if links.edge_type is not None:
        edge_rows["edge_type"] = links.in_input_order(links.edge_type).tolist()
    count = len(senders)
    if not directed:  # each undirected edge was listed again, the other way, after all first listings
        loops = sum(first == second for first, second in zip(senders, receivers, strict=True))
        count = (count + loops) // 2
    edge_rows = {name: values[:count] for name, values in edge_rows.items()} | meta.get("edge_attributes", {})
    for row in range(count):
        attributes = {key: values[row] for key, values in edge_rows.items()}
        network.add_edge(names[senders[row]], names[receivers[row]], **attributes)
    return network


def _fields(records: list[Mapping[str, Any]], level: str) -> tuple[dict[str, Tensor], dict[str, list[Any]]]:
    """Attributes that are numbers as tensors, the others as lists."""
    fields: dict[str, Tensor] = {}
    notes: dict[str, list[Any]] = {}
    for name in dict.fromkeys(key for record in records for key in record):
        missing = next((row for row, record in enumerate(records) if name not in record), None)
        if missing is not None:
            raise StructureError(
                f"`network` must have the attribute {name!r} on all {level} or none; "
                f"got {level[:-1]} number {missing} without it. Fill it in, or delete it from the others."
            )
        values = [record[name] for record in records]
        if all(_is_numeric(value) for value in values):
            fields[str(name)] = torch.as_tensor(values)
        else:
            notes[str(name)] = values
    return fields, notes


def _is_numeric(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(entry, numbers.Real) for entry in value)
    return isinstance(value, numbers.Real)
