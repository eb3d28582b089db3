"""`convolve` with a transposed window: torch's transposed convolutions on a view of the packed rows, or on a canvas."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from geonets.core.neighborhoods import Transposed
from geonets.core.topology import Lattice
from geonets.engine.kernels.canvas import canvas_of
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.lattice import as_images, as_rows, image_axes, is_narrow
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import ConvolveOperands, ConvolveSpec, swap_channels


def conv_transpose_on_grid(call: Call) -> Tensor:
    """One `conv_transpose2d` or `conv_transpose3d` for all items."""
    operands, window = call.operands, call.spec.neighborhood
    lattice = call.structure.topology
    sizes, found = lattice.uniform, window.target(lattice).uniform
    assert sizes is not None and found is not None
    if not len(operands.x):
        return _nothing(operands)
    images = as_images(operands.x, len(call.structure), sizes)
    cut, more = window.stencil.padding, window.output_padding
    if any(cut) and is_narrow(found, window.stencil):
        whole = _conv_transpose(call.spec, operands, images, (0,) * len(cut), more)
        return as_rows(functional.pad(whole, [-end for side in reversed(cut) for end in (side, side)]))
    return as_rows(_conv_transpose(call.spec, operands, images, cut, more))


def conv_transpose_on_canvas(call: Call) -> Tensor:
    """One `conv_transpose2d` or `conv_transpose3d` for items of all sizes, side by side."""
    operands = call.operands
    canvas = canvas_of(call)
    if not len(canvas.windows):
        return _nothing(operands)
    nothing = (0,) * len(canvas.shape)
    return canvas.cut(_conv_transpose(call.spec, operands, canvas.paint(operands.x), nothing, nothing))


def _conv_transpose(
    spec: ConvolveSpec,
    operands: ConvolveOperands,
    images: Tensor,
    padding: tuple[int, ...],
    output_padding: tuple[int, ...],
) -> Tensor:
    window = spec.neighborhood
    assert isinstance(window, Transposed)
    weight = swap_channels(operands.weight, spec.groups)
    weight = weight.unsqueeze(2) if len(padding) == 1 else weight
    convolve = functional.conv_transpose3d if len(padding) == 3 else functional.conv_transpose2d
    stride, dilation = image_axes(window.stencil.stride, 1), image_axes(window.stencil.dilation, 1)
    before, more = image_axes(padding, 0), image_axes(output_padding, 0)
    return convolve(images, weight, operands.bias, stride, before, more, spec.groups, dilation)


def _nothing(operands: ConvolveOperands) -> Tensor:
    return connected_zeros((0, len(operands.weight)), operands.x, operands.weight, operands.bias)


def _transposed_rule(situation: Situation, uniform: bool) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, ConvolveSpec) or not isinstance(spec.neighborhood, Transposed):
        return None
    stencil = spec.neighborhood.stencil
    if not issubclass(situation.kind, Lattice):
        return f"the topology is a {situation.kind.__name__}, not a Chain or Grid"
    if stencil.num_axes > 3:
        return f"the window has {stencil.num_axes} axes; torch convolves along 1 to 3"
    if spec.influence != "typed":
        return f"the influence is {spec.influence}; torch's convolutions weigh all nodes alike"
    if stencil.padding != stencil.padding_after:
        return "torch cuts both ends of a transposed convolution alike"
    if situation.periodic:
        return "an axis is periodic"
    if uniform and not situation.uniform:
        return "items differ in size"
    return True


RULES = (
    Rule(conv_transpose_on_grid, lambda situation: _transposed_rule(situation, uniform=True)),
    Rule(conv_transpose_on_canvas, lambda situation: _transposed_rule(situation, uniform=False)),
)
