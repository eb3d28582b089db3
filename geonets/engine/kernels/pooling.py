"""`aggregate` over lattice windows: torch's poolings on a channels-last view of the packed rows, or on one canvas."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.neighborhoods import Stencil
from geonets.core.topology import Lattice
from geonets.engine.kernels.canvas import canvas_of
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.lattice import as_images, as_rows, go_round, image_axes, open_ends
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AggregateSpec


def pool_on_grid(call: Call) -> Tensor:
    """One pooling for all items."""
    spec, rows, stencil = call.spec, call.operands.senders, call.spec.neighborhood
    lattice = call.structure.topology
    sizes = lattice.uniform
    assert isinstance(lattice, Lattice) and sizes is not None
    if not len(rows):
        return connected_zeros((0, rows.shape[1]), rows)
    images = go_round(as_images(rows, len(call.structure), sizes), lattice, stencil)
    padding = open_ends(lattice, stencil.padding)
    if spec.reduce in ("max", "min"):
        return as_rows(_extreme(spec, images, padding, stencil.ceil_mode))
    if len(sizes) == 3 and any(size < reach for size, reach in zip(sizes, stencil.kernel_size, strict=True)):
        return pool_on_canvas(call)  # avg_pool3d refuses volumes smaller than its window, whatever the padding
    average = functional.avg_pool3d if len(sizes) == 3 else functional.avg_pool2d
    divisor = 1 if spec.reduce == "sum" else None
    window = image_axes(stencil.kernel_size, 1), image_axes(stencil.stride, 1), image_axes(padding, 0)
    return as_rows(average(images, *window, stencil.ceil_mode, spec.count_padding, divisor))


def pool_on_canvas(call: Call) -> Tensor:
    """One pooling for items of all sizes, side by side."""
    spec, rows, topology = call.spec, call.operands.senders, call.structure.topology
    stencil = spec.neighborhood
    canvas = canvas_of(call)
    if not len(canvas.windows):
        return connected_zeros((0, rows.shape[1]), rows)
    nowhere = (0,) * stencil.num_axes
    if spec.reduce == "max":
        return canvas.cut(_extreme(spec, canvas.paint(rows, -math.inf), nowhere))
    if spec.reduce == "min":
        return canvas.cut(_extreme(spec, canvas.paint(rows, math.inf), nowhere))
    add = functional.avg_pool3d if stencil.num_axes == 3 else functional.avg_pool2d
    window = image_axes(stencil.kernel_size, 1), image_axes(stencil.stride, 1)
    sums = canvas.cut(add(canvas.paint(rows), *window, divisor_override=1))
    if spec.reduce == "sum":
        return sums
    counts = stencil.window_counts(topology, spec.count_padding).clamp(min=1)
    return sums / counts[:, None].to(sums.dtype)


def _extreme(spec: AggregateSpec, images: Tensor, padding: tuple[int, ...], ceil_mode: bool = False) -> Tensor:
    stencil = spec.neighborhood
    assert isinstance(stencil, Stencil)
    pool = functional.max_pool3d if stencil.num_axes == 3 else functional.max_pool2d
    window = image_axes(stencil.kernel_size, 1), image_axes(stencil.stride, 1), image_axes(padding, 0)
    options = *window, image_axes(stencil.dilation, 1), ceil_mode
    return pool(images, *options) if spec.reduce == "max" else -pool(-images, *options)


def _pool_rule(situation: Situation, uniform: bool) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AggregateSpec) or not isinstance(spec.neighborhood, Stencil):
        return None
    stencil = spec.neighborhood
    if not issubclass(situation.kind, Lattice):
        return f"the topology is a {situation.kind.__name__}, not a Chain or Grid"
    if spec.message != "sender":
        return f"the message is {spec.message}; torch pools the rows as they are"
    if spec.own:
        return "a node's own row is added to its sum"
    if spec.reduce not in ("sum", "mean", "max", "min"):
        return f"the reduction is {', '.join(spec.reductions)}; torch pools sums, means, maxima and minima"
    refusal = _beyond_torch(situation, spec, stencil)
    if refusal is not None:
        return refusal
    if uniform and not situation.uniform:
        return "items differ in size"
    return True


def _beyond_torch(situation: Situation, spec: AggregateSpec, stencil: Stencil) -> str | None:
    """Why torch's poolings cannot use a window, or None if they can."""
    if stencil.num_axes > 3:
        return f"the window has {stencil.num_axes} axes; torch pools along 1 to 3"
    if stencil.padding_mode != "zeros" or stencil.padding != stencil.padding_after:
        return "torch pools with equal padding of no values on both sides only"
    if any(2 * pad > size for pad, size in zip(stencil.padding, stencil.kernel_size, strict=True)):
        return "the padding is more than half the window"
    if spec.reduce in ("sum", "mean") and max(stencil.dilation) > 1:
        return "torch averages without dilation only"
    if max(stencil.padding) and max(stencil.dilation) > 1:
        return "a dilated window may step over all nodes, where torch gives minus infinity"
    half = situation.dtype in (torch.bfloat16, torch.float16)
    if half and situation.device == "cpu" and stencil.num_axes == 3 and spec.reduce in ("sum", "mean"):
        return "torch averages volumes on a CPU in single and double precision only"
    return None


RULES = (
    Rule(pool_on_grid, lambda situation: _pool_rule(situation, uniform=True)),
    Rule(pool_on_canvas, lambda situation: _pool_rule(situation, uniform=False)),
)
