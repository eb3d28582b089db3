"""`ConvTranspose1d`, `ConvTranspose2d`, `ConvTranspose3d`: torch's transposed convolutions on lattices of any sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from geonets.core.errors import ShapeError
from geonets.core.neighborhoods import MOST_ADDED, Stencil, Transposed
from geonets.core.topology import Topology
from geonets.engine.plan import run
from geonets.engine.spec import ConvolveOperands, ConvolveSpec, swap_channels
from geonets.nn.layer import Layer, features, remembered, with_rows


class _Transposed(Layer):
    """`y_o = b + sum over p, k with stride p + dilation k - padding = o of W_k x_p`."""

    in_channels: int
    groups: int
    output_padding: Any
    weight: Any
    bias: Any
    most_added: int = MOST_ADDED
    """How many nodes more than the input the result may have: see `Stencil`."""

    @property
    def spec(self) -> ConvolveSpec:
        """What the planner reads."""
        return self._spec(tuple(self.output_padding))

    def forward(self, input: Any, output_size: Sequence[int] | Tensor | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Convolve a chain or grid with as many axes as the kernel.

        Args:
            input: the structure.
            output_size: the size of the result along each axis, or `(B, A)` sizes of the items; it takes the place of
                `output_padding`, which must come out the same for all items.
        """
        x, spec = features(input, self.in_channels), self.spec
        if output_size is not None:
            spec = self._spec(self._padding_for(input.topology, output_size))
        target = spec.neighborhood.target(input.topology)
        weight = swap_channels(self.weight, self.groups)
        return with_rows(input, target, run(spec, ConvolveOperands(x, weight, self.bias), input))

    def _spec(self, output_padding: tuple[int, ...]) -> ConvolveSpec:
        native: Any = self
        options = output_padding, native.groups, self.most_added
        return _spec(native.kernel_size, native.stride, native.padding, native.dilation, *options)

    def _padding_for(self, topology: Topology, output_size: Sequence[int] | Tensor) -> tuple[int, ...]:
        least = self._spec((0,) * len(self.output_padding)).neighborhood.target(topology).sizes.sizes
        wanted = torch.as_tensor(output_size, device=least.device)
        more = wanted.expand_as(least) - least if wanted.shape[-1:] == least.shape[1:] else least[:0]
        native: Any = self
        stride = torch.tensor(native.stride, device=least.device)
        if not bool(((more == more[:1]) & (more >= 0) & (more < stride)).all()) or len(more) != len(least):
            raise ShapeError(
                f"`output_size` must be at most stride - 1 larger than what every item needs, by as much for all; "
                f"got {wanted.tolist()} (needed {least.tolist()}, stride {tuple(native.stride)}). "
                "Leave it out, or transpose items of one size at a time."
            )
        return tuple(more[0].tolist()) if len(more) else tuple(self.output_padding)


class ConvTranspose1d(_Transposed, nn.ConvTranspose1d):
    """Transposed convolution along a chain; arguments and keys of `torch.nn.ConvTranspose1d`.

    Example:
        >>> import torch, geonets as gn
        >>> speech = gn.chain([torch.randn(7, 3), torch.randn(4, 3)])
        >>> gn.nn.ConvTranspose1d(3, 8, 4, stride=2, padding=1)(speech).topology.node_counts.tolist()
        [14, 8]
    """


class ConvTranspose2d(_Transposed, nn.ConvTranspose2d):
    """Transposed convolution over a grid of two axes; arguments and keys of `torch.nn.ConvTranspose2d`.

    Reference: Zeiler, Krishnan, Taylor & Fergus, "Deconvolutional networks", 2010; Dumoulin & Visin, "A guide to
    convolution arithmetic for deep learning", 2016, section 4.

    Example:
        >>> import torch, geonets as gn
        >>> grow = gn.nn.ConvTranspose2d(3, 8, 3, stride=2)
        >>> grow(gn.grid(torch.randn(2, 4, 4, 3)), output_size=(10, 9)).topology.uniform
        (10, 9)
    """


class ConvTranspose3d(_Transposed, nn.ConvTranspose3d):
    """Transposed convolution over a volume; arguments and keys of `torch.nn.ConvTranspose3d`.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.ConvTranspose3d(3, 2, 2, stride=2)(gn.grid(torch.randn(1, 2, 3, 4, 3))).topology.uniform
        (4, 6, 8)
    """


@remembered
def _spec(
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    output_padding: tuple[int, ...],
    groups: int,
    most_added: int,
) -> ConvolveSpec:
    stencil = Stencil(kernel_size, stride, padding, padding, dilation, most_added=most_added)
    return ConvolveSpec(Transposed(stencil, output_padding), groups)
