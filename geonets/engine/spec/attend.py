"""What an `attend` asks for, and the tensors that come with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal, NamedTuple

from torch import Tensor

from geonets.core.errors import ShapeError
from geonets.core.neighborhoods import Neighborhood
from geonets.core.options import one_of
from geonets.core.relations import Relation

ScoreReads = tuple[Literal["query", "key", "edge"], ...]
EdgeTerms = tuple[Literal["bias", "keys", "values"], ...]
SCORES = ("dot", "additive", "gatv2", "opaque")


@dataclasses.dataclass(frozen=True)
class AttendSpec:
    """`y_i = sum_{j -> i} softmax_j(score(q_i, k_j + f_ij, e_ij) + b_ij) (v_j + u_ij)`, in heads of `D` channels.

    A node that hears nothing, or whose biases are all `-inf`, gets 0 and finite gradients.

    Args:
        neighborhood: which nodes are heard.
        score: `"dot"` for `q . k / sqrt(D)`, `"additive"` for `leaky_relu(a . q + a' . k + e)`,
            `"gatv2"` for `a . leaky_relu(q + k + e)`, `"opaque"` for a callable in the operands.
        negative_slope: of the leaky ReLU.
        dropout: the part of the softmax weights that training leaves out.
        reads: what an opaque score is called with, in this order.
        relation: how two nodes stand to each other: a number that chooses a bias, or part of the key, from tables in
            the operands. Within one structure only.
        return_weights: return the softmax weights of the edges, `(E, H)` in receiver order, beside the rows.
        edge_terms: which of `bias`, `edge_keys` and `edge_values` the operands hold, one row an edge.
    """

    neighborhood: Neighborhood
    score: str = "dot"
    negative_slope: float = 0.2
    dropout: float = 0.0
    reads: ScoreReads = ("query", "key", "edge")
    edge_terms: EdgeTerms = ()
    relation: Relation | None = None
    return_weights: bool = False

    def __post_init__(self) -> None:
        one_of("score", self.score, SCORES)
        for part in self.reads:
            one_of("reads", part, ("query", "key", "edge"))
        for term in self.edge_terms:
            one_of("edge_terms", term, ("bias", "keys", "values"))


class AttendOperands(NamedTuple):
    """Tensors of an `attend`; edge rows are in receiver order.

    Args:
        query: `(N_r, H, D)`; of any shape `(N_r, ...)` for an opaque score.
        key: `(N_s, H, D)` likewise.
        value: `(N_s, H, D_v)`.
        edges: what a score reads of an edge: `(E, H)` if additive, `(E, H, D)` if gatv2, `(E, ...)` if opaque, or None.
        bias: `(E, H)` or `(E, 1)`, added to the scores; `-inf` where an edge is not heard.
        edge_keys: `(E, H, D)`, added to the keys; of an additive score `(E, H, 1)`, added to `a' . k`.
        edge_values: `(E, H, D_v)`, added to the values.
        attention: `(H, D)`, the vector `a` of a gatv2 score; `(2, H, D)`, `a` and `a'` of an additive one, or None
            where `D` = 1 and both are 1.
        score: called with what `spec.reads` names, one row an edge; returns `(E, H)`.
        relation_bias: `(R, H)`, added to the score of a pair by its relation, or None.
        relation_keys: `(R, H, D)`, added to the key of a pair by its relation, or None; for dot products.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    edges: Tensor | None = None
    bias: Tensor | None = None
    edge_keys: Tensor | None = None
    edge_values: Tensor | None = None
    attention: Tensor | None = None
    score: Callable[..., Tensor] | None = None
    relation_bias: Tensor | None = None
    relation_keys: Tensor | None = None

    def check(self, num_edges: int) -> None:
        """Raise unless what belongs to edges has one row for each.

        Raises:
            ShapeError: if it has not.
        """
        for name in ("edges", "bias", "edge_keys", "edge_values"):
            rows = getattr(self, name)
            if rows is not None and len(rows) != num_edges:
                raise ShapeError(
                    f"`{name}` must have one row for each of the {num_edges} edges; got {len(rows)} "
                    f"(shape {tuple(rows.shape)}). Give rows in receiver order, as neighborhood.edges(structure) has."
                )
