"""`ChebConv`: a polynomial of the graph's Laplacian."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geonets.core.neighborhoods import Neighborhood
from geonets.core.options import one_of
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList
from geonets.nn.graph.normalised import Propagation, checked_weight, inverse_root
from geonets.nn.graph.weights import glorot_linear
from geonets.nn.layer import Layer, features
from geonets.nn.message_passing import LINKS


class ChebConv(Layer):
    """`X' = sum_{k < K} T_k(2 L / lambda_max - I) X W_k + b`, `T_k` Chebyshev's polynomials.

    `L` is `I - D^-1/2 A D^-1/2` (`"sym"`), `I - D^-1 A` (`"rw"`) or `D - A` (None), without self-loops. Arguments and
    keys of PyG's `ChebConv`.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result.
        K: how many polynomials.
        normalization: of the Laplacian: `"sym"`, `"rw"` or None.
        bias: add `b`.
        neighborhood: who hears whom; the topology's own links unless given.

    Reference: Defferrard, Bresson & Vandergheynst, "Convolutional neural networks on graphs with fast localized
        spectral filtering", 2016, equations 4-5.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.ChebConv(3, 8, K=3)(gn.grid(torch.randn(1, 4, 4, 3))).x.shape
        torch.Size([16, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        K: int,
        normalization: str | None = "sym",
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        one_of("normalization", normalization, (None, "sym", "rw"))
        self.in_channels, self.out_channels = in_channels, out_channels
        self.normalization, self.neighborhood = normalization, neighborhood
        self.lins = nn.ModuleList(glorot_linear(in_channels, out_channels) for _ in range(K))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def forward(
        self, structure: Structure, edge_weight: Tensor | None = None, lambda_max: Tensor | float | None = None
    ) -> Structure:
        """Convolve.

        Args:
            structure: whose nodes speak and hear.
            edge_weight: `(E,)` in receiver order, ones unless given.
            lambda_max: the largest eigenvalue, a number or `(B,)`, one an item; twice the largest entry of the item's
                Laplacian unless given.
        """
        x = features(structure, self.in_channels)
        laplacian = self._scaled_laplacian(structure, edge_weight, lambda_max, x.dtype)
        rows = self.lins[0](x)
        before, term = x, x
        for order, lin in enumerate(self.lins):
            if order == 1:
                term = laplacian(x)
            elif order > 1:
                before, term = term, 2 * laplacian(term) - before
            rows = rows + lin(term) if order else rows
        return structure.replace(x=rows if self.bias is None else rows + self.bias)

    def _scaled_laplacian(
        self, structure: Structure, edge_weight: Tensor | None, lambda_max: Tensor | float | None, dtype: torch.dtype
    ) -> Propagation:
        """`2 L / lambda_max - I`: its diagonal is a node's own row, its other entries are weights of edges."""
        edges, topology = self.neighborhood.edges(structure), structure.topology
        weight, diagonal = self._laplacian(edges, checked_weight(edge_weight, edges), dtype)
        if lambda_max is None:
            of_edges = topology.item_ids.index_select(0, edges.receivers)
            entries, items = torch.cat([diagonal, weight]), torch.cat([topology.item_ids, of_edges])
            largest = 2 * entries.new_zeros(topology.num_items).scatter_reduce(0, items, entries, "amax")
        else:
            largest = torch.as_tensor(lambda_max, dtype=weight.dtype, device=weight.device)
            largest = largest.reshape(-1).expand(topology.num_items)
        factor = (2 / torch.where(largest != 0, largest, torch.inf)).index_select(0, topology.item_ids)
        own = (factor * diagonal - 1)[:, None]
        return Propagation(structure, self.neighborhood, factor.index_select(0, edges.receivers) * weight, own)

    def _laplacian(self, edges: EdgeList, given: Tensor | None, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """The entries of `L` at the edges `(E,)`, 0 at self-loops, and on the diagonal `(N,)`."""
        proper = edges.senders != edges.receivers
        weight = proper.to(dtype) if given is None else torch.where(proper, given, 0)
        degrees = weight.new_zeros(edges.num_senders).index_add(0, edges.senders, weight)
        if self.normalization is None:
            return -weight, degrees
        if self.normalization == "sym":
            scale = inverse_root(degrees)
            weight = scale.index_select(0, edges.senders) * weight * scale.index_select(0, edges.receivers)
        else:
            weight = weight / torch.where(degrees != 0, degrees, torch.inf).index_select(0, edges.senders)
        return -weight, torch.ones_like(degrees)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, K={len(self.lins)}, normalization={self.normalization!r}"
