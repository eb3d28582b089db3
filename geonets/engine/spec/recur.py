"""What a `recur` asks for, and the tensors that come with it."""

from __future__ import annotations

import dataclasses

from torch import Tensor

from geonets.core.options import one_of

CELLS = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}


@dataclasses.dataclass(frozen=True)
class RecurSpec:
    """`h_i = cell(x_i, reduce_{j -> i} (h_j, c_j))` in topological order, in stacked layers and one or two directions.

    Args:
        cell: `"rnn_tanh"`, `"rnn_relu"`, `"lstm"` or `"gru"`.
        hidden_size: `H`.
        num_layers: stacked layers; each reads the rows of the one below.
        bidirectional: also process from the other end and join the two outputs.
        bias: whether the operands hold biases.
        dropout: the part of the rows between layers that training leaves out.
    """

    cell: str
    hidden_size: int
    num_layers: int = 1
    bidirectional: bool = False
    bias: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        one_of("cell", self.cell, tuple(CELLS))

    @property
    def num_directions(self) -> int:
        """1 or 2."""
        return 2 if self.bidirectional else 1


@dataclasses.dataclass(frozen=True)
class RecurOperands:
    """Tensors of a `recur`.

    Args:
        x: `(N, C_in)` rows.
        weights: for each layer, then each direction: `w_ih`, `w_hh`, and where the spec says so `b_ih`, `b_hh`.
        state: `(layers * directions, B, H)` before the first node, one tensor or `(h, c)`; None for zeros.
    """

    x: Tensor
    weights: list[Tensor]
    state: tuple[Tensor, ...] | None = None

    def layer(self, spec: RecurSpec, number: int) -> list[Tensor | None]:
        """`w_ih, w_hh, b_ih, b_hh` of one layer and direction, counted as in `weights`."""
        each = 4 if spec.bias else 2
        own: list[Tensor | None] = list(self.weights[number * each : (number + 1) * each])
        return own if spec.bias else [*own, None, None]
