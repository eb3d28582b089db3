"""`ByType`: every node hears each type of edge by itself."""

from __future__ import annotations

import dataclasses
from typing import final

import torch

from geonets.core.errors import StructureError
from geonets.core.neighborhoods.base import Neighborhood
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Product, Set, Topology


@final
@dataclasses.dataclass(frozen=True)
class ByType(Neighborhood):
    """Another neighborhood, in which each node has a receiver for each edge type: nodes times types.

    Args:
        of: the other neighborhood; its edges must have types.
        num_relations: how many there are.
    """

    of: Neighborhood
    num_relations: int

    @property
    def reads_pos(self) -> bool:
        return self.of.reads_pos

    def target(self, topology: Topology) -> Topology:
        nodes = self.of.target(topology)
        return nodes.remember(
            ("by type", self.num_relations), lambda: Product(nodes, Set(self.num_relations, num_items=nodes.num_items))
        )

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        edges = self.of.edges(structure, source)
        types = require_types(edges, self.num_relations)
        receivers, order = torch.sort(edges.receivers * self.num_relations + types, stable=True)
        senders = edges.senders.index_select(0, order)
        count = edges.num_receivers * self.num_relations
        return EdgeList.of_sorted(senders, receivers, types.index_select(0, order), edges.num_senders, count)


def require_types(edges: EdgeList, num_types: int) -> torch.Tensor:
    """The types of edges, which must be below `num_types`.

    Raises:
        StructureError: if there are none, or larger ones.
    """
    if edges.edge_type is None:
        raise StructureError(
            "`edge_type` must be given for a layer that tells relations apart; got edges without types. "
            "Build the graph with gn.graph(..., edge_type=...)."
        )
    types = edges.edge_type
    largest = edges.remember("largest type", lambda: int(types.max()) if len(types) else -1)
    if largest >= num_types:
        raise StructureError(
            f"`edge_type` must be less than {num_types}, the number of relations; got {largest}. "
            "Build the layer with num_relations as large as the largest type, and one more."
        )
    return types
