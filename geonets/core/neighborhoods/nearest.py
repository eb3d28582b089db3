"""`KNN` and `Radius`: neighbours by position, in the same structure or in another."""

from __future__ import annotations

import dataclasses
from typing import final

from geonets.core.errors import OptionError, ShapeError
from geonets.core.neighborhoods.base import Neighborhood, require_pos, same_items
from geonets.core.sampling import Points, nearest_pairs, nearest_within, pairs_within
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList


@final
@dataclasses.dataclass(frozen=True)
class KNN(Neighborhood):
    """Every node hears the `k` nodes of its item that are nearest to it; of equally near ones the lower number.

    Args:
        k: neighbours a node; a node with fewer mates hears them all.
        loop: whether a node is its own nearest neighbour; nodes of another structure may all be heard.
    """

    k: int
    loop: bool = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise OptionError(f"`k` must be at least 1; got {self.k}. Pass the number of neighbours.")

    @property
    def reads_pos(self) -> bool:
        return True

    def check(self, structure: Structure, source: Structure) -> None:
        _check_near(structure, source, f"KNN({self.k})")

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        self.check(structure, source)
        senders, receivers = nearest_pairs(
            structure.pos, structure.topology, self.k, self.loop, _other(structure, source)
        )
        return EdgeList.of_sorted(senders, receivers, None, source.num_nodes, structure.num_nodes)


@final
@dataclasses.dataclass(frozen=True)
class Radius(Neighborhood):
    """Every node hears the nodes of its item that are at most `r` away.

    Args:
        r: the largest distance, in the unit of `pos`.
        loop: whether a node hears itself; nodes of another structure may all be heard.
        most: hear only that many of them, the nearest (a ball query); all unless given.
    """

    r: float
    loop: bool = False
    most: int | None = None

    def __post_init__(self) -> None:
        if self.most is not None and self.most < 1:
            raise OptionError(f"`most` must be at least 1 or None; got {self.most}. Pass the number of neighbours.")
        if not self.r > 0:
            raise OptionError(f"`r` must be positive; got {self.r}. Pass a distance in the unit of pos.")

    @property
    def reads_pos(self) -> bool:
        return True

    def check(self, structure: Structure, source: Structure) -> None:
        _check_near(structure, source, f"Radius({self.r})")

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        self.check(structure, source)
        points, other = Points(structure.pos, structure.topology), _other(structure, source)
        if self.most is None:
            senders, receivers = pairs_within(*points, self.r, self.loop, other)
        else:
            senders, receivers = nearest_within(*points, self.r, self.most, self.loop, other)
        return EdgeList.of_sorted(senders, receivers, None, source.num_nodes, structure.num_nodes)


def _other(structure: Structure, source: Structure) -> Points | None:
    """The senders, where they are not the receivers themselves."""
    same = source.topology is structure.topology and source.pos is structure.pos
    return None if same else Points(source.pos, source.topology)


def _check_near(structure: Structure, source: Structure, rule: str) -> None:
    require_pos(structure, rule)
    if source is structure:
        return
    require_pos(source, rule, "source")
    same_items(structure, source)
    if structure.pos.shape[1] != source.pos.shape[1]:
        raise ShapeError(
            f"`source.pos` must have {structure.pos.shape[1]} coordinates, as the structure that hears it; "
            f"got {source.pos.shape[1]}. Put both into one space."
        )
