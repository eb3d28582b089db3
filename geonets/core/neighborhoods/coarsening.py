"""A coarsening is a neighborhood whose receivers are fewer: `Farthest` and `Voxels` by position."""

from __future__ import annotations

import abc
import dataclasses
from typing import final

import torch
from torch import Tensor

from geonets.core.errors import OptionError, UnsupportedError
from geonets.core.neighborhoods.base import Neighborhood, placed, require_pos
from geonets.core.ranges import Sizes, segment_mean
from geonets.core.records import Record
from geonets.core.sampling import check_ratio, farthest_points, voxel_of
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Set, Topology


@dataclasses.dataclass(frozen=True, eq=False)
class Coarse(Record):
    """What a coarsening makes of a structure.

    Args:
        topology: of the receivers.
        edges: which nodes speak to which receiver.
        nodes: `(M,)` the node that each receiver is, or None: then it lies at the mean of the nodes it hears.
        link_rows: `(E',)` the link of the structure that each link of `topology` is, or None: they are others.
    """

    topology: Topology
    edges: EdgeList
    nodes: Tensor | None = None
    link_rows: Tensor | None = None


@dataclasses.dataclass(frozen=True)
class Coarsening(Neighborhood):
    """A neighborhood whose receivers are found together with its edges. Subclass it and say `coarse`."""

    @abc.abstractmethod
    def coarse(self, structure: Structure) -> Coarse:
        """Receivers and edges; derived anew at each call."""

    def found(self, structure: Structure) -> Coarse:
        """Receivers and edges, remembered as long as topology and positions stay."""
        if self.reads_pos:
            memory = structure.remember("positional", dict)
            if self.key not in memory:
                memory[self.key] = self.coarse(structure)
            return memory[self.key]
        return structure.topology.remember(self.key, lambda: self.coarse(structure))

    def target(self, topology: Topology) -> Topology:
        raise UnsupportedError(
            f"`neighborhood` must know its receivers from the topology alone here; got {self}, which looks for them. "
            "Use it in gn.nn.Coarsen, or ask for neighborhood.receivers(structure)."
        )

    def receivers(self, structure: Structure) -> Structure:
        found = self.found(structure)

        def pos() -> Tensor:
            if found.nodes is not None:
                return structure.pos.index_select(0, found.nodes)
            heard = structure.pos.index_select(0, found.edges.senders)
            return segment_mean(heard, found.edges.pointers, found.edges.receivers)

        coarse = placed(structure, found.topology, self.key, pos)
        if found.link_rows is None or not structure.edges:
            return coarse
        rows = found.link_rows
        return coarse.replace(edges={name: field.index_select(0, rows) for name, field in structure.edges.items()})

    def edges(self, structure: Structure, source: Structure | None = None) -> EdgeList:
        return self.found(structure).edges

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        return self.found(structure).edges


@final
@dataclasses.dataclass(frozen=True)
class Farthest(Coarsening):
    """Nodes spread evenly by farthest point sampling receive; every node speaks to the nearest of them in its item.

    Args:
        ratio: the part of each item's nodes that receive (rounded up), or their number as an int.
        start: `"far"`, `"first"` or `"random"`: where to begin, as in `farthest_points`.
        seed: of a random start.

    Reference: Qi, Yi, Su & Guibas, "PointNet++", 2017, section 3.2.
    """

    ratio: float | int = 0.25
    start: str = "far"
    seed: int = 0

    def __post_init__(self) -> None:
        check_ratio(self.ratio)

    @property
    def reads_pos(self) -> bool:
        return True

    def coarse(self, structure: Structure) -> Coarse:
        require_pos(structure, str(self))
        spread = farthest_points(structure.pos, structure.topology, self.ratio, self.start, self.seed)
        edges = _to_owners(spread.owners, len(spread.nodes))
        return Coarse(Set(Sizes.of(spread.counts, axes=1)), edges, spread.nodes)


@final
@dataclasses.dataclass(frozen=True)
class Voxels(Coarsening):
    """The occupied cells of a regular grid in space receive, each from the nodes that lie in it, at their mean.

    Args:
        size: the edge of a cell, or one for each axis, in the unit of `pos`; the grid has a corner at the origin.

    Reference: Simonovsky & Komodakis, "Dynamic edge-conditioned filters in convolutional neural networks on graphs",
        2017, section 3.4.
    """

    size: float | tuple[float, ...]

    def __post_init__(self) -> None:
        sizes = self.size if isinstance(self.size, tuple) else (self.size,)
        if not sizes or min(sizes) <= 0:
            raise OptionError(f"`size` must be positive; got {self.size}. Pass a length in the unit of pos.")

    @property
    def reads_pos(self) -> bool:
        return True

    def coarse(self, structure: Structure) -> Coarse:
        require_pos(structure, str(self))
        cells = voxel_of(structure.pos, structure.topology, self.size)
        edges = _to_owners(cells.of_node, len(cells.places))
        return Coarse(Set(Sizes.of(cells.counts, axes=1)), edges)


def _to_owners(owners: Tensor, count: int) -> EdgeList:
    """Every node speaks to the one receiver that owns it."""
    nodes = torch.arange(len(owners), device=owners.device)
    return EdgeList.of(nodes, owners, num_senders=len(owners), num_receivers=count)
