"""`TransformerConv`: dot-product attention over neighbours, whose edges speak too."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AttendOperands, AttendSpec
from geonets.nn.layer import Layer, channels_of, heard_and_hearing
from geonets.nn.message_passing import LINKS, edge_features


class TransformerConv(Layer):
    """`x_i' = W_1 x_i + sum_{j -> i} a_ij (W_2 x_j + W_6 e_ij)`, attention by dot products; as PyG's `TransformerConv`.

    `a_ij = softmax_j (W_3 x_i) . (W_4 x_j + W_6 e_ij) / sqrt(D)`.

    Args:
        in_channels: channels of `x`; or those of the nodes that are heard and of those that hear, where they are of two
            structures.
        out_channels: channels `D` of each head.
        heads: how many.
        concat: put the heads side by side; else their mean.
        beta: weigh a node's own row and what it heard by a learnt gate instead of adding them.
        dropout: the part of the attention weights that training leaves out.
        edge_dim: channels of `edge_attr` where it is used.
        bias: whether the projections have biases.
        root_weight: add the node's own row.
        neighborhood: who hears whom; the topology's own links unless given.

    Reference: Shi et al., "Masked label prediction", 2021, equations 3-5.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.TransformerConv(3, 8, heads=2)(gn.chain(torch.randn(2, 5, 3))).x.shape
        torch.Size([10, 16])
    """

    def __init__(
        self,
        in_channels: int | tuple[int, int],
        out_channels: int,
        heads: int = 1,
        concat: bool = True,
        beta: bool = False,
        dropout: float = 0.0,
        edge_dim: int | None = None,
        bias: bool = True,
        root_weight: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.heads, self.concat = in_channels, out_channels, heads, concat
        self.root_weight, self.neighborhood = root_weight, neighborhood
        width, total = heads * out_channels, heads * out_channels if concat else out_channels
        heard, hearing = channels_of(in_channels)
        self.lin_key = nn.Linear(heard, width, bias)
        self.lin_query = nn.Linear(hearing, width, bias)
        self.lin_value = nn.Linear(heard, width, bias)
        self.lin_edge = None if edge_dim is None else nn.Linear(edge_dim, width, bias=False)
        self.lin_skip = nn.Linear(hearing, total, bias)
        self.lin_beta = nn.Linear(3 * total, 1, bias=False) if beta and root_weight else None
        terms = () if edge_dim is None else ("keys", "values")
        self.spec = AttendSpec(neighborhood, dropout=dropout, edge_terms=terms)

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        senders, x = heard_and_hearing(structure, source, self.in_channels)
        query = self._heads(self.lin_query(x))
        key, value = (self._heads(linear(senders)) for linear in (self.lin_key, self.lin_value))
        edge_rows = None
        if self.lin_edge is not None:
            edge_rows = edge_features(structure, self.neighborhood, "TransformerConv with edge_dim", source)
            edge_rows = self._heads(self.lin_edge(edge_rows))
        operands = AttendOperands(query, key, value, edge_keys=edge_rows, edge_values=edge_rows)
        heard = run(self.spec, operands, structure, source, training=self.training)
        heard = heard.flatten(1) if self.concat else heard.mean(1)
        return structure.replace(x=self._with_own(x, heard) if self.root_weight else heard)

    def _heads(self, rows: Tensor) -> Tensor:
        return rows.unflatten(1, (self.heads, self.out_channels))

    def _with_own(self, x: Tensor, heard: Tensor) -> Tensor:
        own = self.lin_skip(x)
        if self.lin_beta is None:
            return heard + own
        return torch.lerp(heard, own, self.lin_beta(torch.cat([heard, own, heard - own], 1)).sigmoid())

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, heads={self.heads}"
