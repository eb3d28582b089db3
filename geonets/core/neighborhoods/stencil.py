"""`Stencil`: a kernel window that slides over a lattice; its offsets are the edge types."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import final

import torch
from torch import Tensor

from geonets.core.errors import OptionError, ShapeError, StructureError
from geonets.core.neighborhoods.base import Neighborhood
from geonets.core.ranges import Sizes
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Lattice, OnLattice, SparseGrid, Topology, lattice_edges

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
MOST_ADDED = 2**28
"""How many nodes a window may add unless said: a gigabyte a channel, in float32."""


@final
@dataclasses.dataclass(frozen=True)
class Stencil(Neighborhood):
    """The window of a convolution or a pooling: receiver `p` hears `stride * p + dilation * k - padding`.

    Along a periodic axis there is one window every `stride` nodes, whatever the kernel: `padding` only says where the
    first one starts, and nothing lies outside.

    Args:
        kernel_size: `k` runs from 0 to this, along each axis; the edge type counts all `k`, last axis fastest.
        stride: input nodes between neighbouring outputs.
        padding: how far the window starts before the first node.
        padding_after: how far it may end behind the last; as `padding` unless given.
        dilation: input nodes between neighbouring window places.
        padding_mode: what lies outside: `"zeros"` nothing, `"reflect"`, `"replicate"`, `"circular"`.
        ceil_mode: let the last window start inside and end outside.
        most_added: how many nodes more than the input the result may have: a padding that is a slip of the pen is
            refused before anything is allocated for it.

    Raises:
        OptionError: if a number is out of range or the tuples are of different lengths.
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    padding_after: tuple[int, ...]
    dilation: tuple[int, ...]
    padding_mode: str = "zeros"
    ceil_mode: bool = False
    most_added: int = dataclasses.field(default=MOST_ADDED, repr=False)

    def __post_init__(self) -> None:
        least = {"kernel_size": 1, "stride": 1, "padding": 0, "padding_after": 0, "dilation": 1}
        for name, low in least.items():
            given = getattr(self, name)
            if len(given) != len(self.kernel_size) or min(given) < low:
                raise OptionError(
                    f"`{name}` must be {len(self.kernel_size)} integers of at least {low}; got {given}. "
                    "Pass one number for all axes, or one for each."
                )
        if self.padding_mode not in PADDING_MODES:
            raise OptionError(
                f"`padding_mode` must be one of {', '.join(PADDING_MODES)}; got {self.padding_mode!r}. "
                "Choose one of them."
            )

    @property
    def num_axes(self) -> int:
        """`A`."""
        return len(self.kernel_size)

    def num_types(self, topology: Topology) -> int | None:
        return math.prod(self.kernel_size)

    def target(self, topology: Topology) -> Topology:
        if not isinstance(topology, OnLattice) or topology.lattice.num_axes != self.num_axes:
            is_on = isinstance(topology, OnLattice)
            got = f"{topology.lattice.num_axes} axes" if is_on else f"a {type(topology).__name__}"
            raise StructureError(
                f"`structure` must be a lattice of {self.num_axes} axes for a window {self.kernel_size}; got {got}. "
                "Use a chain or grid with as many axes, or a graph layer."
            )
        if isinstance(topology, Lattice):
            return self._full_target(topology)
        assert isinstance(topology, SparseGrid)
        return topology.remember(("target", self.key), lambda: self._sparse_target(topology))

    def _full_target(self, topology: Lattice) -> Lattice:
        self._check_padding(topology)
        self._check_rounds(topology)
        if self._keeps_places(topology):
            return topology
        sizes = topology.sizes
        if sizes.uniform is not None:
            out = tuple(self.length(size, axis, topology.periodic[axis]) for axis, size in enumerate(sizes.uniform))
            if min(sizes.uniform) > 0 and min(out) < 1:
                raise self._too_large(sizes.uniform)
            out = out if min(sizes.uniform) > 0 else tuple(0 for _ in out)
            require_room(sizes, sizes.num_items * math.prod(out), self)
            return topology.with_sizes(Sizes.of(out, sizes.num_items, device=topology.device))
        return topology.remember(("target", self.key), lambda: self._ragged_target(topology))

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        topology, target = structure.topology, self.target(structure.topology)
        assert isinstance(topology, OnLattice) and isinstance(target, OnLattice)
        steps, stride = self.steps(topology.device), self._row(self.stride, topology)
        return lattice_edges(topology, target, steps, stride, self.padding_mode)

    def steps(self, device: torch.device) -> Tensor:
        """`(K, A)` how far from `stride * p` each place of the window is."""
        places = list(itertools.product(*(range(size) for size in self.kernel_size)))
        dilation, padding = (torch.tensor(numbers, device=device) for numbers in (self.dilation, self.padding))
        return torch.tensor(places, device=device) * dilation - padding

    def window_counts(self, topology: Topology, count_padding: bool = True) -> Tensor:
        """`(N_target,)` places of each window on nodes, or on nodes and padding: less than all only in `ceil_mode`."""
        return topology.remember(
            ("window_counts", self.key, count_padding), lambda: self._window_counts(topology, count_padding)
        )

    def _window_counts(self, topology: Topology, count_padding: bool) -> Tensor:
        target = self.target(topology)
        assert isinstance(topology, OnLattice) and isinstance(target, OnLattice)
        dilation = self._row(self.dilation, topology)
        starts = target.coordinates() * self._row(self.stride, topology) - self._row(self.padding, topology)
        ends = topology.lattice.sizes.sizes.index_select(0, target.item_ids)
        ends = ends + self._row(self.padding_after, topology) if count_padding else ends
        first = 0 if count_padding else ((dilation - 1 - starts) // dilation).clamp(min=0)
        whole = self._row(self.kernel_size, topology)
        last = torch.minimum((ends - starts + dilation - 1) // dilation, whole)
        return torch.where(self._row(topology.lattice.periodic, topology), whole, (last - first).clamp(min=0)).prod(1)

    def length(self, size: int, axis: int, periodic: bool = False) -> int:
        """The number of windows along one axis (Dumoulin & Visin 2016, relation 6, with dilation)."""
        if periodic:
            return size // self.stride[axis]
        before, after = self.padding[axis], self.padding_after[axis]
        room = size + before + after - self.dilation[axis] * (self.kernel_size[axis] - 1) - 1
        if not self.ceil_mode:
            return room // self.stride[axis] + 1
        length = -(-room // self.stride[axis]) + 1
        return length - 1 if (length - 1) * self.stride[axis] >= size + before else length

    def _keeps_places(self, lattice: Lattice) -> bool:
        """Whether there is one window for every node, whatever the sizes."""
        axes = zip(lattice.periodic, self.stride, self.padding, self.padding_after, self._reach(), strict=True)
        return all(stride == 1 and (around or before + after == reach) for around, stride, before, after, reach in axes)

    def _reach(self) -> tuple[int, ...]:
        """Input nodes from the first place of the window to its last."""
        return tuple(d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True))

    def _sparse_target(self, topology: SparseGrid) -> SparseGrid:
        full = self._full_target(topology.lattice)
        centre = tuple(reach // 2 - before for reach, before in zip(self._reach(), self.padding, strict=True))
        if full is topology.lattice and not any(centre):
            return topology
        return topology.blocks(full, self._row(self.stride, topology), self._row(centre, topology))

    def _ragged_target(self, topology: Lattice) -> Lattice:
        table = topology.sizes.table
        before, after = self._row(self.padding, topology), self._row(self.padding_after, topology)
        stride = self._row(self.stride, topology)
        room = (
            table
            + before
            + after
            - self._row(self.dilation, topology) * (self._row(self.kernel_size, topology) - 1)
            - 1
        )
        out = torch.div(room, stride, rounding_mode="floor") + 1
        if self.ceil_mode:
            out = -torch.div(-room, stride, rounding_mode="floor") + 1
            out = out - ((out - 1) * stride >= table + before).long()
        out = torch.where(self._row(topology.periodic, topology), table // stride, out)
        empty = (table == 0).any(1, keepdim=True)
        small = ((out < 1) & ~empty).any(1).nonzero()
        if len(small):
            raise self._too_large(tuple(table[int(small[0])].tolist()), item=int(small[0]))
        out = torch.where(empty, 0, out)
        require_room(topology.sizes, float(out.double().prod(1).sum()), self)
        return topology.with_sizes(Sizes(None, topology.num_items, out, int(out.prod(1).sum())))

    def _check_padding(self, topology: Lattice) -> None:
        """Mirrored padding needs more nodes than it copies, wrapped padding as many."""
        if self.padding_mode not in ("reflect", "circular"):
            return
        uniform, spare = topology.uniform, int(self.padding_mode == "reflect")
        for axis in range(self.num_axes):
            reach = max(self.padding[axis], self.padding_after[axis]) + spare
            if reach <= spare or not topology.num_nodes or topology.periodic[axis]:
                continue
            sizes = [uniform[axis]] if uniform is not None else topology.sizes.table[:, axis].tolist()
            smallest = min(size for size in sizes if size > 0)
            if smallest < reach:
                raise ShapeError(
                    f"`padding` must be at most {smallest - spare} with padding_mode={self.padding_mode!r}; "
                    f"got {reach - spare} (axis {topology.axes[axis]}, the smallest item has {smallest} nodes there). "
                    "Pad less, or use padding_mode='zeros'."
                )

    def _check_rounds(self, topology: Lattice) -> None:
        """Windows go evenly round a periodic axis."""
        for axis, stride in enumerate(self.stride):
            if not topology.periodic[axis] or stride == 1 or not topology.num_nodes:
                continue
            sizes = [topology.uniform[axis]] if topology.uniform else topology.sizes.table[:, axis].tolist()
            uneven = [size for size in sizes if size % stride]
            if uneven:
                raise ShapeError(
                    f"`stride` must divide the size of a periodic axis; got {stride} on {uneven[0]} nodes "
                    f"(axis {topology.axes[axis]}). Use a stride that divides it, or an axis that is not periodic."
                )

    def _too_large(self, size: tuple[int, ...], item: int | None = None) -> ShapeError:
        where = f", item {item}" if item is not None else ""
        reach = tuple(step + 1 for step in self._reach())
        return ShapeError(
            f"`kernel_size` must fit into the padded input; got a window of {reach} on an input of {size} "
            f"with padding {self.padding}{where}. Use a smaller kernel or more padding."
        )

    def _row(self, numbers: tuple[int, ...] | tuple[bool, ...], topology: Topology) -> Tensor:
        return torch.tensor(numbers, device=topology.device)


def require_room(sizes: Sizes, nodes: float, stencil: Stencil) -> None:
    """Raise unless a window's result of so many nodes is one that somebody can have meant."""
    if nodes > sizes.total + stencil.most_added:
        raise ShapeError(
            f"`padding` and `stride` must not add more than {stencil.most_added} nodes; got {nodes:.3g} from "
            f"{sizes.total} (window {stencil.kernel_size}, padding {stencil.padding}). "
            "Pad less, or raise most_added of the layer."
        )
