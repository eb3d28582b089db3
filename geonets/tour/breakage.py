"""The ways in which the tour breaks a structure: what is left is the same but for one thing."""

from __future__ import annotations

import torch

from geonets.core.structure import Structure
from geonets.core.topology import Graph


def without_edges(structure: Structure) -> Structure:
    """The same nodes as a graph in which nobody speaks to anybody: rounds of message passing carry nothing."""
    links = structure.topology.links
    none = links.senders[:0]
    types = None if links.edge_type is None else none
    return Structure(
        Graph(none, none, structure.topology.node_counts, types),
        structure.nodes,
        {name: field[:0] for name, field in structure.edges.items()},
        structure.globals,
        meta=structure.meta,
    )


def without_positions(structure: Structure) -> Structure:
    """All points of an item in one place."""
    return structure.replace(pos=torch.zeros_like(structure.pos))


def shuffled_places(structure: Structure, seed: int) -> Structure:
    """Nodes moved by one permutation, the same for all items: every item keeps all it shows, neighbours are lost."""
    per_item = structure.num_nodes // len(structure)
    order = torch.randperm(per_item, generator=torch.Generator().manual_seed(seed))
    rows = structure.x.reshape(len(structure), per_item, -1)[:, order]
    return structure.replace(x=rows.flatten(0, 1))
