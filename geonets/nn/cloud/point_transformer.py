"""`PointTransformerConv`: attention in which every channel weighs the neighbours for itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from torch import Tensor, nn

from geonets.core.neighborhoods import Neighborhood, WithLoops
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AttendOperands, AttendSpec
from geonets.nn.layer import Layer, channels_of, heard_and_hearing, positions
from geonets.nn.message_passing import LINKS


class PointTransformerConv(Layer):
    """`x_i' = sum_{j -> i} softmax_j(attn_nn(W_d x_i - W_s x_j + d_ij)) * (W x_j + d_ij)`, channel by channel.

    `d_ij = pos_nn(pos_i - pos_j)`. Arguments, keys and results of PyG's `PointTransformerConv`. Each channel is a head
    of an attention.

    Args:
        in_channels: channels of `x`; or those of the nodes that are heard and of those that hear, where they are of two
            structures.
        out_channels: channels of the result.
        pos_nn: from `(E, D)` differences of positions to `(E, out_channels)`; linear on three coordinates unless given.
        attn_nn: on the `(E, out_channels)` rows before the softmax, or None.
        add_self_loops: a node hears itself exactly once, where it hears nodes of its own structure.
        neighborhood: who hears whom, often `gn.KNN(16)`; the topology's own links unless given.

    Raises:
        StructureError: if the structure has no positions.

    Reference: Zhao et al., "Point transformer", 2021, equation 3.

    Example:
        >>> import torch, geonets as gn
        >>> cloud = gn.points([torch.randn(10, 3)], x=[torch.randn(10, 4)])
        >>> gn.nn.PointTransformerConv(4, 8, neighborhood=gn.KNN(5))(cloud).x.shape
        torch.Size([10, 8])
    """

    def __init__(
        self,
        in_channels: int | tuple[int, int],
        out_channels: int,
        pos_nn: Callable[[Tensor], Tensor] | None = None,
        attn_nn: Callable[[Tensor], Tensor] | None = None,
        add_self_loops: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.pos_nn = nn.Linear(3, out_channels) if pos_nn is None else pos_nn
        self.attn_nn = attn_nn
        heard, hearing = channels_of(in_channels)
        self.lin = nn.Linear(heard, out_channels, bias=False)
        self.lin_src = nn.Linear(heard, out_channels, bias=False)
        self.lin_dst = nn.Linear(hearing, out_channels, bias=False)
        hears = WithLoops(neighborhood) if add_self_loops else neighborhood
        self.spec = AttendSpec(hears, "opaque", edge_terms=("values",))
        self.across = dataclasses.replace(self.spec, neighborhood=neighborhood)

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        senders, x = heard_and_hearing(structure, source, self.in_channels)
        spec = self.spec if source is None else self.across
        pos = positions(structure, "PointTransformerConv")
        heard = pos if source is None else positions(source, "PointTransformerConv")
        edges = spec.neighborhood.edges(structure, source)
        delta = self.pos_nn(pos.index_select(0, edges.receivers) - heard.index_select(0, edges.senders))
        operands = AttendOperands(
            self.lin_dst(x),
            self.lin_src(senders),
            self.lin(senders)[..., None],
            edges=delta,
            edge_values=delta[..., None],
            score=self._score,
        )
        return structure.replace(x=run(spec, operands, structure, source).squeeze(-1))

    def _score(self, query: Tensor, key: Tensor, edge: Tensor) -> Tensor:
        rows = query - key + edge
        return rows if self.attn_nn is None else self.attn_nn(rows)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, neighborhood={self.spec.neighborhood}"
