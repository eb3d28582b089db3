"""`SAGEConv`: a node and the mean, maximum or sum of its neighbours."""

from __future__ import annotations

from torch import nn
from torch.nn import functional

from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.layer import Layer, features
from geonets.nn.message_passing import LINKS


class SAGEConv(Layer):
    """`x_i' = W_l reduce_{j -> i} x_j + W_r x_i`; arguments and keys of PyG's `SAGEConv`.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result.
        aggr: `"mean"`, `"max"`, `"sum"` or `"min"`.
        normalize: scale each row of the result to length 1.
        root_weight: add `W_r x_i`.
        project: hear `relu(W x_j + b)` instead of `x_j`.
        bias: in `W_l`.
        neighborhood: who hears whom; the topology's own links unless given.

    Reference: Hamilton, Ying & Leskovec, "Inductive representation learning on large graphs", 2017, algorithm 1.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.SAGEConv(3, 8, aggr="max")(gn.molecule("CCO").replace(x=torch.randn(3, 3))).x.shape
        torch.Size([3, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        aggr: str = "mean",
        normalize: bool = False,
        root_weight: bool = True,
        project: bool = False,
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.normalize = in_channels, out_channels, normalize
        self.lin = nn.Linear(in_channels, in_channels) if project else None
        self.lin_l = nn.Linear(in_channels, out_channels, bias=bias)
        self.lin_r = nn.Linear(in_channels, out_channels, bias=False) if root_weight else None
        self.spec = AggregateSpec(neighborhood, "sum" if aggr == "add" else aggr)

    def forward(self, structure: Structure) -> Structure:
        x = features(structure, self.in_channels)
        senders = x if self.lin is None else self.lin(x).relu()
        rows = self.lin_l(run(self.spec, AggregateOperands(senders), structure))
        rows = rows if self.lin_r is None else rows + self.lin_r(x)
        return structure.replace(x=functional.normalize(rows, dim=-1) if self.normalize else rows)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, aggr={self.spec.reduce!r}"
