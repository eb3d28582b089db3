"""`RNNCell`, `LSTMCell`, `GRUCell`: one step on every node by itself."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from geonets.core.structure import Structure
from geonets.nn.layer import Layer, features


class _Cell(Layer):
    """One step on every node: the state travels as a Structure, so that a loop reads `state = cell(step, state)`."""

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Advance the state of every node by one step.

        Args:
            input: a Structure whose rows are the step's inputs, or rows `(N, C)`.
            hx: what the last call returned, or torch's state tensors, or None for zeros.

        Returns:
            A Structure whose `x` is the new `h`; an LSTM cell keeps `c` in `nodes["c"]`. For rows, torch's state.
        """
        native: Any = self
        if isinstance(input, Tensor):
            return super().forward(input, hx)
        new = super().forward(features(input, native.input_size), _rows_of(hx))
        if isinstance(new, tuple):
            return input.replace(x=new[0], nodes={"c": new[1]})
        return input.replace(x=new)


class RNNCell(_Cell, nn.RNNCell):
    """One step of an `RNN`; arguments and keys of `torch.nn.RNNCell`."""


class LSTMCell(_Cell, nn.LSTMCell):
    """One step of an `LSTM`; arguments and keys of `torch.nn.LSTMCell`.

    Example:
        >>> import torch, geonets as gn
        >>> cell, state = gn.nn.LSTMCell(3, 8), None
        >>> for x_t in torch.randn(10, 24, 3):
        ...     state = cell(gn.points(None, x=x_t[:, None]), state)
        >>> state.x.shape, state.nodes["c"].shape
        (torch.Size([24, 8]), torch.Size([24, 8]))
    """


class GRUCell(_Cell, nn.GRUCell):
    """One step of a `GRU`; arguments and keys of `torch.nn.GRUCell`."""


def _rows_of(hx: Any) -> Any:
    if not isinstance(hx, Structure):
        return hx
    return (hx.x, hx.nodes["c"]) if "c" in hx.nodes else hx.x
