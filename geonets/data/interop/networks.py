"""Graphs from and to NetworkX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import DtypeError, StructureError
from geonets.core.packages import require
from geonets.core.structure import Structure, batch
from geonets.core.tensors import as_tensor
from geonets.core.topology import EdgeList
from geonets.data.constructors import graph
from geonets.data.interop.notes import as_json, from_json
from geonets.data.interop.refusals import refuse_losses

Records = Sequence[Mapping[Any, Any]]
CURES = {
    "nodes": "Convert or delete the attribute.",
    "edges": "Convert or delete the attribute.",
    "graphs": "Delete it: del network.graph[...].",
}


def from_networkx(network: Any, dtype: torch.dtype | None = None) -> Structure:
    """NetworkX graphs, one an item; an undirected edge becomes two.

    Attributes that are numbers (or arrays or lists of numbers, of one shape) on every node become node fields, likewise
    for edges, and of the graph itself globals; whole numbers called `edge_type` become the edges' types. Any other
    attribute is kept in `meta`, as are the nodes' names, the keys of parallel edges, and whether the graph is directed.

    Args:
        network: a `Graph`, `DiGraph`, `MultiGraph` or `MultiDiGraph`, or a list of them with the same attributes.
        dtype: of attributes that are Python floats; torch's default unless given. `torch.float64` keeps all digits.

    Raises:
        DtypeError: if it is something else.
        StructureError: if an attribute is on some nodes or edges only, has a name that is no string, or is of a kind
            that cannot be kept.

    Example:
        >>> import networkx
        >>> from_networkx(networkx.karate_club_graph())
        Structure of Graph(1 item of 34 nodes, 156 edges)
          edges   weight      (156,) int64
    """
    kind = require("networkx").Graph
    parts = network if isinstance(network, list | tuple) else [network]
    for part in parts:
        if not isinstance(part, kind):
            raise DtypeError(f"`network` must be a NetworkX graph; got {type(part).__name__}. Pass a networkx.Graph.")
    items = [_item(part, dtype or torch.get_default_dtype()) for part in parts]
    return items[0] if len(items) == 1 else batch(items)


def to_networkx(structure: Structure) -> Any:
    """One item as a NetworkX graph, several as a list of them: what `from_networkx` reads.

    A graph is undirected if it came from an undirected one and every edge still has its like in the other direction,
    and a multigraph if it came from one or has parallel edges. Fields become attributes, one row as a list.

    Args:
        structure: over any topology; of a set there are no edges.

    Raises:
        StructureError: if it has further levels, or `meta` names nodes or edges that are no longer there.

    Example:
        >>> to_networkx(graph(torch.tensor([[0, 1], [1, 2]]), x=torch.ones(3, 1))).nodes[0]
        {'x': [1.0]}
    """
    networkx = require("networkx")
    refuse_losses(structure, "NetworkX", nodes=None, edges=None, globals=None)
    networks = [_network(networkx, item) for item in structure]
    return networks[0] if len(networks) == 1 else networks


def _item(network: Any, dtype: torch.dtype) -> Structure:
    names = list(network.nodes)
    number = {name: place for place, name in enumerate(names)}
    meta: dict[str, Any] = {"directed": network.is_directed(), "multigraph": network.is_multigraph()}
    if names != list(range(len(names))):
        cure = "Rename the nodes first: networkx.convert_node_labels_to_integers(network, label_attribute='name')."
        meta["node_names"] = [as_json(name, "network.nodes", cure) for name in names]
    own = dict(network.graph)
    meta |= own.pop("meta", {})
    if network.is_multigraph():
        edges = list(network.edges(keys=True, data=True))
        keys = [key for _, _, key, _ in edges]
        if keys != _usual_keys([edge[:2] for edge in edges], network.is_directed()):
            meta["edge_keys"] = [as_json(key, "network.edges", "Give the edges other keys.") for key in keys]
    else:
        edges = list(network.edges(data=True))
    fields = {}
    levels: dict[str, Records] = {
        "nodes": [network.nodes[name] for name in names],
        "edges": [edge[-1] for edge in edges],
        "graphs": [own],
    }
    for level, records in levels.items():
        fields[level], notes = _fields(records, level, dtype)
        meta |= {f"{level[:-1]}_attributes": notes} if notes else {}
    ends = torch.tensor([(number[edge[0]], number[edge[1]]) for edge in edges], dtype=torch.long).reshape(-1, 2).T
    rows = torch.arange(len(edges))
    if not network.is_directed():
        proper = (ends[0] != ends[1]).nonzero().flatten()
        ends, rows = torch.cat([ends, ends[:, proper].flip(0)], 1), torch.cat([rows, proper])
    of_edges = {name: field[rows] for name, field in fields["edges"].items()}
    kinds = of_edges.get("edge_type")
    if kinds is not None and kinds.ndim == 1 and kinds.dtype == torch.long:
        del of_edges["edge_type"]
    else:
        kinds = None
    return graph(
        ends,
        edge_type=kinds,
        num_nodes=len(names),
        nodes=fields["nodes"],
        edges=of_edges,
        globals=fields["graphs"],
        meta=[meta],
    )


def _network(networkx: Any, item: Structure) -> Any:
    meta = dict(item.meta[0]) if item.meta is not None else {}
    directed, multi = meta.pop("directed", True), meta.pop("multigraph", False)
    none = torch.empty(0, dtype=torch.long)
    links = item.topology.links if item.topology.has_links else EdgeList.of(none, none, num_senders=0, num_receivers=0)
    senders, receivers = links.in_input_order(links.senders), links.in_input_order(links.receivers)
    fields = {name: links.in_input_order(field) for name, field in item.edges.items()}
    fields |= {} if links.edge_type is None else {"edge_type": links.in_input_order(links.edge_type)}
    count = len(senders)
    if not directed:  # each undirected edge was listed again, the other way, after all first listings
        half = (count + int((senders == receivers).sum())) // 2
        directed = not _in_pairs(senders, receivers, list(fields.values()), half)
        count = count if directed else half
    ends = list(zip(senders[:count].tolist(), receivers[:count].tolist(), strict=True))
    pairs = ends if directed else [(min(pair), max(pair)) for pair in ends]
    network = _kind(networkx, directed, multi or len(set(pairs)) < count)()
    names = _remembered(meta, "node_names", item.num_nodes) or list(range(item.num_nodes))
    network.add_nodes_from(names)
    for name, values in _columns(item.nodes, meta, "node_attributes", item.num_nodes).items():
        for place, value in zip(names, values, strict=True):
            network.nodes[place][name] = value
    given = _remembered(meta, "edge_keys", count)
    keys = given or (_usual_keys(ends, directed) if network.is_multigraph() else [])
    listed = [(names[first], names[second]) for first, second in ends]
    listed = [(*pair, key) for pair, key in zip(listed, keys, strict=True)] if network.is_multigraph() else listed
    network.add_edges_from([(*edge, {}) for edge in listed])  # else an empty key is taken for attributes
    first = {name: field[:count] for name, field in fields.items()}
    for name, values in _columns(first, meta, "edge_attributes", count).items():
        for place, value in zip(listed, values, strict=True):
            network.edges[place][name] = value
    of_graph = _columns(item.globals, meta, "graph_attributes", 1)
    network.graph.update({name: values[0] for name, values in of_graph.items()})
    network.graph.update({"meta": meta} if meta else {})
    return network


def _kind(networkx: Any, directed: bool, multi: bool) -> Any:
    return getattr(networkx, ("Multi" if multi else "") + ("DiGraph" if directed else "Graph"))


def _in_pairs(senders: Tensor, receivers: Tensor, fields: list[Tensor], half: int) -> bool:
    """Whether the second listings are the first ones the other way, with the same rows of all fields."""
    proper = (senders[:half] != receivers[:half]).nonzero().flatten()
    wanted = [(senders[half:], receivers[proper]), (receivers[half:], senders[proper])]
    wanted += [(field[half:], field[proper]) for field in fields]
    return all(
        len(mine) == len(other) and bool(((mine == other) | (mine.isnan() & other.isnan())).all())
        for mine, other in wanted
    )


def _columns(fields: Mapping[str, Tensor], meta: dict[str, Any], notes: str, count: int) -> dict[str, list[Any]]:
    """The values of every attribute, row by row; what was noted in the record is taken out of it."""
    noted = {name: _remembered({name: values}, name, count) for name, values in meta.pop(notes, {}).items()}
    return {name: field.tolist() for name, field in fields.items()} | noted


def _remembered(meta: dict[str, Any], name: str, count: int) -> list[Any]:
    """An entry of the record, which is taken out of it: one value for each of so many rows."""
    values = from_json(meta.pop(name, []))
    if values and len(values) != count:
        raise StructureError(
            f"`structure.meta` must say {name} of the {count} that there are; got {len(values)}. "
            "Some were added or left out since: forget the old ones first, structure.replace(meta=None)."
        )
    return values


def _usual_keys(ends: Sequence[Sequence[Any]], directed: bool) -> list[int]:
    """How NetworkX numbers parallel edges by itself."""
    seen: dict[Any, int] = {}
    keys = []
    for first, second in ends:
        pair = (first, second) if directed else frozenset((first, second))
        keys.append(seen.get(pair, 0))
        seen[pair] = keys[-1] + 1
    return keys


def _fields(records: Records, level: str, dtype: torch.dtype) -> tuple[dict[str, Tensor], dict[str, list[Any]]]:
    """Attributes that are numbers as tensors, the others as lists."""
    fields: dict[str, Tensor] = {}
    notes: dict[str, list[Any]] = {}
    for name in dict.fromkeys(key for record in records for key in record):
        missing = next((row for row, record in enumerate(records) if name not in record), None)
        if missing is not None or not isinstance(name, str):
            found = "a name that is no string" if missing is None else f"{level[:-1]} number {missing} without it"
            raise StructureError(
                f"`network` must have the attribute {name!r} on all {level} or none, under a string as its name; "
                f"got {found}. Fill it in or rename it, or delete it from the others."
            )
        values = [record[name] for record in records]
        field = _numbers(values, dtype)
        if field is None:
            notes[name] = [as_json(value, f"network: {name}", CURES[level]) for value in values]
        else:
            fields[name] = field
    return fields, notes


def _numbers(values: list[Any], dtype: torch.dtype) -> Tensor | None:
    """Values as one tensor, if they are numbers, or arrays or lists of them, of one shape that torch holds."""
    try:
        array = np.asarray([value.numpy() if isinstance(value, Tensor) else value for value in values])
    except ValueError:  # of different shapes
        return None
    if array.dtype.kind not in "bifc" or (array.dtype.kind == "f" and all(isinstance(value, int) for value in values)):
        return None  # text, objects, and whole numbers beyond 64 bits
    field = as_tensor(array, "network")
    return field.to(dtype) if field.dtype == torch.float64 else field
