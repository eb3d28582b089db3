"""`Neighborhood`: a rule with two answers, the receivers' topology and the edges."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.ranges import segment_mean
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
        if "_key" in self.__dict__:
            return self.__dict__["_key"]
        described = self._described()
        if not torch.compiler.is_compiling():  # a trace must leave nothing behind
            object.__setattr__(self, "_key", described)
        return described

    @property
    def reads_pos(self) -> bool:
        """Whether the edges depend on positions."""
        return False

    def num_types(self, topology: Topology) -> int | None:
        """How many edge types there may be on `topology`, whatever its edges; None where that is not known."""
        return None

    def target(self, topology: Topology) -> Topology:
        """The receivers' topology: the nodes themselves unless said otherwise.

        Raises:
            GeonetsError: if this neighborhood has no meaning on `topology`.
        """
        return topology

    def resolved(self, topology: Topology) -> Neighborhood:
        """What it comes to on a topology: itself, unless it is a rule that looks for the natural thing.

        Layers that want the fastest kernel put the answer into their spec.
        """
        return self

    def receivers(self, structure: Structure) -> Structure:
        """The nodes that receive, as a structure of their own: the same items, globals and meta, but no features.

        It is the structure itself where its own nodes receive. Else a receiver has a position where the senders have:
        the mean of those that it hears.
        """
        own = structure.topology
        if torch.compiler.is_compiling():  # a trace must leave nothing behind
            topology = self.target(own)
        else:
            topology = own.remember(("receivers", self.key), lambda: self.target(own))
        if topology is own:
            return structure
        return placed(structure, topology, self.key, lambda: _mean_heard(structure.pos, self.edges(structure)))

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

    def _described(self) -> str:
        """As `repr`, which no compiler can trace."""
        given = [getattr(self, name) for name in type(self).__dataclass_fields__]
        parts = [part.key if isinstance(part, Neighborhood) else str(part) for part in given]
        return f"{type(self).__name__}({', '.join(parts)})"


def placed(structure: Structure, topology: Topology, key: str, find: Callable[[], Tensor]) -> Structure:
    """The items of a structure over another topology, at the positions `find()`, if the structure has positions.

    They are remembered with the positions that they come from, and so are the neighbours found from them; where
    positions need a gradient they are derived anew.
    """
    if structure.pos is None:
        return structure.on(topology, {})
    if structure.pos.requires_grad:
        return structure.on(topology, {"pos": find()})
    found = structure.remember("positional", dict)
    latest = found.get(("placed", key))
    if latest is None or latest[0] is not topology:
        latest = found["placed", key] = topology, find(), {}
    _, pos, positional = latest
    copy = structure.on(topology, {"pos": pos})
    copy.remember("positional", lambda: positional)
    return copy


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


def _mean_heard(pos: Tensor, edges: EdgeList) -> Tensor:
    return segment_mean(pos.index_select(0, edges.senders), edges.pointers, edges.receivers)
