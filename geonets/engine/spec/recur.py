"""What a `recur` asks for, and the tensors that come with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from geonets.core.errors import ShapeError, StructureError
from geonets.core.neighborhoods import Predecessors
from geonets.core.options import one_of
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList

GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}
"""Torch's cells, and how many gates each has."""
REDUCTIONS = ("sum", "mean")
FORWARD = (Predecessors(),)
BOTH = (Predecessors(), Predecessors(reverse=True))


@dataclasses.dataclass(frozen=True)
class RecurSpec:
    """`h_i = cell(x_i, reduce_{j -> i} (h_j, c_j))` in topological order, in stacked layers and several directions.

    Args:
        cell: `"rnn_tanh"`, `"rnn_relu"`, `"lstm"`, `"gru"`, or `"opaque"` for a callable among the operands.
        hidden_size: `H`.
        num_layers: stacked layers; each reads the rows of the one below.
        directions: the predecessors in each direction; the outputs of all directions are joined along the channels.
        bias: whether the operands hold biases.
        dropout: the part of the rows between layers that training leaves out.
        proj_size: channels that an LSTM projects its output to; 0 for none.
        relations: `K` where every edge type has recurrent weights of its own, and an LSTM a forget gate; 0 where all
            predecessors share them, and an LSTM forgets each predecessor by the gate that this one opens.
        reduce: what a GRU carries over, or an opaque cell hears, of several predecessors.
        rounds: how many times all nodes step at once, instead of one after another; 0 for topological order.
        state_sizes: channels of each part of an opaque cell's state.
    """

    cell: str
    hidden_size: int
    num_layers: int = 1
    directions: tuple[Predecessors, ...] = FORWARD
    bias: bool = True
    dropout: float = 0.0
    proj_size: int = 0
    relations: int = 0
    reduce: str = "sum"
    rounds: int = 0
    state_sizes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        one_of("cell", self.cell, (*GATES, "opaque"))
        one_of("reduce", self.reduce, REDUCTIONS)

    @property
    def num_directions(self) -> int:
        """How many outputs are joined."""
        return len(self.directions)

    def edges(self, direction: int, structure: Structure) -> EdgeList:
        """Who hears whom in one direction; in rounds cycles are allowed."""
        predecessors = self.directions[direction]
        return (dataclasses.replace(predecessors, cyclic=True) if self.rounds else predecessors).edges(structure)

    @property
    def out_size(self) -> int:
        """Channels of one direction's output."""
        return self.parts[0]

    @property
    def parts(self) -> tuple[int, ...]:
        """Channels of each part of a state; the first part is the output."""
        if self.cell == "opaque":
            return self.state_sizes
        hidden = self.proj_size or self.hidden_size
        return (hidden, self.hidden_size) if self.cell == "lstm" else (hidden,)


class CellWeights(NamedTuple):
    """The weights of one layer in one direction.

    Args:
        w_ih: `(G * H, C)` for `G` gates.
        w_hh: `(G * H, H')`; with relations `(K, G' * H, H')`, where an LSTM has `G' = 3 + K` gates i, f_1..f_K, g, o.
        b_ih: `(G * H,)` or None.
        b_hh: `(G * H,)` or None.
        w_hr: `(H', H)` of an LSTM that projects its output, or None.
    """

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None = None
    b_hh: Tensor | None = None
    w_hr: Tensor | None = None


class RecurOperands(NamedTuple):
    """Tensors of a `recur`, and a callable where its cell is opaque.

    Args:
        x: `(N, C_in)` rows.
        weights: for each layer, then each direction: `w_ih`, `w_hh`, where the spec says so `b_ih`, `b_hh`, and `w_hr`.
        state: `(layers * directions, B, ...)` before the first node, a tensor a part; None for zeros.
        cell: `cell(x, state) -> state` on rows, where the state is a tensor, or a tuple of several parts.
    """

    x: Tensor
    weights: list[Tensor]
    state: tuple[Tensor, ...] | None = None
    cell: Callable[[Tensor, Any], Any] | None = None

    def layer(self, spec: RecurSpec, number: int) -> CellWeights | None:
        """The weights of one layer and direction, counted as in `weights`; None where the cell is opaque."""
        if spec.cell == "opaque":
            return None
        each = 2 + 2 * spec.bias + (spec.proj_size > 0)
        own = self.weights[number * each : (number + 1) * each]
        b_ih, b_hh = own[2:4] if spec.bias else (None, None)
        return CellWeights(own[0], own[1], b_ih, b_hh, own[-1] if spec.proj_size else None)

    def step(self, x: Tensor, state: list[Tensor]) -> list[Tensor]:
        """One step of an opaque cell.

        Raises:
            ShapeError: if what it returns is no state.
        """
        assert self.cell is not None
        new = self.cell(x, tuple(state) if len(state) > 1 else state[0])
        parts = list(new) if isinstance(new, tuple | list) else [new]
        if [part.shape for part in parts] != [part.shape for part in state]:
            raise ShapeError(
                f"`cell` must return a state like the one it is given, {_shapes(state)}; got {_shapes(parts)}. "
                "Return the new state only, and say state_size= where it is not cell.hidden_size."
            )
        return parts


def relations_of(spec: RecurSpec, edges: EdgeList) -> Tensor:
    """`(E,)` which of the recurrent weights each edge uses: its type, or 0 where all edges share them.

    Raises:
        StructureError: if a type is missing, or there are no weights for it.
    """
    if spec.relations <= 1 or not edges.num_edges:
        return torch.zeros_like(edges.senders)
    highest = None if edges.edge_type is None else int(edges.edge_type.max())
    if edges.edge_type is None or highest is None or highest >= spec.relations:
        raise StructureError(
            f"`edge_type` must be the position of each child, 0 to {spec.relations - 1}; "
            f"got {'none' if highest is None else highest}. "
            "Pass gn.graph(..., edge_type=...), or build the layer for more positions."
        )
    return edges.edge_type


def _shapes(parts: list[Tensor]) -> str:
    return ", ".join(str(tuple(part.shape)) for part in parts)
