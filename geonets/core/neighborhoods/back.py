"""`Back`: the edges of a coarsening pointing the other way, from coarse nodes to fine ones."""

from __future__ import annotations

import dataclasses
from typing import final

from geonets.core.errors import StructureError
from geonets.core.neighborhoods.base import Neighborhood, same_items
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Topology


@final
@dataclasses.dataclass(frozen=True)
class Back(Neighborhood):
    """The way back from a coarsening: a fine node hears the coarse nodes that it spoke to.

    `edges(fine, coarse)` are the edges of `of` on `fine`, reversed: the structure is the fine one, the source the
    coarse one, which must be what `of` makes of it.

    Args:
        of: the coarsening.
    """

    of: Neighborhood

    def resolved(self, topology: Topology) -> Neighborhood:
        of = self.of.resolved(topology)
        return self if of is self.of else Back(of)

    def check(self, structure: Structure, source: Structure) -> None:
        same_items(structure, source)
        coarse, given = self.of.receivers(structure).topology, source.topology
        if coarse is given or (coarse.uniform is not None and coarse.uniform == given.uniform):
            return
        wrong = (coarse.node_counts != given.node_counts).nonzero()
        if len(wrong):
            item = int(wrong[0])
            raise StructureError(
                f"`coarse` must have the nodes that {self.of} makes of the fine structure; "
                f"got {int(given.node_counts[item])} instead of {int(coarse.node_counts[item])} (item {item}). "
                "Pass what came out of the coarsening, or a structure with as many nodes."
            )

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        self.check(structure, source)
        return self.of.edges(structure).reversed
