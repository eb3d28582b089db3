"""`RNN`, `LSTM`, `GRU` on chains, trees and other acyclic graphs, and their cells."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from geonets.core.errors import ShapeError, UnsupportedError
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import RecurOperands, RecurSpec
from geonets.nn.layer import Layer, features, remembered

State = Tensor | tuple[Tensor, Tensor]
_spec = remembered(RecurSpec)


class _Recurrent(Layer):
    """`h_i = cell(x_i, sum_{j -> i} h_j)` in topological order."""

    @property
    def spec(self) -> RecurSpec:
        """What the planner reads."""
        native: Any = self
        if native.proj_size:
            raise UnsupportedError(
                f"`proj_size` must be 0; got {native.proj_size}. Put a gn.nn.Linear behind the layer instead."
            )
        return _spec(
            native.mode.lower(),
            native.hidden_size,
            native.num_layers,
            native.bidirectional,
            native.bias,
            native.dropout,
        )

    def forward(self, input: Any, hx: State | None = None, return_state: bool = False) -> Any:
        """Process a chain, or any acyclic graph, from its beginnings to its ends.

        Args:
            input: nodes with `input_size` channels.
            hx: state before the first node of every item: `(layers * directions, B, H)`, for an LSTM `(h, c)`.
            return_state: also return the state after the last node, in the same form.

        Returns:
            A Structure with `directions * H` channels; with `return_state` a pair of it and the state.

        Raises:
            StructureError: if the graph has a cycle.
            UnsupportedError: if `return_state` is asked of anything but chains.
        """
        native: Any = self
        x, spec = features(input, native.input_size), self.spec
        state = None if hx is None else hx if isinstance(hx, tuple) else (hx,)
        _check_state(spec, state, len(input))
        rows, last = run(spec, RecurOperands(x, native._flat_weights, state), input, training=self.training)
        out = input.replace(x=rows)
        if not return_state:
            return out
        if last is None:
            raise UnsupportedError(
                f"`return_state` must be asked of chains only, where one node is the last; got {input.topology!r}. "
                "Read the rows of the nodes that you need."
            )
        return out, last if spec.cell == "lstm" else last[0]


class RNN(_Recurrent, nn.RNN):
    """`h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)`; arguments and keys of `torch.nn.RNN`.

    On a tree `h_{t-1}` is the sum over the children. `batch_first` changes nothing: a Structure knows its items.

    Reference: Elman, "Finding structure in time", 1990.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.RNN(3, 8)(gn.chain(torch.randn(24, 10, 3))).x.shape
        torch.Size([240, 8])
    """


class LSTM(_Recurrent, nn.LSTM):
    """`c_t = f c_{t-1} + i g`, `h_t = o tanh(c_t)`; arguments and keys of `torch.nn.LSTM`.

    On a tree it is the child-sum LSTM with the same weights: every child has a forget gate of its own.
    `batch_first` changes nothing: a Structure knows its items.

    Reference: Hochreiter & Schmidhuber, "Long short-term memory", 1997; Gers et al., "Learning to forget", 2000;
        Tai, Socher & Manning, "Improved semantic representations from tree-structured LSTM networks", 2015, eq. 2-8.

    Example:
        >>> import torch, geonets as gn
        >>> out, (h, c) = gn.nn.LSTM(3, 64)(gn.chain([torch.randn(7, 3), torch.randn(4, 3)]), return_state=True)
        >>> out.x.shape, h.shape
        (torch.Size([11, 64]), torch.Size([1, 2, 64]))
    """


class GRU(_Recurrent, nn.GRU):
    """`h_t = (1 - z) n + z h_{t-1}`, `n = tanh(W_in x_t + b_in + r (W_hn h_{t-1} + b_hn))`.

    Arguments and keys of `torch.nn.GRU`. On a tree `h_{t-1}` is the sum over the children.
    `batch_first` changes nothing: a Structure knows its items.

    Reference: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.GRU(3, 8, bidirectional=True)(gn.chain(torch.randn(2, 10, 3))).x.shape
        torch.Size([20, 16])
    """


class _Cell(Layer):
    """One step on every node: the state travels as a Structure, so that a loop reads `state = cell(step, state)`."""

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Advance the state of every node by one step.

        Args:
            input: a Structure whose rows are the step's inputs.
            hx: what the last call returned, or torch's state tensors, or None for zeros.

        Returns:
            A Structure whose `x` is the new `h`; an LSTM cell keeps `c` in `nodes["c"]`.
        """
        native: Any = self
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


def _check_state(spec: RecurSpec, state: tuple[Tensor, ...] | None, num_items: int) -> None:
    shape = spec.num_layers * spec.num_directions, num_items, spec.hidden_size
    wanted = 2 if spec.cell == "lstm" else 1
    if state is not None and (len(state) != wanted or any(tuple(part.shape) != shape for part in state)):
        raise ShapeError(
            f"`hx` must be {'a pair (h, c) of tensors' if wanted == 2 else 'a tensor'} of shape {shape} "
            f"(layers * directions, items, hidden); got {[tuple(part.shape) for part in state]}. "
            "Pass what return_state=True gave, or leave it out for zeros."
        )
