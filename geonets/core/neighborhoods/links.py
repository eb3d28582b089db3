"""`Links`: the edges that a topology has by nature, also with or without loops, and the part that leads forward."""

from __future__ import annotations

import dataclasses
from typing import final

import torch

from geonets.core.errors import StructureError, UnsupportedError
from geonets.core.neighborhoods.base import Neighborhood
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Graph, OnLattice, Product, Topology, cycle_error, lattice_edges


@final
@dataclasses.dataclass(frozen=True)
class Links(Neighborhood):
    """The topology's own edges: bonds of a molecule, direct neighbours on a lattice."""

    def num_types(self, topology: Topology) -> int | None:
        if isinstance(topology, OnLattice):
            return 2 * topology.lattice.num_axes
        if isinstance(topology, Graph) and topology.links.edge_type is None:
            return 1
        return None

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        return structure.topology.links


@final
@dataclasses.dataclass(frozen=True)
class WithLoops(Neighborhood):
    """Another neighborhood, in which every node also hears itself exactly once.

    Args:
        of: the other neighborhood; its own self-loops are replaced.
    """

    of: Neighborhood = Links()

    @property
    def reads_pos(self) -> bool:
        return self.of.reads_pos

    def num_types(self, topology: Topology) -> int | None:
        return self.of.num_types(topology)

    def target(self, topology: Topology) -> Topology:
        return self.of.target(topology)

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        return self.of.edges(structure, source).with_loops


@final
@dataclasses.dataclass(frozen=True)
class WithoutLoops(Neighborhood):
    """Another neighborhood, in which no node hears itself.

    Args:
        of: the other neighborhood.
    """

    of: Neighborhood = Links()

    @property
    def reads_pos(self) -> bool:
        return self.of.reads_pos

    def target(self, topology: Topology) -> Topology:
        return self.of.target(topology)

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        edges = self.of.edges(structure, source)
        if edges.loop_counts is None:
            return edges
        kept = (edges.senders != edges.receivers).nonzero().squeeze(1)
        senders, receivers = edges.senders.index_select(0, kept), edges.receivers.index_select(0, kept)
        edge_type = None if edges.edge_type is None else edges.edge_type.index_select(0, kept)
        return EdgeList.of_sorted(senders, receivers, edge_type, edges.num_senders, edges.num_receivers)


@final
@dataclasses.dataclass(frozen=True)
class Predecessors(Neighborhood):
    """Who must be known before a node can be: the node before on a chain, the children in a tree.

    On a grid a node waits for its neighbour on every axis, so that a sweep runs from one corner to the opposite one.

    Args:
        reverse: process from the end, or from the root: edges point the other way. On a lattice an entry an axis
            chooses the corner at which the sweep begins.
        cyclic: whether edges may form cycles, as where all nodes step at once.
    """

    reverse: bool | tuple[bool, ...] = False
    cyclic: bool = False

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        topology = structure.topology
        if isinstance(topology, OnLattice):
            if topology.is_periodic and not self.cyclic:
                raise StructureError(
                    "`structure` must have a first node along every axis to be processed in order; "
                    f"got {topology!r}, where each node comes after itself. "
                    "Build it without periodic, or use another layer."
                )
            axes = topology.lattice.num_axes
            flipped = self.reverse if isinstance(self.reverse, tuple) else (self.reverse,) * axes
            if len(flipped) == axes:
                steps = torch.tensor([1 if flip else -1 for flip in flipped], device=topology.device)
                return lattice_edges(topology, topology, steps.diag())
        if isinstance(self.reverse, tuple):
            raise UnsupportedError(
                f"`structure` must be a lattice with {len(self.reverse)} axes to be swept from its corners; "
                f"got {topology!r}. Use RNN, LSTM or GRU, which run on any chain, tree or acyclic graph."
            )
        if isinstance(topology, Product) and topology.has_links:
            factors = (topology.first, topology.second)
            return topology.cartesian(*(self.edges(Structure(part)) if part.has_links else None for part in factors))
        if not self.cyclic:
            require_acyclic(topology)
        return topology.links.reversed if self.reverse else topology.links


def require_acyclic(topology: Topology) -> None:
    """Raise unless the links can be followed from beginnings to ends.

    Raises:
        StructureError: if they form a cycle; the message names the first one found, and its item.
    """
    cycle = topology.links.cycle
    if cycle:
        item = int(topology.item_ids[cycle[0]])
        start = int(topology.node_offsets[item])
        raise cycle_error([node - start for node in cycle], f"item {item}, counting its nodes from 0")
