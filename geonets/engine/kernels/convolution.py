"""`convolve` on lattices: torch's convolutions on a channels-last view of the packed rows."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from geonets.core.neighborhoods import Stencil
from geonets.engine.kernels.groups import SizeGroup, by_size, connected_zeros, size_groups
from geonets.engine.kernels.lattice import as_images, as_rows, image_axes, is_empty
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import ConvolveOperands, ConvolveSpec

MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def conv_on_grid(call: Call) -> Tensor:
    """One `conv2d` or `conv3d` for all items."""
    sizes = call.structure.topology.uniform
    assert sizes is not None
    return _conv(call.spec, call.operands, call.operands.x, len(call.structure), sizes)


def conv_by_size(call: Call) -> Tensor:
    """One convolution for each size of item that occurs."""
    topology, operands = call.structure.topology, call.operands
    groups = size_groups(topology, call.spec.neighborhood.target(topology))
    if not groups:
        return connected_zeros((0, len(operands.weight)), operands.x, operands.weight, operands.bias)

    def run(group: SizeGroup) -> Tensor:
        return _conv(call.spec, operands, operands.x.index_select(0, group.rows[0]), group.num_items, group.sizes[0])

    return by_size(groups, run, [group.rows[1] for group in groups])


def _conv(
    spec: ConvolveSpec, operands: ConvolveOperands, rows: Tensor, num_items: int, sizes: tuple[int, ...]
) -> Tensor:
    stencil = spec.neighborhood
    assert isinstance(stencil, Stencil)
    weight, bias = operands.weight, operands.bias
    if is_empty(num_items, sizes):
        return connected_zeros((0, len(weight)), rows, weight, bias)
    images = as_images(rows, num_items, sizes)
    weight = weight.unsqueeze(2) if len(sizes) == 1 else weight
    padding = image_axes(stencil.padding, 0)
    if stencil.padding_mode != "zeros" or stencil.padding != stencil.padding_after:
        ends = [n for pair in zip(stencil.padding, stencil.padding_after, strict=True) for n in pair[::-1]][::-1]
        ends = [*ends, 0, 0] if len(sizes) == 1 else ends
        images, padding = functional.pad(images, ends, MODES[stencil.padding_mode]), 0
    convolve = functional.conv3d if len(sizes) == 3 else functional.conv2d
    stride, dilation = image_axes(stencil.stride, 1), image_axes(stencil.dilation, 1)
    return as_rows(convolve(images, weight, bias, stride, padding, dilation, spec.groups))


def _lattice_rule(situation: Situation, uniform: bool) -> bool | str | None:
    if not isinstance(situation.spec, ConvolveSpec):
        return None
    stencil = situation.spec.neighborhood
    if not isinstance(stencil, Stencil):
        return f"edges come from {type(stencil).__name__}, not from a window on a lattice"
    if stencil.num_axes > 3:
        return f"the window has {stencil.num_axes} axes; torch convolves along 1 to 3"
    if uniform and not situation.uniform:
        return "items differ in size"
    return True


RULES = (
    Rule(conv_on_grid, lambda situation: _lattice_rule(situation, uniform=True)),
    Rule(conv_by_size, lambda situation: _lattice_rule(situation, uniform=False)),
)
