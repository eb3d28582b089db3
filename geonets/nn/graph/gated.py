"""`ResGatedGraphConv`: messages behind gates; `GatedGraphConv`: sums that a GRU takes in, round after round."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from geonets.core.errors import ShapeError
from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.graph.arguments import LEAST_STD, reductions
from geonets.nn.graph.normalised import checked_weight
from geonets.nn.layer import Layer, channels_of, features, heard_and_hearing
from geonets.nn.message_passing import LINKS, edge_features
from geonets.nn.nodewise import Sigmoid


class ResGatedGraphConv(Layer):
    """The field's GatedGCN: `x_i' = W_s x_i + sum_{j -> i} act(W_k x_i + W_q x_j) * W_v x_j + b`.

    With `edge_dim` each of the three maps also reads the edge: `W [x, e]`. Arguments and keys of PyG's
    `ResGatedGraphConv`.

    Args:
        in_channels: channels of `x`; or those of the nodes that are heard and of those that hear, where they are of two
            structures.
        out_channels: channels of the result.
        act: of the gates; a sigmoid unless given.
        edge_dim: channels of `edge_attr` where it is used.
        root_weight: add `W_s x_i`.
        bias: add `b`.
        neighborhood: who hears whom; the topology's own links unless given.

    Raises:
        StructureError: if `edge_dim` is given and there is no `edge_attr`.

    Reference: Bresson & Laurent, "Residual gated graph convnets", 2017, equations 10-11.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.ResGatedGraphConv(9, 8, edge_dim=3)(gn.molecule("CCO")).x.shape
        torch.Size([3, 8])
    """

    def __init__(
        self,
        in_channels: int | tuple[int, int],
        out_channels: int,
        act: Callable[[Tensor], Tensor] | None = None,
        edge_dim: int | None = None,
        root_weight: bool = True,
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.edge_dim = in_channels, out_channels, edge_dim
        self.act = nn.Sigmoid() if act is None else act
        heard, hearing = channels_of(in_channels)
        self.lin_key = nn.Linear(hearing + (edge_dim or 0), out_channels)
        self.lin_query = nn.Linear(heard + (edge_dim or 0), out_channels)
        self.lin_value = nn.Linear(heard + (edge_dim or 0), out_channels)
        self.lin_skip = nn.Linear(hearing, out_channels, bias=False) if root_weight else None
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        reads = ("sender", "receiver") if edge_dim is None else ("sender", "receiver", "edge")
        message = "gated" if type(self.act) in (nn.Sigmoid, Sigmoid) else "opaque"
        self.spec = AggregateSpec(neighborhood, "sum", message, reads)

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        senders, x = heard_and_hearing(structure, source, self.in_channels)
        linears = self.lin_query, self.lin_value
        weights = torch.cat([linear.weight[:, : senders.shape[1]] for linear in linears])
        spoken = functional.linear(senders, weights, torch.cat([linear.bias for linear in linears]))
        heard = functional.linear(x, self.lin_key.weight[:, : x.shape[1]], self.lin_key.bias)
        operands = AggregateOperands(spoken, heard, self._of_edges(structure, source), self._gated)
        rows = run(self.spec, operands, structure, source)
        rows = rows if self.lin_skip is None else rows + self.lin_skip(x)
        return structure.replace(x=rows if self.bias is None else rows + self.bias)

    def _of_edges(self, structure: Structure, source: Structure | None) -> Tensor | None:
        """`(E, 2 out_channels)`: what an edge adds to the gate, through key and query together, and to the value."""
        if self.edge_dim is None:
            return None
        edge_rows = edge_features(structure, self.spec.neighborhood, "ResGatedGraphConv with edge_dim", source)
        linears = self.lin_key, self.lin_query, self.lin_value
        key, query, value = (linear.weight[:, -self.edge_dim :] for linear in linears)
        return functional.linear(edge_rows, torch.cat([key + query, value]))

    def _gated(self, sender: Tensor, receiver: Tensor, edge: Tensor | None = None) -> Tensor:
        query, value = (sender if edge is None else sender + edge).chunk(2, 1)
        return self.act(receiver + query) * value

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, edge_dim={self.edge_dim}"


class GatedGraphConv(Layer):
    """`h_i <- GRU(reduce_{j -> i} w_ij W_l h_j, h_i)`, `num_layers` times.

    The first `h_i` is `x_i`, filled up with zeros to `out_channels`. Arguments and keys of PyG's `GatedGraphConv`.

    Args:
        out_channels: channels of the result, at least those of `x`.
        num_layers: rounds, each with a `W_l` of its own.
        aggr: `"add"`, `"mean"`, `"max"`, `"min"`, `"var"`, `"std"` or `"softmax"`.
        bias: in the GRU.
        neighborhood: who hears whom; the topology's own links unless given.

    Raises:
        ShapeError: if `x` has more than `out_channels` channels.

    Reference: Li et al., "Gated graph sequence neural networks", 2016, equations 1-6.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.GatedGraphConv(8, num_layers=2)(gn.chain(torch.randn(2, 5, 3))).x.shape
        torch.Size([10, 8])
    """

    def __init__(
        self,
        out_channels: int,
        num_layers: int,
        aggr: str = "add",
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.out_channels, self.num_layers = out_channels, num_layers
        bound = out_channels**-0.5
        self.weight = nn.Parameter(torch.empty(num_layers, out_channels, out_channels).uniform_(-bound, bound))
        self.rnn = nn.GRUCell(out_channels, out_channels, bias=bias)
        self.spec = AggregateSpec(neighborhood, reductions(aggr), least_std=LEAST_STD)
        self.weighted = AggregateSpec(neighborhood, reductions(aggr), "weighted", least_std=LEAST_STD)

    def forward(self, structure: Structure, edge_weight: Tensor | None = None) -> Structure:
        """Run the rounds; `edge_weight` is `(E,)` in receiver order, ones unless given."""
        x = features(structure)
        if x.shape[1] > self.out_channels:
            raise ShapeError(
                f"`structure.x` must have at most out_channels={self.out_channels} channels; got {x.shape[1]}. "
                "Build the layer with more, or narrow the features with gn.nn.Linear first."
            )
        weight = checked_weight(edge_weight, self.spec.neighborhood.edges(structure))
        spec = self.spec if weight is None else self.weighted
        rows = functional.pad(x, (0, self.out_channels - x.shape[1]))
        for matrix in self.weight:
            rows = self.rnn(run(spec, AggregateOperands(rows @ matrix, edges=weight), structure), rows)
        return structure.replace(x=rows)

    def extra_repr(self) -> str:
        return f"{self.out_channels}, num_layers={self.num_layers}"
