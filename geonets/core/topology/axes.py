"""`Axis`: a topology taken apart along one direction, and put together again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import final

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.ranges import Sizes
from geonets.core.records import Record
from geonets.core.topology.base import Topology
from geonets.core.topology.lattice import ONE_CHAIN, ONE_GRID, Lattice
from geonets.core.topology.product import Product, beside
from geonets.core.topology.sets import Set


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Axis(Record):
    """One direction of a topology: every node has a place along it, in a fibre, and a place across it, in a slice.

    Node `(p, m, a)` of an item has number `(p * M + m) * A + a`: `m` counts along the axis, `p` what runs slower and
    `a` what runs faster; `p * A + a` is the node's number in its slice.

    Args:
        name: what it was asked for by.
        moving: the topology along it, one item for each item of the whole.
        rest: the topology across it, likewise.
        sizes: `(B, 3)`: `P`, `M` and `A` of each item.
        rebuild: the whole from another topology along and another across; None where they do not fit together so.
    """

    name: str
    moving: Topology
    rest: Topology
    sizes: Sizes
    rebuild: Callable[[Topology, Topology], Topology | None]

    @property
    def fibres(self) -> Topology:
        """One item for every place across, of all items of the whole one after another."""
        return self.remember("fibres", lambda: _copies(self.moving, self.rest))

    @property
    def slices(self) -> Topology:
        """One item for every place along, of all items of the whole one after another."""
        return self.remember("slices", lambda: _copies(self.rest, self.moving))

    @property
    def fibre_rows(self) -> Tensor | None:
        """`(N,)` the node of the whole for each node of the fibres; None where the order is the same."""
        return self.remember("fibre_rows", lambda: self._rows((0, 2, 1), still=2))

    @property
    def slice_rows(self) -> Tensor | None:
        """`(N,)` the node of the whole for each node of the slices; None where the order is the same."""
        return self.remember("slice_rows", lambda: self._rows((1, 0, 2), still=0))

    def nodes(self, items: Tensor, along: Tensor, across: Tensor) -> Tensor:
        """The nodes of the whole at places along and across, both counted within their items."""
        _, length, faster = self.sizes.sizes.index_select(0, items).unbind(1)
        whole = (across.div(faster, rounding_mode="floor") * length + along) * faster + across % faster
        return self.sizes.offsets.index_select(0, items) + whole

    def of_slices(self, slices: Topology) -> tuple[Topology, Tensor | None]:
        """The whole that has these slices, and where in it their nodes go, in order unless said."""
        rest = _one_of_each(slices, self.moving.node_counts)
        if isinstance(rest, Set) and rest.uniform == (1,):
            return self.moving, None
        whole = self.rebuild(self.moving, rest)
        return (Product(self.moving, rest), None) if whole is None else (whole, axis_of(whole, self.name).slice_rows)

    def of_fibres(self, fibres: Topology) -> tuple[Topology, Tensor | None]:
        """The whole that has these fibres, and where in it their nodes go, in order unless said."""
        moving = _one_of_each(fibres, self.rest.node_counts)
        if isinstance(moving, Set) and moving.uniform == (1,):
            return self.rest, None
        whole = self.rebuild(moving, self.rest)
        return (Product(self.rest, moving), None) if whole is None else (whole, axis_of(whole, self.name).fibre_rows)

    def _rows(self, order: tuple[int, int, int], still: int) -> Tensor | None:
        """Nodes sorted by their three numbers, of which `order` names the slowest first."""
        if self.sizes.uniform is not None:
            if self.sizes.uniform[still] == 1:
                return None
            nodes = torch.arange(self.sizes.total, device=self.sizes.table.device)
            axes = 0, *(axis + 1 for axis in order)
            return nodes.reshape(self.sizes.num_items, *self.sizes.uniform).permute(axes).flatten()
        if bool((self.sizes.table[:, still] == 1).all()):
            return None
        items = self.sizes.item_ids
        table = self.sizes.table.index_select(0, items)
        rest = torch.arange(self.sizes.total, device=items.device) - self.sizes.offsets.index_select(0, items)
        numbers = [rest] * 3
        for axis in reversed(order):
            numbers[axis], rest = rest % table[:, axis], rest.div(table[:, axis], rounding_mode="floor")
        return self.nodes(items, numbers[1], numbers[0] * table[:, 2] + numbers[2])


def axis_of(topology: Topology, name: str) -> Axis:
    """A topology taken apart along one of its directions.

    Args:
        topology: a chain, a grid or a product.
        name: of an axis of a chain or grid, also of one that is a factor; `"first"` or `"second"` of a product, and
            `"second.first"` of a product in it; of a grid these are its slowest axis and all the others.

    Raises:
        StructureError: if there is no such axis.
    """
    axis = topology.remember(("axis", name), lambda: _axis(topology, name))
    if axis is None:
        names = ", ".join(axis_names(topology)) or "none"
        raise StructureError(
            f"`axis` must name one direction of the structure, which has {names}; got {name!r} ({topology!r}). "
            "Name one of them, or build a Grid with named axes or a Product."
        )
    return axis


def axis_names(topology: Topology) -> list[str]:
    """What the directions of a topology are called."""
    if isinstance(topology, Lattice):
        return list(topology.axes)
    if not isinstance(topology, Product):
        return []
    inner = [*axis_names(topology.first), *axis_names(topology.second)]
    return ["first", "second", *(name for name in inner if name not in ("first", "second") and inner.count(name) == 1)]


def _axis(topology: Topology, name: str) -> Axis | None:
    if isinstance(topology, Lattice):
        return _lattice_axis(topology, name)
    if not isinstance(topology, Product):
        return None
    one = Sizes.of((1,), topology.num_items, device=topology.device)
    if name == "first" or _is_all_of(topology.first, name):
        counts = beside(one, topology.first.sizes.flat, topology.second.sizes.flat)
        return Axis(name, topology.first, topology.second, counts, _paired)
    if name == "second" or _is_all_of(topology.second, name):
        counts = beside(topology.first.sizes.flat, topology.second.sizes.flat, one)
        return Axis(name, topology.second, topology.first, counts, lambda moving, rest: _paired(rest, moving))
    side, _, below = name.partition(".")
    found = {"first": _axis(topology.first, below or name), "second": _axis(topology.second, below or name)}
    inside = [part for part, axis in found.items() if axis is not None and (side == part or not below)]
    if len(inside) != 1:
        return None
    axis = found[inside[0]]
    assert axis is not None
    if inside[0] == "first":
        counts = _folded(beside(axis.sizes, topology.second.sizes.flat), slice(0, 1), slice(1, 2), slice(2, 4))
        return Axis(name, axis.moving, Product(axis.rest, topology.second), counts, lambda moving, rest: None)
    counts = _folded(beside(topology.first.sizes.flat, axis.sizes), slice(0, 2), slice(2, 3), slice(3, 4))
    return Axis(name, axis.moving, Product(topology.first, axis.rest), counts, lambda moving, rest: None)


def _lattice_axis(lattice: Lattice, name: str) -> Axis | None:
    last = lattice.num_axes
    spans = {axis: (place, place + 1) for place, axis in enumerate(lattice.axes)}
    if last > 1:
        spans = {"first": (0, 1), "second": (1, last), **spans}
    if name not in spans or lattice.axes.count(name) > 1:
        return None
    start, stop = spans[name]
    counts = _folded(lattice.sizes, slice(0, start), slice(start, stop), slice(stop, last))
    others = [*range(start), *range(stop, last)]
    moving = _along(lattice, range(start, stop))
    rest = _along(lattice, others) if others else Set(Sizes.of((1,), lattice.num_items, device=lattice.device))

    def rebuild(new: Topology, across: Topology) -> Topology | None:
        if not others:
            return new
        if not isinstance(new, Lattice) or not isinstance(across, Lattice):
            return None
        if (new.num_axes, across.num_axes) != (stop - start, len(others)):
            return None
        places = sorted(range(last), key=lambda axis: [*range(start, stop), *others][axis])
        both = beside(new.sizes, across.sizes)
        periodic = new.periodic + across.periodic
        return ONE_GRID._with(
            lattice_sizes=_folded(both, *(slice(place, place + 1) for place in places)),
            axes=lattice.axes,
            periodic=tuple(periodic[place] for place in places),
        )

    return Axis(name, moving, rest, counts, rebuild)


def _along(lattice: Lattice, axes: Sequence[int]) -> Lattice:
    """The lattice of some of the axes; a chain where it is one."""
    bare = ONE_CHAIN if len(axes) == 1 else ONE_GRID
    return bare._with(
        lattice_sizes=_folded(lattice.sizes, *(slice(axis, axis + 1) for axis in axes)),
        axes=tuple(lattice.axes[axis] for axis in axes),
        periodic=tuple(lattice.periodic[axis] for axis in axes),
    )


def _is_all_of(factor: Topology, name: str) -> bool:
    return isinstance(factor, Lattice) and factor.axes == (name,)


def _paired(first: Topology, second: Topology) -> Topology | None:
    return None if isinstance(first, Lattice) and isinstance(second, Lattice) else Product(first, second)


def _copies(topology: Topology, others: Topology) -> Topology:
    """Every item of a topology as often as the other has nodes there."""
    items = torch.arange(topology.num_items, device=topology.device)
    return topology.select(torch.repeat_interleave(items, others.node_counts))[0]


def _one_of_each(copies: Topology, counts: Tensor) -> Topology:
    """One item for each run of `counts[b]` equal ones; of runs of none, which have no nodes, any will do.

    Raises:
        StructureError: if the items of a run differ.
    """
    if not copies.num_items:
        return _nothing(copies, len(counts))
    firsts = (counts.cumsum(0) - counts).clamp(max=copies.num_items - 1)
    chosen = copies.select(firsts)[0]
    runs = torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)
    again = chosen.select(runs)[0]
    same = torch.equal(again.sizes.sizes, copies.sizes.sizes)
    if same and not isinstance(copies, Lattice | Set):
        mine, other = again.links, copies.links
        same = torch.equal(mine.senders, other.senders) and torch.equal(mine.receivers, other.receivers)
    if not same:
        raise StructureError(
            "`part` must have items of equal topology within each item of the whole, to be put together again; "
            f"got {copies!r}. Use a layer that treats all slices, or all fibres, alike."
        )
    return chosen


def _nothing(like: Topology, num_items: int) -> Topology:
    """Items without nodes; or with the one node that a readout leaves."""
    if isinstance(like, Lattice):
        return like.with_sizes(Sizes.of((0,) * like.num_axes, num_items, device=like.device))
    return Set(Sizes.of((1,) if like.uniform == (1,) else (0,), num_items, device=like.device))


def _folded(sizes: Sizes, *spans: slice) -> Sizes:
    """Sizes with one axis for each span, whose axes are multiplied; an empty span counts 1."""
    if sizes.uniform is not None:
        whole = tuple(torch.Size(sizes.uniform[span]).numel() for span in spans)
        return Sizes.of(whole, sizes.num_items, device=sizes.table.device)
    return Sizes.of(torch.stack([sizes.table[:, span].prod(1) for span in spans], 1), axes=len(spans))
