"""`KNN` and `Radius`: neighbours by position."""

from __future__ import annotations

import dataclasses
from typing import final

from geonets.core.errors import OptionError
from geonets.core.neighborhoods.base import Neighborhood, require_pos
from geonets.core.sampling import nearest_pairs, pairs_within
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList


@final
@dataclasses.dataclass(frozen=True)
class KNN(Neighborhood):
    """Every node hears the `k` nodes of its item that are nearest to it.

    Args:
        k: neighbours a node; a node with fewer mates hears them all.
        loop: whether a node is its own nearest neighbour.
    """

    k: int
    loop: bool = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise OptionError(f"`k` must be at least 1; got {self.k}. Pass the number of neighbours.")

    @property
    def reads_pos(self) -> bool:
        return True

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        require_pos(structure, f"KNN({self.k})")
        senders, receivers = nearest_pairs(structure.pos, structure.topology, self.k, self.loop)
        return EdgeList.of_sorted(senders, receivers, None, structure.num_nodes, structure.num_nodes)


@final
@dataclasses.dataclass(frozen=True)
class Radius(Neighborhood):
    """Every node hears the nodes of its item that are at most `r` away.

    Args:
        r: the largest distance, in the unit of `pos`.
        loop: whether a node hears itself.
    """

    r: float
    loop: bool = False

    def __post_init__(self) -> None:
        if not self.r > 0:
            raise OptionError(f"`r` must be positive; got {self.r}. Pass a distance in the unit of pos.")

    @property
    def reads_pos(self) -> bool:
        return True

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        require_pos(structure, f"Radius({self.r})")
        senders, receivers = pairs_within(structure.pos, structure.topology, self.r, self.loop)
        return EdgeList.of_sorted(senders, receivers, None, structure.num_nodes, structure.num_nodes)
