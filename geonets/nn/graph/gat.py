"""`GATConv`: attention over neighbours."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from geonets.core.neighborhoods import Neighborhood, WithLoops
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AttendOperands, AttendSpec
from geonets.nn.graph.loops import with_loop_features
from geonets.nn.graph.weights import glorot, glorot_linear
from geonets.nn.layer import Layer, channels_of, heard_and_hearing
from geonets.nn.message_passing import LINKS, edge_features


class GATConv(Layer):
    """`x_i' = sum_{j -> i} a_ij W x_j` with `a_ij = softmax_j leaky_relu(a_s . W x_j + a_r . W x_i + a_e . W_e e_ij)`.

    Arguments and keys of PyG's `GATConv`.

    Args:
        in_channels: channels of `x`; or those of the nodes that are heard and of those that hear, where they are of two
            structures.
        out_channels: channels of each head.
        heads: how many.
        concat: put the heads side by side; else their mean.
        negative_slope: of the leaky ReLU.
        dropout: the part of the attention weights that training leaves out.
        add_self_loops: a node hears itself exactly once, where it hears nodes of its own structure.
        edge_dim: channels of `edge_attr` where it is used.
        fill_value: `edge_attr` of the added self-loops: a number, or `"mean"` of the edges that the node receives.
        bias: add one.
        residual: add `W x_i`.
        neighborhood: who hears whom; the topology's own links unless given.

    Reference: Velickovic et al., "Graph attention networks", 2018, equations 1-6.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.GATConv(3, 8, heads=2)(gn.chain(torch.randn(2, 5, 3))).x.shape
        torch.Size([10, 16])
    """

    def __init__(
        self,
        in_channels: int | tuple[int, int],
        out_channels: int,
        heads: int = 1,
        concat: bool = True,
        negative_slope: float = 0.2,
        dropout: float = 0.0,
        add_self_loops: bool = True,
        edge_dim: int | None = None,
        fill_value: float | str = "mean",
        bias: bool = True,
        residual: bool = False,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.heads, self.concat = in_channels, out_channels, heads, concat
        self.add_self_loops, self.fill_value = add_self_loops, fill_value
        width = heads * out_channels
        heard, hearing = channels_of(in_channels)
        both = isinstance(in_channels, int)
        self.lin = glorot_linear(heard, width) if both else None
        self.lin_src = None if both else glorot_linear(heard, width)
        self.lin_dst = None if both else glorot_linear(hearing, width)
        self.att_src = nn.Parameter(glorot(torch.empty(1, heads, out_channels)))
        self.att_dst = nn.Parameter(glorot(torch.empty(1, heads, out_channels)))
        self.lin_edge = None if edge_dim is None else glorot_linear(edge_dim, width)
        self.att_edge = None if edge_dim is None else nn.Parameter(glorot(torch.empty(1, heads, out_channels)))
        total = width if concat else out_channels
        self.res = glorot_linear(hearing, total) if residual else None
        self.bias = nn.Parameter(torch.zeros(total)) if bias else None
        self.neighborhood = neighborhood
        hears = WithLoops(neighborhood) if add_self_loops else neighborhood
        self.spec = AttendSpec(hears, "additive", negative_slope, dropout)
        self.across = dataclasses.replace(self.spec, neighborhood=neighborhood)

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        senders, x = heard_and_hearing(structure, source, self.in_channels)
        value = self._heads(self.lin_src or self.lin, senders)
        rows = value if source is None and self.lin is not None else self._heads(self.lin_dst or self.lin, x)
        vectors = torch.cat([self.att_dst, self.att_src])
        operands = AttendOperands(rows, value, value, self._edge_scores(structure, source), attention=vectors)
        spec = self.spec if source is None else self.across
        rows = run(spec, operands, structure, source, training=self.training)
        rows = rows.flatten(1) if self.concat else rows.mean(1)
        rows = rows if self.res is None else rows + self.res(x)
        return structure.replace(x=rows if self.bias is None else rows + self.bias)

    def _heads(self, linear: nn.Linear | None, rows: Tensor) -> Tensor:
        assert linear is not None
        return linear(rows).unflatten(1, (self.heads, self.out_channels))

    def _edge_scores(self, structure: Structure, source: Structure | None) -> Tensor | None:
        if self.lin_edge is None or self.att_edge is None:
            return None
        edge_rows = edge_features(structure, self.neighborhood, "GATConv with edge_dim", source)
        if self.add_self_loops and source is None:
            edge_rows = with_loop_features(edge_rows, structure, self.spec.neighborhood, self.fill_value)
        rows = self.lin_edge(edge_rows).unflatten(1, (self.heads, self.out_channels))
        return (rows * self.att_edge).sum(-1)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, heads={self.heads}"
