"""`aggregate` over lattice windows: torch's poolings on a channels-last view of the packed rows."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.neighborhoods import Stencil
from geonets.engine.kernels.groups import by_size, connected_zeros, size_groups
from geonets.engine.kernels.lattice import as_images, as_rows, image_axes, is_empty
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AggregateSpec


def pool_on_grid(call: Call) -> Tensor:
    """One pooling for all items."""
    sizes = call.structure.topology.uniform
    assert sizes is not None
    return _pool(call.spec, call.operands.senders, len(call.structure), sizes)


def pool_by_size(call: Call) -> Tensor:
    """One pooling for each size of item that occurs."""
    topology, rows = call.structure.topology, call.operands.senders
    groups = size_groups(topology, call.spec.neighborhood.target(topology))
    if not groups:
        return connected_zeros((0, rows.shape[1]), rows)
    return by_size(
        groups,
        lambda group: _pool(call.spec, rows.index_select(0, group.rows[0]), group.num_items, group.sizes[0]),
        [group.rows[1] for group in groups],
    )


def _pool(spec: AggregateSpec, rows: Tensor, num_items: int, sizes: tuple[int, ...]) -> Tensor:
    stencil = spec.neighborhood
    assert isinstance(stencil, Stencil)
    if is_empty(num_items, sizes):
        return connected_zeros((0, rows.shape[1]), rows)
    images = as_images(rows, num_items, sizes)
    solid = len(sizes) == 3
    window = image_axes(stencil.kernel_size, 1), image_axes(stencil.stride, 1), image_axes(stencil.padding, 0)
    if spec.reduce in ("max", "min"):
        pool = functional.max_pool3d if solid else functional.max_pool2d
        options = *window, image_axes(stencil.dilation, 1), stencil.ceil_mode
        return as_rows(pool(images, *options) if spec.reduce == "max" else -pool(-images, *options))
    if solid and any(size < reach for size, reach in zip(sizes, stencil.kernel_size, strict=True)):
        return as_rows(_average_small(spec, stencil, images))
    average = functional.avg_pool3d if solid else functional.avg_pool2d
    divisor = 1 if spec.reduce == "sum" else None
    return as_rows(average(images, *window, stencil.ceil_mode, spec.count_padding, divisor))


def _average_small(spec: AggregateSpec, stencil: Stencil, volumes: Tensor) -> Tensor:
    """`avg_pool3d` refuses volumes smaller than its window even where padding makes up for it: widen and crop them."""
    grown = [max(reach - size, 0) for reach, size in zip(stencil.kernel_size, volumes.shape[2:], strict=True)]
    ends = [end for axis in reversed(grown) for end in (0, axis)]
    lengths = [stencil.length(size, axis) for axis, size in enumerate(volumes.shape[2:])]

    def sums(values: Tensor) -> Tensor:
        wide = functional.pad(values, ends)
        whole = functional.avg_pool3d(wide, stencil.kernel_size, stencil.stride, stencil.padding, True, True, 1)
        return whole[:, :, : lengths[0], : lengths[1], : lengths[2]]

    if spec.reduce == "sum":
        return sums(volumes)
    if not spec.count_padding:
        return sums(volumes) / sums(torch.ones_like(volumes[:1, :1]))
    counts = volumes.new_ones(())
    for axis, (size, length) in enumerate(zip(volumes.shape[2:], lengths, strict=True)):
        starts = torch.arange(length, device=volumes.device) * stencil.stride[axis]
        room = size + 2 * stencil.padding[axis] - starts
        counts = counts[..., None] * room.clamp(max=stencil.kernel_size[axis])
    return sums(volumes) / counts


def _pool_rule(situation: Situation, uniform: bool) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AggregateSpec) or not isinstance(spec.neighborhood, Stencil):
        return None
    stencil = spec.neighborhood
    if spec.message != "sender":
        return f"the message is {spec.message}; torch pools the rows as they are"
    if spec.own:
        return "a node's own row is added to its sum"
    if stencil.num_axes > 3:
        return f"the window has {stencil.num_axes} axes; torch pools along 1 to 3"
    if stencil.padding_mode != "zeros" or stencil.padding != stencil.padding_after:
        return "torch pools with equal padding of no values on both sides only"
    if any(2 * pad > size for pad, size in zip(stencil.padding, stencil.kernel_size, strict=True)):
        return "the padding is more than half the window"
    if spec.reduce in ("sum", "mean") and max(stencil.dilation) > 1:
        return "torch averages without dilation only"
    if uniform and not situation.uniform:
        return "items differ in size"
    return True


RULES = (
    Rule(pool_on_grid, lambda situation: _pool_rule(situation, uniform=True)),
    Rule(pool_by_size, lambda situation: _pool_rule(situation, uniform=False)),
)
