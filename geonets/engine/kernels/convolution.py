"""`convolve` on lattices: torch's convolutions on a channels-last view of the packed rows, or on one canvas."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from geonets.core.neighborhoods import Stencil, Transposed
from geonets.core.topology import Lattice
from geonets.engine.kernels.canvas import canvas_of
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.lattice import as_images, as_rows, go_round, image_axes, is_narrow, open_ends
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import ConvolveOperands, ConvolveSpec

MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def conv_on_grid(call: Call) -> Tensor:
    """One `conv2d` or `conv3d` for all items."""
    operands, stencil = call.operands, call.spec.neighborhood
    lattice = call.structure.topology
    sizes = lattice.uniform
    assert isinstance(lattice, Lattice) and sizes is not None
    if not len(operands.x):
        return _nothing(operands)
    images = go_round(as_images(operands.x, len(call.structure), sizes), lattice, stencil)
    padding, after = open_ends(lattice, stencil.padding), open_ends(lattice, stencil.padding_after)
    if stencil.padding_mode != "zeros" or padding != after or (any(padding) and is_narrow(sizes, stencil)):
        ends = [n for pair in zip(padding, after, strict=True) for n in pair[::-1]][::-1]
        ends = [*ends, 0, 0] if len(sizes) == 1 else ends
        images, padding = functional.pad(images, ends, MODES[stencil.padding_mode]), (0,) * len(sizes)
    return as_rows(_conv(call.spec, operands, images, padding))


def conv_on_canvas(call: Call) -> Tensor:
    """One `conv2d` or `conv3d` for items of all sizes, side by side."""
    operands = call.operands
    canvas = canvas_of(call)
    if not len(canvas.windows):
        return _nothing(operands)
    padding = (0,) * len(canvas.shape)
    return canvas.cut(_conv(call.spec, operands, canvas.paint(operands.x), padding))


def _conv(spec: ConvolveSpec, operands: ConvolveOperands, images: Tensor, padding: tuple[int, ...]) -> Tensor:
    stencil, weight = spec.neighborhood, operands.weight
    assert isinstance(stencil, Stencil)
    weight = weight.unsqueeze(2) if stencil.num_axes == 1 else weight
    convolve = functional.conv3d if stencil.num_axes == 3 else functional.conv2d
    stride, dilation = image_axes(stencil.stride, 1), image_axes(stencil.dilation, 1)
    return convolve(images, weight, operands.bias, stride, image_axes(padding, 0), dilation, spec.groups)


def _nothing(operands: ConvolveOperands) -> Tensor:
    return connected_zeros((0, len(operands.weight)), operands.x, operands.weight, operands.bias)


def _lattice_rule(situation: Situation, uniform: bool) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, ConvolveSpec) or isinstance(spec.neighborhood, Transposed):
        return None
    stencil = spec.neighborhood
    if not isinstance(stencil, Stencil):
        return f"edges come from {type(stencil).__name__}, not from a window on a lattice"
    if not issubclass(situation.kind, Lattice):
        return f"the topology is a {situation.kind.__name__}, not a Chain or Grid"
    if stencil.num_axes > 3:
        return f"the window has {stencil.num_axes} axes; torch convolves along 1 to 3"
    if spec.influence != "typed":
        return f"the influence is {spec.influence}; torch's convolutions weigh all nodes alike"
    if uniform and not situation.uniform:
        return "items differ in size"
    return True


RULES = (
    Rule(conv_on_grid, lambda situation: _lattice_rule(situation, uniform=True)),
    Rule(conv_on_canvas, lambda situation: _lattice_rule(situation, uniform=False)),
)
