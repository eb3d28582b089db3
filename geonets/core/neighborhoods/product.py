"""`Along` and `Strong`: neighborhoods of the directions of a grid or product."""

from __future__ import annotations

import dataclasses
from typing import final

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.neighborhoods.base import Neighborhood
from geonets.core.neighborhoods.links import Links, WithLoops
from geonets.core.ranges import concatenated_ranges
from geonets.core.structure import Structure
from geonets.core.topology import Axis, EdgeList, Topology, axis_of

LINKS = Links()
AND_ONESELF = WithLoops(LINKS)


@final
@dataclasses.dataclass(frozen=True)
class Along(Neighborhood):
    """A neighborhood within every fibre along an axis: whoever is heard is at the same place across it.

    The Cartesian links of a product are those along its first factor and those along its second.

    Args:
        axis: the name of an axis of a chain or grid, or of a factor of a product: see `Structure.along`.
        of: the neighborhood in the fibres, by position too: `Along("second", KNN(8))` of a chain of clouds are the
            neighbours of each point at its time.

    Raises:
        StructureError: if there is no such axis.

    Example:
        >>> import geonets as gn
        >>> video = gn.grid(torch.randn(1, 5, 4, 4, 3), axes=("time", "y", "x"))
        >>> gn.nn.SAGEConv(3, 8, neighborhood=gn.Along("time"))(video).x.shape
        torch.Size([80, 8])
    """

    axis: str
    of: Neighborhood = LINKS

    @property
    def reads_pos(self) -> bool:
        return self.of.reads_pos

    def num_types(self, topology: Topology) -> int | None:
        return self.of.num_types(axis_of(topology, self.axis).moving)

    def target(self, topology: Topology) -> Topology:
        axis = axis_of(topology, self.axis)
        fibres = self.of.target(axis.fibres)
        return topology if fibres is axis.fibres else axis.of_fibres(fibres)[0]

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        axis = axis_of(structure.topology, self.axis)
        fibres = structure.along(self.axis) if self.reads_pos else Structure(axis.fibres)
        edges, target = self.of.edges(fibres), self.of.target(axis.fibres)
        whole, rows = (structure.topology, axis.fibre_rows) if target is axis.fibres else axis.of_fibres(target)
        return EdgeList.of(
            _renumbered(edges.senders, axis.fibre_rows),
            _renumbered(edges.receivers, rows),
            edges.edge_type,
            num_senders=structure.num_nodes,
            num_receivers=whole.num_nodes,
        )


@final
@dataclasses.dataclass(frozen=True)
class Strong(Neighborhood):
    """Node `(a, b)` hears `(a', b')` where `a` hears `a'` and `b` hears `b'`: the strong product of two neighborhoods.

    Edges of types `t1` and `t2` make one of type `t1 * K2 + t2`, where `K2` counts the types of the second; edges
    without types have type 0. With two windows it is the window of a grid: a chain times a grid with the offsets
    `3` and `3 x 3` has the 27 of `Conv3d`, which the Cartesian product has not.

    Args:
        first: along the axis; a node's neighbours and itself unless given.
        second: across it; likewise.
        axis: the name of an axis of a chain or grid, or of a factor of a product; unless given the first factor, which
            of a grid is its slowest axis.
        second_types: `K2`; needed where it cannot be known: where the second follows the edge types of a graph.

    Raises:
        StructureError: if there is no such axis, or `K2` is not known.

    Reference:
        Sabidussi, "Graph multiplication", Mathematische Zeitschrift 72, 1959.

    Example:
        >>> import geonets as gn
        >>> arm = gn.Graph(torch.tensor([0, 1]), torch.tensor([1, 0]), node_counts=2)
        >>> moving = gn.Structure(gn.Product(gn.Chain(5), arm))
        >>> gn.Strong().edges(moving).degrees.tolist()
        [4, 4, 6, 6, 6, 6, 6, 6, 4, 4]
    """

    first: Neighborhood = AND_ONESELF
    second: Neighborhood = AND_ONESELF
    axis: str = "first"
    second_types: int | None = None

    def num_types(self, topology: Topology) -> int | None:
        axis = axis_of(topology, self.axis)
        along, across = self.first.num_types(axis.moving), self._second_types(axis.rest)
        return None if along is None or across is None else along * across

    def target(self, topology: Topology) -> Topology:
        axis = axis_of(topology, self.axis)
        moving, rest = self.first.target(axis.moving), self.second.target(axis.rest)
        if moving is axis.moving and rest is axis.rest:
            return topology
        whole = axis.rebuild(moving, rest)
        if whole is None:
            raise StructureError(
                f"`first` and `second` must leave factors of the same kinds; got {moving!r} and {rest!r}. "
                "Use neighborhoods whose receivers are the nodes themselves."
            )
        return whole

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        topology, target = structure.topology, self.target(structure.topology)
        axis, onto = axis_of(topology, self.axis), axis_of(target, self.axis)
        along, across = self.first.edges(Structure(axis.moving)), self.second.edges(Structure(axis.rest))
        rows = _pairs(along, across, onto.moving, onto.rest)
        items = onto.moving.item_ids[along.receivers[rows[0]]]
        senders = _nodes(axis, items, along.senders[rows[0]], across.senders[rows[1]])
        receivers = _nodes(onto, items, along.receivers[rows[0]], across.receivers[rows[1]])
        types = None
        if along.edge_type is not None or across.edge_type is not None:
            count = 1 if across.edge_type is None else self._second_types(axis.rest)
            if count is None:
                raise StructureError(
                    f"`second_types` must be given where {self.second} follows the edge types of a graph; got None. "
                    "Pass how many relations there are."
                )
            types = _types(along, rows[0]) * count + _types(across, rows[1])
        return EdgeList.of(senders, receivers, types, num_senders=topology.num_nodes, num_receivers=target.num_nodes)

    def _second_types(self, rest: Topology) -> int | None:
        return self.second.num_types(rest) if self.second_types is None else self.second_types


def _pairs(along: EdgeList, across: EdgeList, moving: Topology, rest: Topology) -> tuple[Tensor, Tensor]:
    """Every edge along with every edge across of the same item: their rows."""
    bounds = across.pointers[rest.node_offsets]  # (B+1,) where each item's edges start
    items = moving.item_ids[along.receivers]
    counts = (bounds[1:] - bounds[:-1])[items]
    first = torch.repeat_interleave(torch.arange(along.num_edges, device=counts.device), counts)
    return first, concatenated_ranges(bounds[items], counts)


def _nodes(axis: Axis, items: Tensor, along: Tensor, across: Tensor) -> Tensor:
    """The nodes of the whole, from those of the topologies along and across."""
    return axis.nodes(items, along - axis.moving.node_offsets[items], across - axis.rest.node_offsets[items])


def _types(edges: EdgeList, rows: Tensor) -> Tensor:
    return torch.zeros_like(rows) if edges.edge_type is None else edges.edge_type[rows]


def _renumbered(nodes: Tensor, rows: Tensor | None) -> Tensor:
    return nodes if rows is None else rows[nodes]
