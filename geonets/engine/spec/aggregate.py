"""What an `aggregate` asks for, and the tensors that come with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from geonets.core.neighborhoods import Neighborhood
from geonets.core.options import one_of

Reads = tuple[Literal["sender", "receiver", "edge"], ...]
REDUCTIONS = ("sum", "mean", "max", "min", "var", "std", "softmax")
MESSAGES = ("sender", "difference", "weighted", "filtered", "gated", "opaque")


@dataclasses.dataclass(frozen=True)
class AggregateSpec:
    """`m_i = reduce_{j -> i} psi(x_i, x_j, e_ij)`; a sum may also add `a_i x_i`, what a node says to itself.

    Args:
        neighborhood: which nodes are heard.
        reduce: `"sum"`, `"mean"`, `"max"`, `"min"`, `"var"` and `"std"` (of the messages themselves, divided by their
            number), `"softmax"` (`sum_j softmax_j(t m_j) m_j` in each channel), or several of them, whose results are
            joined along the channels. Nothing heard gives 0. Of equal entries the first takes the gradient.
        message: `"sender"` for `psi = x_j`, `"difference"` for `psi = x_j - x_i` of one structure's rows, `"weighted"`
            for `psi = w_ij x_j`, `"filtered"` for `psi = w_ij * x_j`, a number a channel, `"gated"` for
            `psi = sigmoid(k_i + q_j + a_ij) * (v_j + b_ij)` where senders speak `[q, v]` and edges add `[a, b]` or
            nothing, `"opaque"` for a callable in the operands.
        reads: what an opaque message is called with, in this order.
        count_padding: a mean over a lattice window divides by its places on nodes and padding, not by its nodes.
        own: a sum also adds `a_i x_i`, with `a` in the operands.
        least_std: a standard deviation up to this is taken for 0, and so is its gradient.
        tail: messages go through the `Tail` in the operands before they are reduced.
        by_edge: an opaque message makes a row `(C,)` of what it reads of an edge, whatever other edges there are, and
            learns nothing else but the `weights` in the operands.
        update: a sum or mean of sender rows goes through the `Update` in the operands.
    """

    neighborhood: Neighborhood
    reduce: str | tuple[str, ...]
    message: str = "sender"
    reads: Reads = ("sender", "receiver", "edge")
    count_padding: bool = False
    own: bool = False
    least_std: float = 0.0
    tail: bool = False
    by_edge: bool = False
    update: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.reduce, str):
            several = tuple(self.reduce)
            object.__setattr__(self, "reduce", several[0] if len(several) == 1 else several)
        if self.own or not self.reductions:
            one_of("reduce", self.reduce, ("sum",))
        if self.update:
            one_of("reduce", self.reduce, ("sum", "mean"))
        for reduction in self.reductions:
            one_of("reduce", reduction, REDUCTIONS)
        one_of("message", self.message, MESSAGES)
        for part in self.reads:
            one_of("reads", part, ("sender", "receiver", "edge"))

    @property
    def reductions(self) -> tuple[str, ...]:
        """One or several."""
        return (self.reduce,) if isinstance(self.reduce, str) else self.reduce


@dataclasses.dataclass(frozen=True)
class Tail:
    """What a network on messages ends with: `act(norm(W z + b))`, whose `act` never falls where its argument rises.

    Args:
        linear: the map.
        norm: over all rows, or None.
        act: entry by entry and monotone, or None.
    """

    linear: nn.Linear
    norm: nn.BatchNorm1d | None = None
    act: Callable[[Tensor], Tensor] | None = None

    def __call__(self, rows: Tensor) -> Tensor:
        rows = functional.linear(rows, self.linear.weight, self.linear.bias)
        rows = rows if self.norm is None else self.norm(rows)
        return rows if self.act is None else self.act(rows)


class Update(NamedTuple):
    """What a node's row becomes of what it hears and of its own: `W m_i + b + V x_i`.

    Args:
        weight: `(O, C)` of what is heard.
        bias: `(O,)` or None.
        own_weight: `(O, C')` of the own row, or None for no such term.
        own: `(N_r, C')` own rows, where they have a weight.
    """

    weight: Tensor
    bias: Tensor | None
    own_weight: Tensor | None
    own: Tensor | None

    def __call__(self, heard: Tensor) -> Tensor:
        rows = functional.linear(heard, self.weight, self.bias)
        if self.own is None or self.own_weight is None:
            return rows
        if rows.ndim == 2 and rows.dtype == self.own.dtype == self.own_weight.dtype:  # not so under autocast
            return rows.addmm_(self.own, self.own_weight.T)
        return rows + functional.linear(self.own, self.own_weight)


class AggregateOperands(NamedTuple):
    """Tensors of an `aggregate`, and the user's message where it is opaque.

    Args:
        senders: `(N_s, ...)` rows that messages read of the sender.
        receivers: `(N_r, ...)` rows that messages read of the receiver, or None.
        edges: `(E, ...)` rows in receiver order, or None; for `"weighted"` `(E,)` weights.
        message: called with what `spec.reads` names, one row an edge; returns one row an edge.
        own: `(N, 1)` or `(1,)` weights `a` of a node's own row of `senders`, where the spec says so.
        temperature: `t` of a softmax: a number, or a tensor of one entry or one a channel.
        tail: what messages go through, where the spec says so.
        edge_rows: `(E,)` which row of `edges` each edge reads, where edges share filters; its own unless given.
        weights: all that a message learns, each once, where the spec says `by_edge`.
        update: what follows a sum or mean of sender rows, where the spec says so.
    """

    senders: Tensor
    receivers: Tensor | None = None
    edges: Tensor | None = None
    message: Callable[..., Tensor] | None = None
    own: Tensor | None = None
    temperature: Tensor | float = 1.0
    tail: Tail | None = None
    edge_rows: Tensor | None = None
    weights: tuple[Tensor, ...] = ()
    update: Update | None = None
