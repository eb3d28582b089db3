"""Pooling over lattice windows, and `Readout` over whole items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from geonets.core.errors import UnsupportedError
from geonets.core.neighborhoods import Hub, Stencil
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.graph.linear import before_tail
from geonets.nn.layer import Layer, features, remembered, with_rows


class _Pooling(Layer):
    reduce: str
    num_axes: int

    @property
    def spec(self) -> AggregateSpec:
        """What the planner reads."""
        native: Any = self
        if getattr(native, "return_indices", False) or getattr(native, "divisor_override", None) is not None:
            raise UnsupportedError(
                "`return_indices` and `divisor_override` must be left at their defaults; got others. "
                "Rows are packed over items of different sizes, so indices into an image have no meaning here."
            )
        return _spec(
            self.reduce,
            self.num_axes,
            native.kernel_size,
            native.stride,
            native.padding,
            getattr(native, "dilation", 1),
            native.ceil_mode,
            getattr(native, "count_include_pad", False),
        )

    def forward(self, input: Any) -> Any:
        """Pool a chain or grid with as many axes as the window."""
        x, spec = features(input), self.spec
        target = spec.neighborhood.target(input.topology)
        return with_rows(input, target, run(spec, AggregateOperands(x), input))


class MaxPool1d(_Pooling, nn.MaxPool1d):
    """Largest entry of each window along a chain; arguments of `torch.nn.MaxPool1d`."""

    reduce, num_axes = "max", 1


class MaxPool2d(_Pooling, nn.MaxPool2d):
    """Largest entry of each window of a grid of two axes; arguments of `torch.nn.MaxPool2d`.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.MaxPool2d(2)(gn.grid([torch.randn(8, 8, 1), torch.randn(5, 9, 1)])).topology.sizes.sizes.tolist()
        [[4, 4], [2, 4]]
    """

    reduce, num_axes = "max", 2


class MaxPool3d(_Pooling, nn.MaxPool3d):
    """Largest entry of each window of a grid of three axes; arguments of `torch.nn.MaxPool3d`."""

    reduce, num_axes = "max", 3


class AvgPool1d(_Pooling, nn.AvgPool1d):
    """Mean of each window along a chain; arguments of `torch.nn.AvgPool1d`."""

    reduce, num_axes = "mean", 1


class AvgPool2d(_Pooling, nn.AvgPool2d):
    """Mean of each window of a grid of two axes; arguments of `torch.nn.AvgPool2d`."""

    reduce, num_axes = "mean", 2


class AvgPool3d(_Pooling, nn.AvgPool3d):
    """Mean of each window of a grid of three axes; arguments of `torch.nn.AvgPool3d`."""

    reduce, num_axes = "mean", 3


class Readout(Layer):
    """One row an item: `y = reduce_i nn(x_i)` over its nodes; an item without nodes gives 0.

    Of a maximum or minimum of what a linear layer, a batch norm and a monotone activation make in the end, only the
    winners are made.

    Args:
        reduce: `"sum"`, `"mean"`, `"max"`, `"min"`, `"var"`, `"std"` (divided by the number of nodes), `"softmax"`
            (`sum_i softmax_i(t x_i) x_i` in each channel), or several of them, joined along the channels.
        temperature: `t` of the softmax; pass a `torch.nn.Parameter`, of one entry or one a channel, to learn it.
        nn: a network on `(N, C)` rows that comes before; none unless given.

    Returns:
        A Structure with one node an item.

    Reference: Gilmer et al., "Neural message passing for quantum chemistry", 2017, equation 3.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.Readout("sum")(gn.chain([torch.ones(3, 1), torch.ones(5, 1)])).x.flatten()
        tensor([3., 5.])
        >>> gn.nn.Readout(("mean", "std"))(gn.chain([torch.tensor([[1.0], [3.0]])])).x
        tensor([[2., 1.]])
    """

    def __init__(
        self,
        reduce: str | tuple[str, ...] = "mean",
        temperature: float | nn.Parameter = 1.0,
        nn: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.temperature, self.nn = temperature, nn
        self.spec, self.with_tail = AggregateSpec(Hub(), reduce), AggregateSpec(Hub(), reduce, tail=True)

    def forward(self, structure: Any) -> Any:
        x, spec, tail = features(structure), self.spec, None
        parts = before_tail(self.nn) if self.nn is not None and spec.reduce in ("max", "min") else None
        if parts is not None:
            x, spec, tail = parts[0](x), self.with_tail, parts[1]
        elif self.nn is not None:
            x = self.nn(x)
        rows = run(spec, AggregateOperands(x, temperature=self.temperature, tail=tail), structure)
        return structure.on(spec.neighborhood.target(structure.topology), {"x": rows})

    def extra_repr(self) -> str:
        return repr(self.spec.reduce)


@remembered
def _spec(
    reduce: str,
    num_axes: int,
    kernel_size: int | tuple[int, ...],
    stride: int | tuple[int, ...] | None,
    padding: int | tuple[int, ...],
    dilation: int | tuple[int, ...],
    ceil_mode: bool,
    count_padding: bool,
) -> AggregateSpec:
    def each(number: int | tuple[int, ...]) -> tuple[int, ...]:
        return (number,) * num_axes if isinstance(number, int) else tuple(number)

    before = each(padding)
    stencil = Stencil(
        each(kernel_size),
        each(kernel_size if stride is None else stride),
        before,
        before,
        each(dilation),
        ceil_mode=ceil_mode,
    )
    return AggregateSpec(stencil, reduce, count_padding=count_padding)
