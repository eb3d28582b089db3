"""Parts of a topology: some of its nodes with the links between them, and crops of lattices."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, OptionError, ShapeError, StructureError, UnsupportedError
from geonets.core.ranges import Sizes
from geonets.core.topology.axes import axis_names
from geonets.core.topology.base import Topology
from geonets.core.topology.edges import EdgeList
from geonets.core.topology.graph import Graph
from geonets.core.topology.lattice import Lattice, OnLattice
from geonets.core.topology.product import Product
from geonets.core.topology.sets import Set
from geonets.core.topology.sparse import SparseGrid


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """Some nodes of a topology, as a topology of their own.

    Args:
        whole: what they are a part of.
        topology: their own, with as many items.
        nodes: `(n,)` their numbers in the whole, ascending.
    """

    whole: Topology
    topology: Topology
    nodes: Tensor

    @staticmethod
    def all_of(topology: Topology) -> Part:
        """All nodes."""
        return Part(topology, topology, torch.arange(topology.num_nodes, device=topology.device))

    @property
    def kept(self) -> Tensor:
        """`(N,)` whether each node of the whole is one of them."""
        kept = torch.zeros(self.whole.num_nodes, dtype=torch.bool, device=self.nodes.device)
        return kept.index_fill_(0, self.nodes, True)

    def edge_rows(self) -> Tensor:
        """Which rows of the links of the whole are links of the part.

        Raises:
            UnsupportedError: if its links are others: those of a crop that was cut out of a ring.
        """
        links = self.whole.links
        rows = _inner(links, self.kept).nonzero().squeeze(1)
        if self.topology.links.num_edges != len(rows):
            raise UnsupportedError(
                f"`crop` must not cut a ring open whose links have fields; got {self.whole!r}. "
                "Take the fields off first: replace(edges={...: None})."
            )
        return rows


def induced(topology: Topology, mask: Tensor) -> Part:
    """The nodes where a mask is true and the links between them: of a lattice a `SparseGrid`, of products a `Graph`.

    Args:
        topology: of any kind.
        mask: `(N,)` bool.

    Raises:
        DtypeError: if the mask is no bool tensor.
        ShapeError: if it has not one entry a node.
    """
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        got = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise DtypeError(f"`mask` must be a bool tensor; got {got}. Compare a field with a number, say: s.x[:, 0] > 0.")
    if mask.shape != (topology.num_nodes,):
        raise ShapeError(
            f"`mask` must have {topology.num_nodes} entries, one a node; got shape {tuple(mask.shape)}. "
            "Pass a mask of shape (N,)."
        )
    nodes = mask.nonzero().squeeze(1)
    if isinstance(topology, Lattice):
        return Part(topology, SparseGrid.of_nodes(topology, nodes), nodes)
    if isinstance(topology, SparseGrid):
        return Part(topology, SparseGrid.of_nodes(topology.lattice, topology.nodes_of_lattice[nodes]), nodes)
    counts = torch.bincount(topology.item_ids[nodes], minlength=topology.num_items)
    sizes = Sizes.of(counts, axes=1)
    if not topology.has_links:
        return Part(topology, Set(sizes), nodes)
    return Part(topology, Graph.of_edges(sizes, _between(topology.links, mask, len(nodes))), nodes)


def cropped(topology: Topology, spans: Mapping[str, slice]) -> Part:
    """A box of a lattice, in every item: `spans` says from where to where along each axis, as slices do.

    An axis that is named is cut open: it is periodic no longer. The ends of a span may be `(B,)` tensors.

    Raises:
        OptionError: if a step is not 1.
        StructureError: if there is no such axis.
    """
    for name, span in spans.items():
        if not isinstance(span, slice) or span.step not in (None, 1):
            raise OptionError(f"`{name}` must be a slice of step 1; got {span}. Pass slice(2, 9), say.")
    if isinstance(topology, Product):
        return _cropped_product(topology, spans)
    if not isinstance(topology, OnLattice) or not set(spans) <= set(topology.lattice.axes):
        axes = ", ".join(topology.lattice.axes) if isinstance(topology, OnLattice) else "none"
        raise StructureError(
            f"`crop` must name axes of the structure, which has {axes}; got {', '.join(spans)} ({topology!r}). "
            "Name axes of a chain or grid, or use nodes_where(mask)."
        )
    lattice = topology.lattice
    starts, stops = _ends(lattice, spans)
    periodic = tuple(around and axis not in spans for axis, around in zip(lattice.axes, lattice.periodic, strict=True))
    small = lattice._with(lattice_sizes=Sizes.of(stops - starts, axes=lattice.num_axes), periodic=periodic)
    items, places = topology.item_ids, topology.coordinates()
    nodes = ((places >= starts[items]) & (places < stops[items])).all(1).nonzero().squeeze(1)
    if isinstance(topology, Lattice):
        return Part(topology, small, nodes)
    items = items[nodes]
    numbers, _ = small.find(items, (places[nodes] - starts[items])[:, None])
    return Part(topology, SparseGrid.of_nodes(small, numbers[:, 0]), nodes)


def _cropped_product(product: Product, spans: Mapping[str, slice]) -> Part:
    """The product of the crops of both factors."""
    ours = {name: span for name, span in spans.items() if name in axis_names(product.first)}
    first = cropped(product.first, ours) if ours else Part.all_of(product.first)
    others = {name: span for name, span in spans.items() if name not in ours}
    second = cropped(product.second, others) if others else Part.all_of(product.second)
    items, faster = product.item_ids, product.second.node_counts[product.item_ids]
    local = torch.arange(product.num_nodes, device=product.device) - product.node_offsets[items]
    along = first.kept[product.first.node_offsets[items] + local.div(faster, rounding_mode="floor")]
    across = second.kept[product.second.node_offsets[items] + local % faster]
    return Part(product, Product(first.topology, second.topology), (along & across).nonzero().squeeze(1))


def _ends(lattice: Lattice, spans: Mapping[str, slice]) -> tuple[Tensor, Tensor]:
    """`(B, A)` where each item's box starts and stops, by the rules of slices."""
    sizes, starts, stops = lattice.sizes.sizes, [], []
    for size, axis in zip(sizes.unbind(1), lattice.axes, strict=True):
        span = spans.get(axis, slice(None))
        start = torch.zeros_like(size) if span.start is None else _end(span.start, size)
        stop = size if span.stop is None else _end(span.stop, size)
        starts.append(torch.minimum(start.clamp(min=0), size))
        stops.append(torch.maximum(torch.minimum(stop, size), starts[-1]))
    return torch.stack(starts, 1), torch.stack(stops, 1)


def _end(end: int | Tensor, size: Tensor) -> Tensor:
    """`(B,)` where a span ends in each item: a negative number counts from the item's end."""
    given = torch.as_tensor(end, device=size.device).expand_as(size)
    return torch.where(given < 0, size + given, given)


def _between(edges: EdgeList, kept: Tensor, count: int) -> EdgeList:
    """The edges between `count` kept nodes, renumbered; those of an item keep the order in which they were given."""
    inner = _inner(edges, kept)
    numbers = kept.cumsum(0) - 1
    order = edges.input_order
    if order is not None:
        given = torch.zeros_like(inner).index_copy_(0, order, inner)  # by input order
        order = (given.cumsum(0) - 1).index_select(0, order[inner])
    return EdgeList.of_sorted(
        numbers[edges.senders[inner]],
        numbers[edges.receivers[inner]],
        None if edges.edge_type is None else edges.edge_type[inner],
        count,
        count,
        order,
    )


def _inner(edges: EdgeList, kept: Tensor) -> Tensor:
    """`(E,)` whether both ends of each edge are kept."""
    return kept[edges.senders] & kept[edges.receivers]
