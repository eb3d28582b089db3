"""What the files of networks share: nodes with names, edges between them, and attributes of any kind."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from geonets.core.structure import Structure
from geonets.data.constructors import graph
from geonets.data.readers.source import Source

Attributes = dict[str, Any]
LARGEST = torch.finfo(torch.float32).max


@final
@dataclasses.dataclass(frozen=True)
class Network:
    """A network as a file lists it.

    Args:
        names: of the nodes, each once.
        node_attributes: of each node.
        pairs: `(E, 2)` node numbers of the listed edges.
        edge_attributes: of each listed edge.
        directed: whether an edge leads from its first node to its second only.
        attributes: of the whole.
        node_places: where each node stands in the file.
        edge_places: where each edge does.
        notes: what else `meta` keeps.
    """

    names: list[Any]
    node_attributes: Sequence[Attributes]
    pairs: np.ndarray
    edge_attributes: Sequence[Attributes]
    directed: bool
    attributes: Attributes
    node_places: Sequence[str]
    edge_places: Sequence[str]
    notes: Attributes = dataclasses.field(default_factory=dict)

    def structure(self, source: Source) -> Structure:
        """One item, as `from_networkx` makes it: an undirected edge becomes two, what is no number goes into `meta`.

        An attribute that some nodes or edges lack goes into `meta`, too, with None for these.
        """
        node_fields, node_notes = _fields(source, self.node_attributes, self.node_places)
        edge_fields, edge_notes = _fields(source, self.edge_attributes, self.edge_places)
        graph_fields, graph_notes = _fields(source, [self.attributes], ["graph"])
        targets = [fields for fields in (node_fields, edge_fields, graph_fields) if "y" in fields]
        if len(targets) > 1:
            place, cure = "the attributes", "Rename one of them."
            raise source.error("have 'y' on nodes, edges or the graph only", f"it on {len(targets)}", place, cure)
        rows, index = directions(self.pairs, self.directed)
        kinds = edge_fields.pop("edge_type") if edge_fields.get("edge_type", rows.float()).dtype == torch.long else None
        meta: dict[str, Any] = {"directed": self.directed, "multigraph": bool(len(repeated(self.pairs, self.directed)))}
        if self.names != list(range(len(self.names))):
            meta["node_names"] = self.names
        meta |= {"node_attributes": node_notes} if node_notes else {}
        meta |= {"edge_attributes": edge_notes} if edge_notes else {}
        meta |= {"graph_attributes": graph_notes} if graph_notes else {}
        meta |= self.notes
        return graph(
            index,
            edge_type=None if kinds is None else kinds[rows],
            num_nodes=len(self.names),
            nodes=node_fields,
            edges={name: field[rows] for name, field in edge_fields.items()},
            globals=graph_fields,
            meta=[meta],
        )


def directions(pairs: np.ndarray, directed: bool) -> tuple[Tensor, Tensor]:
    """The listed edge of each edge, `(E,)`, and the edges, `(2, E)`: undirected ones once more the other way."""
    listed = torch.from_numpy(np.ascontiguousarray(pairs)).long()
    rows = torch.arange(len(pairs))
    if directed:
        return rows, listed.T
    proper = (listed[:, 0] != listed[:, 1]).nonzero().squeeze(1)
    return torch.cat([rows, proper]), torch.cat([listed, listed[proper].flip(1)]).T


def repeated(pairs: np.ndarray, directed: bool) -> np.ndarray:
    """The rows of edges that join the same nodes as an earlier one, in ascending order."""
    ends = pairs if directed else np.sort(pairs, 1)
    keys = ends[:, 0] * (int(pairs.max()) + 1 if len(pairs) else 1) + ends[:, 1]
    return np.setdiff1d(np.arange(len(pairs)), np.unique(keys, return_index=True)[1])


def _fields(
    source: Source, records: Sequence[Mapping[str, Any]], places: Sequence[str]
) -> tuple[dict[str, Tensor], dict[str, list[Any]]]:
    """Attributes that are numbers in every record as tensors, the others as lists."""
    fields: dict[str, Tensor] = {}
    notes: dict[str, list[Any]] = {}
    for name in dict.fromkeys(key for record in records for key in record):
        values = [record.get(name) for record in records]
        for value, place in zip(values, places, strict=True):
            if isinstance(value, float) and not (math.isfinite(value) and abs(value) <= LARGEST):
                rule = f"have finite numbers below 3.4e38 as {name!r}"
                raise source.error(rule, repr(value), place, "Remove or replace the entry.")
        if all(isinstance(value, numbers.Real) and not _is_long(value) for value in values):
            fields[name] = torch.as_tensor(values)
        else:
            notes[name] = values
    return fields, notes


def _is_long(value: Any) -> bool:
    """Whether a whole number needs more than 64 bits."""
    return isinstance(value, int) and not -(2**63) <= value < 2**63
