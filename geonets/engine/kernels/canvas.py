"""Ragged lattices side by side on one canvas, so that one native call serves items of all sizes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from geonets.core.neighborhoods import Stencil, Transposed
from geonets.core.ranges import Sizes
from geonets.core.topology import Lattice, lattice_edges
from geonets.engine.kernels.lattice import as_images, as_rows
from geonets.engine.rules import Call


@dataclasses.dataclass(frozen=True, eq=False)
class Canvas:
    """Where the nodes of all items lie on one large image, each item with the padding that its windows see.

    Neighbours share padding where it is blank.

    Args:
        shape: cells along each axis.
        cells: `(R,)` the cells that show a node; all others are blank.
        nodes: `(R,)` which node each shows, or None when all nodes are shown once, in their order.
        windows: `(N_target,)` where each target node lies on what the native call makes of the canvas.
    """

    shape: tuple[int, ...]
    cells: Tensor
    nodes: Tensor | None
    windows: Tensor

    def paint(self, rows: Tensor, blank: float = 0.0) -> Tensor:
        """`(N, C)` rows on the canvas: one image `(1, C, H, W)` or `(1, C, D, H, W)`, channels last in memory."""
        shown = rows if self.nodes is None else rows.index_select(0, self.nodes)
        canvas = rows.new_full((math.prod(self.shape), rows.shape[1]), blank).index_copy(0, self.cells, shown)
        return as_images(canvas, 1, self.shape)

    def cut(self, images: Tensor) -> Tensor:
        """`(N_target, C)` rows of the target nodes."""
        return as_rows(images).index_select(0, self.windows)


def canvas_of(call: Call) -> Canvas:
    """The canvas on which every window of the call stays within its own item; remembered by the lattice."""
    lattice, window = call.structure.topology, call.spec.neighborhood
    assert isinstance(lattice, Lattice)
    if isinstance(window, Transposed):
        return lattice.remember(("canvas", window.key), lambda: _transposed_canvas(lattice, window))
    assert isinstance(window, Stencil)
    return lattice.remember(("canvas", window.key), lambda: _canvas(lattice, window))


def shelves(boxes: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    """Put boxes side by side without overlap, the thickest first: rows on shelves, shelves in cupboards.

    Along each axis but the last the boxes of a group, sorted by their thickness there, are cut into shelves that hold
    about as much each; along the last they stand one after another.

    Args:
        boxes: `(B, A)` sizes.

    Returns:
        `(B, A)` where each box starts, and the sides of the room that holds them all.

    Example:
        >>> shelves(torch.tensor([[2, 3], [4, 4], [2, 2]]))
        (tensor([[4, 0],
                [0, 0],
                [4, 3]]), (6, 5))
    """
    count, num_axes = boxes.shape
    starts, group, sides = torch.zeros_like(boxes), boxes.new_zeros(count), []
    if not count:
        return starts, (0,) * num_axes
    side = max(float(boxes.prod(1).sum()), 1.0) ** (1 / num_axes)
    for axis in range(num_axes):
        last = axis == num_axes - 1
        order = torch.arange(count, device=boxes.device) if last else boxes[:, axis].argsort(descending=True)
        order = order[group[order].argsort(stable=True)]
        thickness, begins = boxes[order, axis], _changes(group[order])
        number = begins.cumsum(0) - 1
        behind = boxes[order, axis + 1 :].prod(1)
        shelf = _shelf(number, begins, behind, side ** (num_axes - axis - 1))
        opens = begins | (torch.ones_like(begins) if last else _changes(shelf))
        filled = torch.where(opens, thickness, 0).cumsum(0)  # the first box of a shelf is its thickest
        filled = filled - (filled - thickness)[begins][number]
        group[order] = opens.cumsum(0) - 1
        starts[order, axis] = (filled - thickness)[opens][group[order]]
        sides.append(int(filled.max()))
    return starts, tuple(sides)


def _shelf(number: Tensor, begins: Tensor, amount: Tensor, capacity: float) -> Tensor:
    """Cut each group of boxes into shelves that hold about `capacity`, all of one group about as much."""
    totals = torch.zeros_like(amount).index_add(0, number, amount)[number]
    before = amount.cumsum(0) - amount
    before = before - before[begins][number]
    shelves_of_group = (totals / capacity).ceil()
    return ((before + amount / 2) / totals.clamp(min=1) * shelves_of_group).long()


def _changes(ascending: Tensor) -> Tensor:
    """Whether each entry differs from the one before; the first does."""
    return torch.cat([ascending.new_ones(1, dtype=torch.bool), ascending[1:] != ascending[:-1]])


def _canvas(lattice: Lattice, stencil: Stencil) -> Canvas:
    target = stencil.target(lattice)
    assert isinstance(target, Lattice)
    lengths, stride, before, reach = target.sizes.sizes, *_measures(stencil, lattice.device)
    seen = torch.where(lengths > 0, stride * (lengths - 1) + reach + 1, 0)  # by an item's windows, padding included
    shared = _shared(lattice, stencil, before, seen)
    starts, spans = shelves((seen - shared + stride - 1) // stride)  # in strides, as the kernel's windows start
    ends = shared.amax(0).tolist() if len(shared) else [0] * lattice.num_axes
    shape = tuple(span * step + end for span, step, end in zip(spans, stencil.stride, ends, strict=True))
    views = lattice.with_sizes(Sizes.of(seen, axes=lattice.num_axes, device=lattice.device))
    shown = lattice_edges(lattice, views, -before[None], wrap=stencil.padding_mode)
    places = views.coordinates() + (stride * starts).index_select(0, views.item_ids)
    cells = _flat(places, shape).index_select(0, shown.receivers)
    once = torch.equal(shown.senders, torch.arange(lattice.num_nodes, device=lattice.device))
    measures = zip(shape, reach.tolist(), stencil.stride, strict=True)
    across = [(side - far - 1) // step + 1 for side, far, step in measures]
    windows = _flat(target.coordinates() + starts.index_select(0, target.item_ids), across)
    return Canvas(shape, cells, None if once else shown.senders, windows)


def _shared(lattice: Lattice, stencil: Stencil, before: Tensor, seen: Tensor) -> Tensor:
    """`(B, A)` how much of the padding behind each item also serves as the padding before the next: it is blank."""
    if stencil.padding_mode != "zeros" or lattice.is_periodic:
        return torch.zeros_like(seen)
    return torch.minimum(before, seen - before - lattice.sizes.sizes).clamp(min=0)


def _transposed_canvas(lattice: Lattice, window: Transposed) -> Canvas:
    target = window.target(lattice)
    assert isinstance(target, Lattice)
    sizes, stride, before, reach = lattice.sizes.sizes, *_measures(window.stencil, lattice.device)
    spoken = torch.maximum(stride * (sizes - 1) + reach + 1, before + target.sizes.sizes)  # to by an item's windows
    spoken = torch.where((sizes > 0).all(1, keepdim=True), spoken, 0)
    starts, spans = shelves((spoken + stride - 1) // stride)
    shape = tuple(span + 1 for span in spans)  # the last window reaches less far than its stride where that is long
    cells = _flat(lattice.coordinates() + starts.index_select(0, lattice.item_ids), shape)
    places = target.coordinates() + (stride * starts + before).index_select(0, target.item_ids)
    measures = zip(shape, reach.tolist(), window.stencil.stride, strict=True)
    across = [(side - 1) * step + far + 1 for side, far, step in measures]
    return Canvas(shape, cells, None, _flat(places, across))


def _measures(stencil: Stencil, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """`(A,)` stride, padding before, and how far the last place of a window is from the first."""
    stride, before, size, dilation = (
        torch.tensor(numbers, device=device)
        for numbers in (stencil.stride, stencil.padding, stencil.kernel_size, stencil.dilation)
    )
    return stride, before, dilation * (size - 1)


def _flat(places: Tensor, shape: Sequence[int]) -> Tensor:
    """`(N, A)` places as numbers of cells, the last axis running fastest."""
    flat = places[:, 0]
    for axis in range(1, len(shape)):
        flat = flat * shape[axis] + places[:, axis]
    return flat
