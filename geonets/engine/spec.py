"""What a layer asks for, without its weights: four hashable specs that the planner reads, and their operands."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

from torch import Tensor

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import Neighborhood

Reads = tuple[Literal["sender", "receiver", "edge"], ...]
REDUCTIONS = ("sum", "mean", "max", "min")
MESSAGES = ("sender", "weighted", "opaque")
CELLS = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}


@dataclasses.dataclass(frozen=True)
class ConvolveSpec:
    """`y_i = b + sum_k sum_{j -> i, type k} W_k x_j`, in `groups` of channels that do not mix.

    Args:
        neighborhood: which nodes are heard; its edge type chooses the weight.
        groups: as in `torch.nn.Conv2d`.
    """

    neighborhood: Neighborhood
    groups: int = 1


@dataclasses.dataclass(frozen=True)
class ConvolveOperands:
    """Tensors of a `convolve`.

    Args:
        x: `(N, C_in)` rows of the senders.
        weight: `(C_out, C_in / groups, *kernel_size)`.
        bias: `(C_out,)` or None.
    """

    x: Tensor
    weight: Tensor
    bias: Tensor | None


@dataclasses.dataclass(frozen=True)
class AggregateSpec:
    """`m_i = reduce_{j -> i} psi(x_i, x_j, e_ij)`; a sum may also add `a_i x_i`, what a node says to itself.

    Args:
        neighborhood: which nodes are heard.
        reduce: `"sum"`, `"mean"`, `"max"` or `"min"`; nothing heard gives 0. Of equal entries the first takes
            the gradient.
        message: `"sender"` for `psi = x_j`, `"weighted"` for `psi = w_ij x_j`, `"opaque"` for a callable in the
            operands.
        reads: what an opaque message is called with, in this order.
        count_padding: a mean over a lattice window divides by its places on nodes and padding, not by its nodes.
        own: a sum also adds `a_i x_i`, with `a` in the operands.
    """

    neighborhood: Neighborhood
    reduce: str
    message: str = "sender"
    reads: Reads = ("sender", "receiver", "edge")
    count_padding: bool = False
    own: bool = False

    def __post_init__(self) -> None:
        _one_of("reduce", self.reduce, REDUCTIONS if not self.own else ("sum",))
        _one_of("message", self.message, MESSAGES)
        for part in self.reads:
            _one_of("reads", part, ("sender", "receiver", "edge"))


@dataclasses.dataclass(frozen=True)
class AggregateOperands:
    """Tensors of an `aggregate`, and the user's message where it is opaque.

    Args:
        senders: `(N_s, ...)` rows that messages read of the sender.
        receivers: `(N_r, ...)` rows that messages read of the receiver, or None.
        edges: `(E, ...)` rows in receiver order, or None; for `"weighted"` `(E,)` weights.
        message: called with what `spec.reads` names, one row an edge; returns one row an edge.
        own: `(N, 1)` or `(1,)` weights `a` of a node's own row of `senders`, where the spec says so.
    """

    senders: Tensor
    receivers: Tensor | None = None
    edges: Tensor | None = None
    message: Callable[..., Tensor] | None = None
    own: Tensor | None = None


@dataclasses.dataclass(frozen=True)
class AttendSpec:
    """`y_i = sum_{j -> i} softmax_j(score(q_i, k_j) + b_ij) v_j`, in heads; nothing heard gives 0.

    Args:
        neighborhood: which nodes are heard.
        score: `"dot"` for `q . k / sqrt(D)`, `"additive"` for `leaky_relu(q + k + e)` with one number a head.
        negative_slope: of the leaky ReLU.
        dropout: the part of the softmax weights that training leaves out.
    """

    neighborhood: Neighborhood
    score: str = "dot"
    negative_slope: float = 0.2
    dropout: float = 0.0

    def __post_init__(self) -> None:
        _one_of("score", self.score, ("dot", "additive"))


@dataclasses.dataclass(frozen=True)
class AttendOperands:
    """Tensors of an `attend`.

    Args:
        query: `(N_r, H, D)`, `D` = 1 for an additive score.
        key: `(N_s, H, D)`.
        value: `(N_s, H, D_v)`.
        edges: `(E, H)` added to additive scores before the leaky ReLU, in receiver order, or None.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    edges: Tensor | None = None


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
        _one_of("cell", self.cell, tuple(CELLS))

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


Spec = ConvolveSpec | AggregateSpec | AttendSpec | RecurSpec
Operands = ConvolveOperands | AggregateOperands | AttendOperands | RecurOperands
Result = Any
"""Rows `(N_target, ...)`; of a `recur` rows and the state after the last node, or None where there is none."""


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(f"`{name}` must be one of {', '.join(allowed)}; got {value!r}. Choose one of them.")
