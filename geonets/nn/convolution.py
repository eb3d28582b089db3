"""`Conv1d`, `Conv2d`, `Conv3d`: torch's convolutions on chains and grids of any sizes."""

from __future__ import annotations

from typing import Any

from torch import nn

from geonets.core.neighborhoods import MOST_ADDED, Stencil
from geonets.engine.plan import run
from geonets.engine.spec import ConvolveOperands, ConvolveSpec
from geonets.nn.layer import Layer, features, remembered, with_rows

Size = int | tuple[int, ...]


class _Convolution(Layer):
    """`y_p = b + sum_k W_k x_{stride p + dilation k - padding}`: a cross-correlation, as in all of deep learning.

    Besides torch's words, `padding="causal"` (Keras' word) pads the first axis, which is time, on the left only, so
    that no place hears a later one; the other axes are padded as by `"same"`.
    """

    in_channels: int
    weight: Any
    bias: Any
    most_added: int = MOST_ADDED
    """How many nodes more than the input the result may have: see `Stencil`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        known_to_torch = 0 if padding == "causal" else padding
        options = stride, known_to_torch, dilation, groups, bias, padding_mode, device, dtype
        super().__init__(in_channels, out_channels, kernel_size, *options)
        if padding == "causal":
            self.padding = padding

    @property
    def spec(self) -> ConvolveSpec:
        """What the planner reads."""
        native: Any = self
        options = native.groups, native.padding_mode, self.most_added
        return _spec(native.kernel_size, native.stride, native.padding, native.dilation, *options)

    def forward(self, input: Any) -> Any:
        """Convolve a chain or grid with as many axes as the kernel."""
        x, spec = features(input, self.in_channels), self.spec
        target = spec.neighborhood.target(input.topology)
        return with_rows(input, target, run(spec, ConvolveOperands(x, self.weight, self.bias), input))


class Conv1d(_Convolution, nn.Conv1d):
    """Convolution along a chain (or a grid of one axis); arguments and keys of `torch.nn.Conv1d`.

    With `padding="causal"` no step hears a later one: a WaveNet is these layers with dilations 1, 2, 4, ...

    Reference: LeCun et al., "Gradient-based learning applied to document recognition", 1998; van den Oord
    et al., "WaveNet: a generative model for raw audio", 2016, section 2.1.

    Example:
        >>> import torch, geonets as gn
        >>> speech = gn.chain([torch.randn(7, 3), torch.randn(4, 3)])
        >>> gn.nn.Conv1d(3, 8, 5, padding=2)(speech).topology.node_counts.tolist()
        [7, 4]
        >>> gn.nn.Conv1d(3, 8, 2, dilation=4, padding="causal")(speech).topology.node_counts.tolist()
        [7, 4]
    """


class Conv2d(_Convolution, nn.Conv2d):
    """Convolution over a grid of two axes; arguments and keys of `torch.nn.Conv2d`.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.Conv2d(3, 8, 3, stride=2)(gn.grid(torch.randn(2, 9, 9, 3))).topology.uniform
        (4, 4)
    """


class Conv3d(_Convolution, nn.Conv3d):
    """Convolution over a volume, or over a video as chain x grid; arguments and keys of `torch.nn.Conv3d`.

    Example:
        >>> import torch, geonets as gn
        >>> video = gn.grid(torch.randn(1, 4, 8, 8, 3), axes=("time", "y", "x"))
        >>> gn.nn.Conv3d(3, 2, (3, 3, 3))(video).topology.uniform
        (2, 6, 6)
    """


@remembered
def _spec(
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...] | str,
    dilation: tuple[int, ...],
    groups: int,
    padding_mode: str,
    most_added: int,
) -> ConvolveSpec:
    reach = [d * (k - 1) for d, k in zip(dilation, kernel_size, strict=True)]
    if padding == "valid":
        before = after = (0,) * len(kernel_size)
    elif padding in ("same", "causal"):
        before, after = tuple(r // 2 for r in reach), tuple(r - r // 2 for r in reach)
        if padding == "causal":
            before, after = (reach[0], *before[1:]), (0, *after[1:])
    else:
        before = after = tuple(int(p) for p in padding)
    stencil = Stencil(kernel_size, stride, before, after, dilation, padding_mode, most_added=most_added)
    return ConvolveSpec(stencil, groups)
