"""`Between`: listed edges from the nodes of one structure to those of another."""

from __future__ import annotations

import dataclasses
from typing import final

import torch

from geonets.core.errors import StructureError
from geonets.core.neighborhoods.base import Neighborhood, same_items
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Topology


@final
@dataclasses.dataclass(frozen=True)
class Between(Neighborhood):
    """Nodes hear those nodes of another structure with which a level of the structure relates them: `gn.relate`.

    Args:
        level: the level's name; it holds `receivers`, node numbers of its own structure, and `senders`, counted from 0
            in the same item of the other.

    Raises:
        StructureError: if there is no such level, or a sender that is not there.
    """

    level: str

    def check(self, structure: Structure, source: Structure) -> None:
        same_items(structure, source)

    def edges(self, structure: Structure, source: Structure | None = None) -> EdgeList:
        source = structure if source is None else source
        found = structure.levels.get(self.level)
        if found is None or not {"senders", "receivers"} <= found.fields.keys():
            raise StructureError(
                f"`structure` must have a level {self.level!r} with senders and receivers; "
                f"got the levels {', '.join(structure.levels) or 'none'}. Relate the structures first: gn.relate(...)."
            )
        key = ("edges", structure.topology, source.topology)  # the level is kept when features change
        return found.remember(key, lambda: self.build(structure, source))

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        self.check(structure, source)
        level = structure.levels[self.level]
        items = torch.repeat_interleave(level.counts)
        senders = level["senders"]
        outside = ((senders < 0) | (senders >= source.topology.node_counts[items])).nonzero()
        if len(outside):
            row = int(outside[0])
            raise StructureError(
                f"`source` must have the nodes that level {self.level!r} names; got {int(senders[row])} "
                f"(item {int(items[row])}, which has {int(source.topology.node_counts[items[row]])} nodes). "
                "Relate the structures that are to hear each other."
            )
        return EdgeList.of(
            senders + source.topology.node_offsets[items],
            level["receivers"],
            level.fields.get("edge_type"),
            num_senders=source.num_nodes,
            num_receivers=structure.num_nodes,
        )

    def target(self, topology: Topology) -> Topology:
        return topology
