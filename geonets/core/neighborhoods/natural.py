"""Rules that look for the natural thing on each topology: `Blocks`, `Coarser`, `Near`; and `Itself`."""

from __future__ import annotations

import abc
import dataclasses
from typing import final

import torch

from geonets.core.errors import OptionError, StructureError
from geonets.core.neighborhoods.base import Neighborhood
from geonets.core.neighborhoods.coarsening import Farthest
from geonets.core.neighborhoods.independent import Independent
from geonets.core.neighborhoods.links import Links
from geonets.core.neighborhoods.nearest import KNN
from geonets.core.neighborhoods.stencil import Stencil
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Lattice, Set, Topology


@dataclasses.dataclass(frozen=True)
class Natural(Neighborhood):
    """A rule that comes to another neighborhood on each topology. Subclass it and say `resolved`."""

    @abc.abstractmethod
    def resolved(self, topology: Topology) -> Neighborhood: ...

    @property
    def reads_pos(self) -> bool:
        return True  # it may, and then positions decide how long its edges are remembered

    def target(self, topology: Topology) -> Topology:
        return self.resolved(topology).target(topology)

    def receivers(self, structure: Structure) -> Structure:
        return self.resolved(structure.topology).receivers(structure)

    def check(self, structure: Structure, source: Structure) -> None:
        self.resolved(structure.topology).check(structure, source)

    def edges(self, structure: Structure, source: Structure | None = None) -> EdgeList:
        return self.resolved(structure.topology).edges(structure, source)

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        return self.resolved(structure.topology).build(structure, source)


@final
@dataclasses.dataclass(frozen=True)
class Itself(Neighborhood):
    """Every node hears itself and nobody else."""

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        nodes = torch.arange(structure.num_nodes, device=structure.device)
        return EdgeList.of_sorted(nodes, nodes, None, structure.num_nodes, structure.num_nodes)


@final
@dataclasses.dataclass(frozen=True)
class Blocks(Natural):
    """A lattice of any number of axes is cut into blocks, of which each receives from its nodes.

    The last block along an axis may be partial, so that any size works: `MaxPool(size, ceil_mode=True)`.

    Args:
        size: nodes of a block along every axis, or along each.
    """

    size: int | tuple[int, ...] = 2

    def resolved(self, topology: Topology) -> Neighborhood:
        if not isinstance(topology, Lattice):
            raise StructureError(
                f"`structure` must be a lattice for {self}; got a {type(topology).__name__}. "
                "Use gn.Coarser() for what is natural on any structure."
            )
        size = (self.size,) * topology.num_axes if isinstance(self.size, int) else self.size
        zeros, ones = (0,) * len(size), (1,) * len(size)
        return Stencil(size, size, zeros, zeros, ones, ceil_mode=True)


@final
@dataclasses.dataclass(frozen=True)
class Coarser(Natural):
    """Fewer nodes, whatever they stand on: receivers are about `factor` steps apart.

    Blocks of `factor` along every axis of chains and grids; on sets one of `factor ** 2` points (a cloud is a surface),
    spread by farthest points; on all else, by its links, a maximal set of nodes `factor` links apart.

    Args:
        factor: steps between receivers; 1 leaves everything as it is.
    """

    factor: int = 2

    def __post_init__(self) -> None:
        if self.factor < 1:
            raise OptionError(f"`factor` must be at least 1; got {self.factor}. Pass 2 to halve.")

    def resolved(self, topology: Topology) -> Neighborhood:
        if self.factor == 1:
            return Itself()
        if isinstance(topology, Lattice):
            return Blocks(self.factor).resolved(topology)
        if isinstance(topology, Set):
            return Farthest(1 / self.factor**2)
        return Independent(self.factor - 1)


@final
@dataclasses.dataclass(frozen=True)
class Near(Natural):
    """Who is next to a node: its links where the topology has some, on a set the nearest by position.

    Args:
        k: neighbours of a node of a set.
    """

    k: int = 16

    def __post_init__(self) -> None:
        KNN(self.k)

    def resolved(self, topology: Topology) -> Neighborhood:
        return KNN(self.k) if isinstance(topology, Set) else Links()
