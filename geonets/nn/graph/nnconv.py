"""`NNConv`: a matrix for every edge, made from the edge's features."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.engine.kinds import few_kinds
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec, ConvolveOperands, ConvolveSpec
from geonets.nn.graph.arguments import LEAST_STD, reductions
from geonets.nn.graph.linear import before_last_linear, is_function_of_rows
from geonets.nn.layer import Layer, channels_of, heard_and_hearing
from geonets.nn.message_passing import LINKS, edge_features

MOST_KINDS = 16


class NNConv(Layer):
    """`x_i' = W x_i + reduce_{j -> i} x_j nn(e_ij) + b`, a matrix `nn(e_ij)` an edge; arguments and keys of PyG's.

    Sums and means need no matrix an edge where `nn` ends in a linear layer, `nn(e) = sum_k h_k(e) W_k`:
    `sum_j x_j nn(e_ij) = sum_k (sum_j h_k(e_ij) x_j) W_k`. Where there are few kinds of edges, such as bond types,
    each kind has one matrix.

    Args:
        in_channels: channels of `x`; or those of the nodes that are heard and of those that hear, where they are of two
            structures.
        out_channels: channels of the result.
        nn: from `(E, C_e)` edge features to `(E, in_channels * out_channels)`, in_channels of the nodes that are heard.
        aggr: `"add"`, `"mean"`, `"max"`, `"min"`, `"var"`, `"std"` or `"softmax"`.
        root_weight: add `W x_i`.
        bias: add `b`.
        neighborhood: the topology's own links or a `gn.Between`, which carry `edge_attr`.

    Raises:
        StructureError: if there is no `edge_attr`.

    Reference: Gilmer et al., "Neural message passing for quantum chemistry", 2017, section 5; Simonovsky & Komodakis,
        "Dynamic edge-conditioned filters in convolutional neural networks on graphs", 2017, equation 1.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.NNConv(9, 8, gn.nn.MLP([3, 16, 9 * 8]), aggr="mean")(gn.molecule("CCO")).x.shape
        torch.Size([3, 8])
    """

    def __init__(
        self,
        in_channels: int | tuple[int, int],
        out_channels: int,
        nn: Callable[[Tensor], Tensor],
        aggr: str = "add",
        root_weight: bool = True,
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.nn = in_channels, out_channels, nn
        self.lin = torch.nn.Linear(channels_of(in_channels)[1], out_channels, bias=False) if root_weight else None
        self.bias = torch.nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.spec = AggregateSpec(neighborhood, reductions(aggr), "opaque", ("sender", "edge"), least_std=LEAST_STD)
        self.of_factors, self.of_kinds = (ConvolveSpec(neighborhood, influence=word) for word in ("soft", "chosen"))

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        senders, x = heard_and_hearing(structure, source, self.in_channels)
        edge_rows = edge_features(structure, self.spec.neighborhood, "NNConv", source)
        heard = self._heard(structure, source, senders, edge_rows)
        rows = heard if self.lin is None else heard + self.lin(x)
        return structure.replace(x=rows if self.bias is None else rows + self.bias)

    def _heard(self, structure: Structure, source: Structure | None, x: Tensor, edge_rows: Tensor) -> Tensor:
        found = self._weights(edge_rows) if self.spec.reduce in ("sum", "mean") else None
        if found is None:
            operands = AggregateOperands(x, edges=self.nn(edge_rows), message=self._transformed)
            return run(self.spec, operands, structure, source)
        spec, matrices, influence = found
        weight = matrices.unflatten(0, (x.shape[1], self.out_channels)).transpose(0, 1)  # (out, in, K)
        heard = run(spec, ConvolveOperands(x, weight, None, influence), structure, source)
        if self.spec.reduce == "sum":
            return heard
        counts = spec.neighborhood.edges(structure, source).degrees.clamp(min=1)
        return heard / counts.to(heard.dtype)[:, None]

    def _weights(self, edge_rows: Tensor) -> tuple[ConvolveSpec, Tensor, Tensor] | None:
        """`(in_channels * out_channels, K)` matrices of which those of the edges are made, and how."""
        kinds = few_kinds(edge_rows, MOST_KINDS) if is_function_of_rows(self.nn) else None
        if kinds is not None:
            first, chosen = kinds
            return self.of_kinds, self.nn(edge_rows.index_select(0, first)).T, chosen
        split = before_last_linear(self.nn)
        if split is None:
            return None
        hidden, last = split
        factors, matrices = hidden(edge_rows), last.weight  # (E, K), (in * out, K)
        if last.bias is not None:
            factors = torch.cat([factors, factors.new_ones(len(factors), 1)], 1)
            matrices = torch.cat([matrices, last.bias[:, None]], 1)
        return self.of_factors, matrices, factors

    def _transformed(self, sender: Tensor, matrices: Tensor) -> Tensor:
        return (sender[:, None] @ matrices.unflatten(1, (sender.shape[1], self.out_channels))).squeeze(1)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, aggr={self.spec.reduce!r}"
