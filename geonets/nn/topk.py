"""`TopKPooling`: a learned score decides which nodes stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from geonets.core.neighborhoods import Top
from geonets.core.ranges import segment_max, segment_sum
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.coarsening import spread
from geonets.nn.layer import Layer, features


class _Select(nn.Module):
    """The direction `p` on which features are projected; a module of its own for PyG's key `select.weight`."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        bound = in_channels**-0.5
        self.weight = nn.Parameter(torch.empty(1, in_channels).uniform_(-bound, bound))


class TopKPooling(Layer):
    """Keep the nodes whose features point most along a learned direction; arguments and keys of PyG's `TopKPooling`.

    `s_i = tanh(x_i . p / |p|)`; the `ceil(ratio n)` nodes of each item with the highest `s` stay, highest first, with
    features `multiplier s_i x_i` and the links among them.

    Args:
        in_channels: channels of `x`.
        ratio: the part of the nodes that stays, or their number as an int.
        min_score: let all nodes stay whose score, which is then a softmax over the item without `|p|` and without
            nonlinearity, is above this, and the best of each item; `ratio` is ignored.
        multiplier: of the result.
        nonlinearity: of the score: `"tanh"`, or a function.

    Returns:
        A Structure over the chosen nodes: their links with types and features, and positions, stay.

    Reference: Gao & Ji, "Graph U-Nets", 2019, equation 2; its gUnpool, equation 3, is `refine`.

    Example:
        >>> import torch, geonets as gn
        >>> ring = gn.graph(torch.tensor([[0, 1, 2], [1, 2, 0]]), x=torch.randn(3, 4))
        >>> pool = gn.nn.TopKPooling(4, ratio=0.4)
        >>> few = pool(ring)
        >>> few.num_nodes, pool.refine(few, ring).x.shape
        (2, torch.Size([3, 4]))
    """

    def __init__(
        self,
        in_channels: int,
        ratio: float | int = 0.5,
        min_score: float | None = None,
        multiplier: float = 1.0,
        nonlinearity: str | Callable[[Tensor], Tensor] = "tanh",
    ) -> None:
        super().__init__()
        self.in_channels, self.multiplier = in_channels, multiplier
        self.nonlinearity: Any = getattr(torch, nonlinearity) if isinstance(nonlinearity, str) else nonlinearity
        self.neighborhood = Top(ratio, "score", alone=True, least=min_score)
        self.spec = AggregateSpec(self.neighborhood, "sum")
        self.select = _Select(in_channels)

    def forward(self, structure: Structure) -> Structure:
        scored = self.scored(structure)
        gated = structure.x * (self.multiplier * scored.nodes["score"])[:, None]
        rows = run(self.spec, AggregateOperands(gated), scored)
        return self.neighborhood.receivers(scored).replace(x=rows)

    def refine(self, coarse: Structure, fine: Structure) -> Structure:
        """The way back: the chosen nodes of `fine`, which was pooled, get the rows of `coarse`, all others 0."""
        rows = spread(self.neighborhood, "sum", coarse, self.scored(fine)).x
        return fine.replace(x=rows)

    def scored(self, structure: Structure) -> Structure:
        """The structure with a node field `score`, `(N,)`: `self.neighborhood` finds the chosen nodes on it."""
        weight = self.select.weight
        score = (features(structure, self.in_channels) * weight).sum(1)
        if self.neighborhood.least is None:
            score = self.nonlinearity(score / weight.norm(dim=1))
        else:
            score = _softmax(score[:, None], structure).squeeze(1)
        return structure.replace(nodes={"score": score})

    def extra_repr(self) -> str:
        top = self.neighborhood
        kept = f"ratio={top.ratio}" if top.least is None else f"min_score={top.least}"
        return f"{self.in_channels}, {kept}, multiplier={self.multiplier}"


def _softmax(score: Tensor, structure: Structure) -> Tensor:
    """`(N, 1)` softmax over the nodes of each item."""
    offsets, items = structure.topology.node_offsets, structure.topology.item_ids
    with torch.no_grad():
        peaks = segment_max(score, offsets, items).index_select(0, items)
    powers = (score - peaks).exp()
    return powers / segment_sum(powers, offsets, items).index_select(0, items)
