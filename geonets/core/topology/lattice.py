"""`Chain` and `Grid`: nodes at all places of a regular lattice."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Sequence
from typing import Any, Self, final

import torch
from torch import Tensor

from geonets.core.errors import OptionError, ShapeError, StructureError
from geonets.core.ranges import Rows, Sizes
from geonets.core.topology.base import Topology
from geonets.core.topology.edges import EdgeList

DEFAULT_AXES = {1: ("x",), 2: ("y", "x"), 3: ("z", "y", "x")}


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class OnLattice(Topology):
    """Nodes that have a place on a lattice each: all places of a `Lattice`, or some of them in a `SparseGrid`."""

    @property
    @abc.abstractmethod
    def lattice(self) -> Lattice:
        """All places."""

    @abc.abstractmethod
    def coordinates(self) -> Tensor:
        """`(N, A)` place of each node in its item, counted from 0 along every axis."""

    @abc.abstractmethod
    def find(self, items: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Which nodes are at some places.

        Args:
            items: `(R,)` in which items.
            places: `(R, K, A)` at which of their places, which may also lie outside.

        Returns:
            `(R, K)` node numbers, and `(R, K)` whether there is such a node at all.
        """

    @property
    def is_periodic(self) -> bool:
        return any(self.lattice.periodic)

    @property
    def links(self) -> EdgeList:
        return self.remember("links", self._links)

    def _links(self) -> EdgeList:
        axes = self.lattice.num_axes
        steps = torch.zeros(2 * axes, axes, dtype=torch.long, device=self.device)
        for axis in range(axes):
            steps[2 * axis, axis], steps[2 * axis + 1, axis] = -1, 1
        return lattice_edges(self, self, steps)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Lattice(OnLattice):
    """Nodes on an axis-aligned lattice, the last axis running fastest.

    Its links join direct neighbours: along axis `a`, `edge_type` `2a` comes from the node before, `2a+1` from the next.
    Along a periodic axis the first node follows the last: links and windows go round, and an axis of one node hears
    itself from both sides.
    """

    lattice_sizes: Sizes
    axes: tuple[str, ...]
    periodic: tuple[bool, ...]

    @property
    def sizes(self) -> Sizes:
        return self.lattice_sizes

    @property
    def num_axes(self) -> int:
        """`A`."""
        return len(self.axes)

    @property
    def lattice(self) -> Lattice:
        return self

    def with_sizes(self, sizes: Sizes) -> Self:
        """The same kind of lattice with other item sizes."""
        return self._with(lattice_sizes=sizes)

    def select(self, items: slice | Tensor) -> tuple[Self, Rows, None]:
        sizes, rows = self.sizes.select(items)
        return self.with_sizes(sizes), rows, None

    @classmethod
    def join(cls, parts: Sequence[Any]) -> Self:
        for part in parts:
            if part.axes != parts[0].axes:
                raise ShapeError(
                    f"`structures` must have the same axes to be one batch; got {parts[0].axes} and {part.axes}. "
                    "Batch each kind by itself."
                )
            if part.periodic != parts[0].periodic:
                raise StructureError(
                    f"`structures` must be periodic along the same axes to be one batch; "
                    f"got {_around(parts[0])} and {_around(part)}. Batch each kind by itself."
                )
        return parts[0].with_sizes(Sizes.join([part.sizes for part in parts]))

    def coordinates(self) -> Tensor:
        return self.remember("coordinates", self._coordinates)

    def _coordinates(self) -> Tensor:
        items = self.item_ids  # refused where memory does not hold them
        return self.places_of(torch.arange(self.num_nodes, device=self.device), items)

    def places_of(self, nodes: Tensor, items: Tensor) -> Tensor:
        """`(R, A)` places of `(R,)` nodes of `(R,)` items."""
        rest = nodes - self.node_offsets.index_select(0, items)
        sizes = self.sizes.sizes.index_select(0, items)
        columns = []
        for axis in reversed(range(self.num_axes)):
            columns.append(rest % sizes[:, axis])
            rest = rest // sizes[:, axis]
        return torch.stack(columns[::-1], 1)

    def find(self, items: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        sizes = self.sizes.sizes.index_select(0, items)[:, None]
        inside = ((places >= 0) & (places < sizes)).all(-1)
        within = places[..., 0]
        for axis in range(1, self.num_axes):
            within = within * sizes[..., axis] + places[..., axis]
        return within + self.node_offsets.index_select(0, items)[:, None], inside

    def _describe(self) -> str:
        around = f", periodic along {_around(self)}" if self.is_periodic else ""
        return f"{self.sizes} nodes along ({', '.join(self.axes)}){around}"


@final
@dataclasses.dataclass(frozen=True, eq=False, init=False, repr=False)
class Chain(Lattice):
    """A batch of sequences.

    Args:
        lengths: the length of one sequence, or `(B,)` lengths of several.
        num_items: how many sequences share the one length.
        periodic: the first node follows the last: rings.

    Example:
        >>> Chain([3, 5]).links
        EdgeList(12 edges in receiver order, typed, 8 senders -> 8 receivers)
    """

    def __init__(self, lengths: int | Sequence[int] | Tensor, num_items: int = 1, periodic: bool = False) -> None:
        sizes = Sizes.of((lengths,), num_items) if isinstance(lengths, int) else Sizes.of(lengths, axes=1)
        object.__setattr__(self, "lattice_sizes", _not_negative(sizes))
        object.__setattr__(self, "axes", ("time",))
        object.__setattr__(self, "periodic", _periodic(periodic, self.axes))


@final
@dataclasses.dataclass(frozen=True, eq=False, init=False, repr=False)
class Grid(Lattice):
    """A batch of grids of any number of axes.

    Args:
        sizes: the size of one grid as a tuple of ints, or `(B, A)` sizes of several.
        axes: a name for each axis; `("y", "x")` for two and `("z", "y", "x")` for three unless given.
        num_items: how many grids share the one size.
        periodic: the names of the axes that close upon themselves, or True for all: a torus.

    Example:
        >>> Grid([(28, 28), (40, 31)])
        Grid(2 items of 28 x 28 .. 40 x 31 nodes along (y, x))
    """

    def __init__(
        self,
        sizes: tuple[int, ...] | Sequence[Sequence[int]] | Tensor,
        axes: Sequence[str] | None = None,
        num_items: int = 1,
        periodic: bool | Sequence[str] = False,
    ) -> None:
        if isinstance(sizes, tuple) and all(isinstance(size, int) for size in sizes):
            width = len(sizes)
        else:
            sizes = torch.as_tensor(sizes, dtype=torch.long)
            width = sizes.shape[1] if sizes.ndim == 2 else len(axes or ())
        names = tuple(axes) if axes is not None else DEFAULT_AXES.get(width)
        if names is None or len(names) != width or len(set(names)) != width or not width:
            raise OptionError(
                f"`axes` must name each of the {width} axes of the grid once; got {names}. "
                "Pass axes=('time', 'z', 'y', 'x'), say."
            )
        object.__setattr__(self, "lattice_sizes", _not_negative(Sizes.of(sizes, num_items, width)))
        object.__setattr__(self, "axes", names)
        object.__setattr__(self, "periodic", _periodic(periodic, names))


def _periodic(given: bool | Sequence[str], axes: tuple[str, ...]) -> tuple[bool, ...]:
    """Whether each axis closes upon itself."""
    if isinstance(given, bool):
        return (given,) * len(axes)
    named = {given} if isinstance(given, str) else set(given)
    if not named <= set(axes):
        raise OptionError(
            f"`periodic` must name axes among {', '.join(axes)}; got {', '.join(sorted(map(str, named)))}. "
            "Pass True for all axes, or the names of some."
        )
    return tuple(axis in named for axis in axes)


def _around(lattice: Lattice) -> str:
    names = [axis for axis, periodic in zip(lattice.axes, lattice.periodic, strict=True) if periodic]
    return f"({', '.join(names)})"


def _not_negative(sizes: Sizes) -> Sizes:
    smallest = min(sizes.uniform) if sizes.uniform else int(sizes.table.amin()) if sizes.table.numel() else 0
    if smallest < 0 or sizes.num_items < 0:
        raise ShapeError(f"`sizes` must not be negative; got {smallest}. Count the nodes along each axis.")
    return sizes


def lattice_edges(
    source: OnLattice,
    target: OnLattice,
    steps: Tensor,
    stride: Tensor | int = 1,
    wrap: str = "zeros",
) -> EdgeList:
    """Edges from `source` nodes at `stride * place + step` to each `target` place; `edge_type` is the step's number.

    Args:
        source: senders.
        target: receivers, with as many items.
        steps: `(K, A)` where to look, counted in source nodes.
        stride: source nodes between neighbouring target places, for all axes or `(A,)`.
        wrap: what lies outside the source: `"zeros"` nothing, `"circular"` its other end, `"reflect"` its mirror image
            about the border node, `"replicate"` its border node; beyond the end of a periodic axis is its beginning.
    """
    places = target.coordinates()[:, None] * stride + steps  # (N_target, K, A)
    sizes = source.lattice.sizes.sizes.index_select(0, target.item_ids)[:, None]
    around = places % sizes.clamp(min=1) if source.is_periodic or wrap == "circular" else places
    if wrap == "circular":
        places = around
    elif wrap == "reflect":
        last = sizes - 1
        places = last - (last - places.abs()).abs()
    elif wrap == "replicate":
        places = places.clamp(min=torch.zeros_like(sizes), max=sizes - 1)
    if source.is_periodic:
        places = torch.where(torch.tensor(source.lattice.periodic, device=source.device), around, places)
    senders, found = source.find(target.item_ids, places)
    receivers = torch.arange(target.num_nodes, device=target.device)[:, None].expand_as(senders)
    edge_type = torch.arange(len(steps), device=target.device).expand_as(senders)
    return EdgeList.of_sorted(senders[found], receivers[found], edge_type[found], source.num_nodes, target.num_nodes)


ONE_CHAIN, ONE_GRID = Chain(1), Grid((1,), ("x",))
"""What lattices whose sizes are known to be valid are made of, so that nothing new is made on the CPU for them."""
