"""What an `attend` asks for, and the tensors that come with it."""

from __future__ import annotations

import dataclasses

from torch import Tensor

from geonets.core.neighborhoods import Neighborhood
from geonets.core.options import one_of


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
        one_of("score", self.score, ("dot", "additive"))


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
