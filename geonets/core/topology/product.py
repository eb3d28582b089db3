"""`Product`: every node of one topology at every node of another."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any, Self, final

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.ranges import Rows, Sizes, concatenated_ranges
from geonets.core.topology.base import Topology
from geonets.core.topology.edges import EdgeList
from geonets.core.topology.lattice import ONE_GRID, Lattice


@final
@dataclasses.dataclass(frozen=True, eq=False, init=False, repr=False)
class Product(Topology):
    """Item by item, all pairs of a node of `first` and a node of `second`; the first factor runs slowest.

    A product of two lattices **is** a `Grid` with the axes of both: the call returns that `Grid`.
    Its links are those of the Cartesian product, along one factor with the other fixed;
    a link of type `t` becomes type `2t` when it runs along the first factor and `2t+1` along the second. A factor
    without links, a `Set`, adds none.

    Args:
        first: the slow factor, often a `Chain` of time steps.
        second: the fast factor, with as many items.

    Example:
        >>> from geonets.core.topology import Chain, Graph, Grid
        >>> pair = Graph(torch.tensor([0, 1]), torch.tensor([1, 0]), node_counts=2)
        >>> Product(Chain(10), pair)
        Product(1 item of 10 x 2 nodes: Chain x Graph)
        >>> Product(Chain(10), Grid((4, 5)))
        Grid(1 item of 10 x 4 x 5 nodes along (time, y, x))
    """

    first: Topology
    second: Topology
    product_sizes: Sizes

    def __new__(cls, *factors: Any) -> Any:
        if len(factors) == 2 and all(isinstance(factor, Lattice) for factor in factors):
            first, second = _paired(*factors)
            sizes = beside(first.sizes, second.sizes)
            axes, periodic = first.axes + second.axes, first.periodic + second.periodic
            return ONE_GRID._with(lattice_sizes=sizes, axes=axes, periodic=periodic)
        return object.__new__(cls)

    def __init__(self, first: Topology, second: Topology) -> None:
        first, second = _paired(first, second)
        object.__setattr__(self, "first", first)
        object.__setattr__(self, "second", second)
        object.__setattr__(self, "product_sizes", beside(first.sizes.flat, second.sizes.flat))

    @property
    def sizes(self) -> Sizes:
        return self.product_sizes

    @property
    def has_links(self) -> bool:
        return self.first.has_links or self.second.has_links

    @property
    def links(self) -> EdgeList:
        return self.remember("links", self._links)

    def select(self, items: slice | Tensor) -> tuple[Self, Rows, None]:
        sizes, rows = self.sizes.select(items)
        first, second = self.first.select(items)[0], self.second.select(items)[0]
        return self._with(first=first, second=second, product_sizes=sizes), rows, None

    @classmethod
    def join(cls, parts: Sequence[Any]) -> Self:
        return parts[0]._with(
            first=join_topologies([part.first for part in parts]),
            second=join_topologies([part.second for part in parts]),
            product_sizes=Sizes.join([part.sizes for part in parts]),
        )

    def _links(self) -> EdgeList:
        links_of = [part.links if part.has_links or not self.has_links else None for part in (self.first, self.second)]
        return self.cartesian(*links_of)

    def cartesian(self, first: EdgeList | None, second: EdgeList | None) -> EdgeList:
        """Edges of the first factor (types doubled) and of the second (doubled, plus one), the other one staying.

        Args:
            first: between nodes of the first factor, or None for none.
            second: between nodes of the second, or None for none.
        """
        copies = [] if first is None else [self._copies(first, self.first, self.second, slow=True)]
        copies += [] if second is None else [self._copies(second, self.second, self.first, slow=False)]
        senders, receivers, types = (torch.cat(parts) for parts in zip(*copies, strict=True))
        return EdgeList.of(senders, receivers, types, num_senders=self.num_nodes, num_receivers=self.num_nodes)

    def _copies(self, links: EdgeList, moving: Topology, fixed: Topology, slow: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Each edge of `moving` once for every node of `fixed` in the same item."""
        items = moving.item_ids.index_select(0, links.receivers)
        copies = fixed.node_counts.index_select(0, items)
        copy = concatenated_ranges(torch.zeros_like(copies), copies)
        edge = torch.repeat_interleave(copies)
        items = items.index_select(0, edge)
        starts = self.node_offsets.index_select(0, items)
        moving_starts = moving.node_offsets.index_select(0, items)
        fast_size = (fixed if slow else moving).node_counts.index_select(0, items)

        def place(nodes: Tensor) -> Tensor:
            local = nodes.index_select(0, edge) - moving_starts
            return starts + (local * fast_size + copy if slow else copy * fast_size + local)

        types = torch.zeros_like(edge) if links.edge_type is None else links.edge_type.index_select(0, edge)
        return place(links.senders), place(links.receivers), 2 * types if slow else 2 * types + 1

    def _describe(self) -> str:
        return f"{self.sizes} nodes: {type(self.first).__name__} x {type(self.second).__name__}"


def join_topologies(parts: list[Topology]) -> Topology:
    """The items of all parts, which must be of one kind.

    Raises:
        StructureError: if the kinds differ.
    """
    kinds = {type(part) for part in parts}
    if len(kinds) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise StructureError(
            f"`structures` must be of one kind of topology to be one batch; got {names}. Batch each kind by itself."
        )
    return type(parts[0]).join(parts)


def _paired(first: Any, second: Any) -> tuple[Any, Any]:
    if first.num_items != second.num_items:
        raise StructureError(
            f"`first` and `second` must have as many items; got {first.num_items} and {second.num_items}. "
            "A product pairs them item by item."
        )
    return first, second


def beside(*parts: Sizes) -> Sizes:
    """The sizes of all parts side by side, item by item."""
    uniforms = [part.uniform for part in parts if part.uniform is not None]
    if len(uniforms) == len(parts):
        return Sizes.of(tuple(itertools.chain(*uniforms)), parts[0].num_items, device=parts[0].table.device)
    table = torch.cat([part.sizes for part in parts], 1)
    return Sizes.of(table, axes=table.shape[1])
