"""`GCNConv`: neighbours weighted by degrees."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import Neighborhood, WithLoops
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.graph.weights import glorot_linear
from geonets.nn.layer import Layer, features
from geonets.nn.message_passing import LINKS


class GCNConv(Layer):
    """`X' = D^-1/2 (A + I) D^-1/2 X W + b`; arguments and keys of PyG's `GCNConv`.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result.
        improved: weight 2 for the self-loops that are added to weighted graphs.
        cached: accepted for PyG's sake; degrees are remembered with the topology, so a changed graph is never mistaken.
        add_self_loops: a node hears itself; as `normalize` unless given.
        normalize: divide by the square roots of both degrees.
        bias: add one.
        neighborhood: who hears whom; the topology's own links unless given.

    Raises:
        OptionError: if self-loops are asked for without normalisation.

    Reference: Kipf & Welling, "Semi-supervised classification with graph convolutional networks", 2017, equation 2.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.GCNConv(4, 8)(gn.grid(torch.randn(1, 3, 3, 4))).x.shape
        torch.Size([9, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        improved: bool = False,
        cached: bool = False,
        add_self_loops: bool | None = None,
        normalize: bool = True,
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.improved, self.normalize = improved, normalize
        self.add_self_loops = normalize if add_self_loops is None else add_self_loops
        if self.add_self_loops and not normalize:
            raise OptionError(
                "`add_self_loops` must be False without normalize; got True. Use gn.WithLoops(...) to add loops."
            )
        self.lin = glorot_linear(in_channels, out_channels)
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.neighborhood = neighborhood
        self.spec = AggregateSpec(neighborhood, "sum", "weighted" if normalize else "sender", own=self.add_self_loops)

    def forward(self, structure: Structure, edge_weight: Tensor | None = None) -> Structure:
        """Convolve; `edge_weight` is `(E,)` in receiver order, ones unless given."""
        rows = self.lin(features(structure, self.in_channels))
        heard = (
            self._unweighted(structure, rows) if edge_weight is None else self._weighted(structure, rows, edge_weight)
        )
        return structure.replace(x=heard if self.bias is None else heard + self.bias)

    def _unweighted(self, structure: Structure, rows: Tensor) -> Tensor:
        if not self.normalize:
            return run(self.spec, AggregateOperands(rows), structure)
        edges = self.neighborhood.edges(structure)
        key = ("GCN", self.add_self_loops, rows.dtype)
        weight, own = edges.remember(key, lambda: _normalised(edges, self.add_self_loops, rows.dtype))
        return run(self.spec, AggregateOperands(rows, edges=weight, own=own), structure)

    def _weighted(self, structure: Structure, rows: Tensor, weight: Tensor) -> Tensor:
        hears = WithLoops(self.neighborhood) if self.add_self_loops else self.neighborhood
        edges = hears.edges(structure)
        if self.add_self_loops:
            given = self.neighborhood.edges(structure)
            own = weight.new_full((given.num_receivers,), 2.0 if self.improved else 1.0)
            loops = (given.senders == given.receivers).nonzero().squeeze(1)
            own = own.index_put((given.senders[loops],), weight[loops])
            assert edges.input_order is not None
            weight = torch.cat([weight, own]).index_select(0, edges.input_order)
        if self.normalize:
            degrees = weight.new_zeros(edges.num_receivers).index_add(0, edges.receivers, weight)
            scale = _inverse_root(degrees)
            weight = scale.index_select(0, edges.senders) * weight * scale.index_select(0, edges.receivers)
        return run(AggregateSpec(hears, "sum", "weighted"), AggregateOperands(rows, edges=weight), structure)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}"


def _normalised(edges: EdgeList, add_self_loops: bool, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
    """Weights `(E,)` of unweighted edges, and `(N, 1)` of a node's own row.

    With self-loops a node hears itself once, however many loops were listed: its own row makes up for the others.
    """
    if not add_self_loops:
        scale = _inverse_root(edges.degrees.to(dtype))
        return scale.index_select(0, edges.senders) * scale.index_select(0, edges.receivers), None
    loops = edges.loop_counts
    missing = 1 if loops is None else 1 - loops
    scale = (edges.degrees + missing).to(dtype).rsqrt()
    weight = scale.index_select(0, edges.senders) * scale.index_select(0, edges.receivers)
    return weight, (scale.square() * missing)[:, None]


def _inverse_root(degrees: Tensor) -> Tensor:
    """`d^-1/2`, 0 for degree 0."""
    return torch.where(degrees > 0, degrees, torch.inf).rsqrt()
