"""`APPNP`, `SGConv`: GCN's weighted sums several times in a row, without weights between."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.nn.graph.normalised import Propagation, checked_weight, normalised
from geonets.nn.layer import Layer, features
from geonets.nn.message_passing import LINKS


class APPNP(Layer):
    """`X^(k+1) = (1 - alpha) D^-1/2 (A + I) D^-1/2 X^(k) + alpha X^(0)`, `K` times; arguments of PyG's `APPNP`.

    Args:
        K: rounds.
        alpha: how often a walk starts again.
        dropout: the part of the edges that a round leaves out in training.
        cached: accepted for PyG's sake; degrees are remembered with the topology, so a changed graph is never mistaken.
        add_self_loops: a node hears itself.
        normalize: divide by the square roots of both degrees.
        neighborhood: who hears whom; the topology's own links unless given.

    Reference: Klicpera, Bojchevski & Guennemann, "Predict then propagate: graph neural networks meet personalized
        PageRank", 2019, equation 5.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.APPNP(K=10, alpha=0.1)(gn.grid(torch.randn(1, 3, 3, 4))).x.shape
        torch.Size([9, 4])
    """

    def __init__(
        self,
        K: int,
        alpha: float,
        dropout: float = 0.0,
        cached: bool = False,
        add_self_loops: bool = True,
        normalize: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.K, self.alpha, self.dropout = K, alpha, dropout
        self.add_self_loops, self.normalize, self.neighborhood = add_self_loops, normalize, neighborhood

    def forward(self, structure: Structure, edge_weight: Tensor | None = None) -> Structure:
        """Propagate; `edge_weight` is `(E,)` in receiver order, ones unless given."""
        x = features(structure)
        if self.normalize:
            whole = normalised(structure, self.neighborhood, edge_weight, x.dtype, self.add_self_loops)
        else:
            edges = self.neighborhood.edges(structure)
            weight = checked_weight(edge_weight, edges)
            whole = Propagation(structure, self.neighborhood, x.new_ones(edges.num_edges) if weight is None else weight)
        rows = x
        for _ in range(self.K):
            rows = (1 - self.alpha) * self._thinned(whole)(rows) + self.alpha * x
        return structure.replace(x=rows)

    def _thinned(self, whole: Propagation) -> Propagation:
        """Without the edges and the self-loops that this round leaves out."""
        if not (self.training and self.dropout):
            return whole
        assert whole.weight is not None
        own = None if whole.own is None else functional.dropout(whole.own, self.dropout)
        return whole._replace(weight=functional.dropout(whole.weight, self.dropout), own=own)

    def extra_repr(self) -> str:
        return f"K={self.K}, alpha={self.alpha}"


class SGConv(Layer):
    """`X' = (D^-1/2 (A + I) D^-1/2)^K X W + b`; arguments and keys of PyG's `SGConv`.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result.
        K: rounds.
        cached: accepted for PyG's sake, and without effect.
        add_self_loops: a node hears itself.
        bias: add one.
        neighborhood: who hears whom; the topology's own links unless given.

    Reference: Wu et al., "Simplifying graph convolutional networks", 2019, equation 8.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.SGConv(4, 8, K=2)(gn.grid(torch.randn(1, 3, 3, 4))).x.shape
        torch.Size([9, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        K: int = 1,
        cached: bool = False,
        add_self_loops: bool = True,
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.K = in_channels, out_channels, K
        self.add_self_loops, self.neighborhood = add_self_loops, neighborhood
        self.lin = nn.Linear(in_channels, out_channels, bias=bias)

    def forward(self, structure: Structure, edge_weight: Tensor | None = None) -> Structure:
        """Propagate, then project; `edge_weight` is `(E,)` in receiver order, ones unless given."""
        rows = features(structure, self.in_channels)
        propagate = normalised(structure, self.neighborhood, edge_weight, rows.dtype, self.add_self_loops)
        for _ in range(self.K):
            rows = propagate(rows)
        return structure.replace(x=self.lin(rows))

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, K={self.K}"
