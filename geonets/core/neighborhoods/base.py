"""`Neighborhood`: a rule with two answers, the receivers' topology and the edges."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any

from geonets.core.errors import StructureError
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Topology


@dataclasses.dataclass(frozen=True)
class Neighborhood(abc.ABC):
    """Who hears whom.

    `target` is cheap and builds no edges; `edges` builds them once for a topology (or its positions) and remembers
    them. To add a neighborhood: subclass as a frozen dataclass and say `build`, and `target` unless receivers are the
    nodes themselves.
    """

    @property
    def key(self) -> str:
        """What its edges are remembered by: a string, which a compiler can trace."""
        if "_key" not in self.__dict__:
            object.__setattr__(self, "_key", repr(self))
        return self.__dict__["_key"]

    @property
    def reads_pos(self) -> bool:
        """Whether the edges depend on positions."""
        return False

    def target(self, topology: Topology) -> Topology:
        """The receivers' topology: the nodes themselves unless said otherwise.

        Raises:
            GeonetsError: if this neighborhood has no meaning on `topology`.
        """
        return topology

    def receivers(self, structure: Structure) -> Structure:
        """The nodes that receive, as a structure of their own: the same items, with positions where these are known.

        It is the structure itself where its own nodes receive.
        """
        topology = self.target(structure.topology)
        return structure if topology is structure.topology else structure.on(topology, {})

    @abc.abstractmethod
    def build(self, structure: Structure, source: Structure) -> EdgeList:
        """The edges from nodes of `source` to nodes of `target(structure.topology)`."""

    def check(self, structure: Structure, source: Structure) -> None:  # noqa: B027  most have nothing to check
        """Raise unless nodes of `source` can speak to nodes of `structure`: kernels, which build no edges, rely on it.

        Raises:
            StructureError: if the two do not fit together.
        """

    def edges(self, structure: Structure, source: Structure | None = None) -> EdgeList:
        """The edges, built at the first call and remembered as long as topology and positions stay.

        Args:
            structure: whose nodes (or what `target` makes of them) receive.
            source: whose nodes send; the same structure unless given.
        """
        source = structure if source is None else source
        same = source.topology is structure.topology
        if self.reads_pos:
            found = structure.remember("positional", dict)
            if same and source.pos is structure.pos:
                if self.key not in found:
                    found[self.key] = self.build(structure, structure)
                return found[self.key]
            return self._between(structure, source, found)
        if not same:
            return self.build(structure, source)
        return structure.topology.remember(self.key, lambda: self.build(structure, structure))

    def _between(self, structure: Structure, source: Structure, found: dict[Any, Any]) -> EdgeList:
        """Of pairs of structures the latest is remembered: who trains on one pair searches once."""
        key = ("between", self.key)
        latest = found.get(key)
        if latest is None or latest[0] is not source.topology or latest[1] is not source.pos:
            latest = found[key] = (source.topology, source.pos, self.build(structure, source))
        return latest[2]


def require_pos(structure: Structure, rule: str, name: str = "structure") -> None:
    """Raise unless the structure has positions."""
    if structure.pos is None:
        raise StructureError(
            f"`{name}` must have positions for {rule}; got none. Build it with gn.points(pos), or replace(pos=...)."
        )


def same_items(structure: Structure, source: Structure) -> None:
    """Raise unless both have as many items: item b hears item b."""
    if len(structure) != len(source):
        raise StructureError(
            f"`source` must have as many items as the structure that hears it ({len(structure)}); "
            f"got {len(source)}. Item b hears item b."
        )
