"""`SAGEConv`, `GraphConv`: a node and what its neighbours are reduced to, each with a weight of its own."""

from __future__ import annotations

import dataclasses

from torch import Tensor, nn
from torch.nn import functional

from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.graph.arguments import LEAST_STD, Aggr, reductions
from geonets.nn.graph.linear import update_of
from geonets.nn.graph.normalised import checked_weight
from geonets.nn.layer import Layer, channels_of, heard_and_hearing
from geonets.nn.message_passing import LINKS


class SAGEConv(Layer):
    """`x_i' = W_l reduce_{j -> i} x_j + W_r x_i`; arguments and keys of PyG's `SAGEConv`.

    Args:
        in_channels: channels of `x`; or those of the nodes that are heard and of those that hear, where they are of two
            structures.
        out_channels: channels of the result.
        aggr: `"mean"`, `"max"`, `"sum"`, `"min"`, `"var"`, `"std"`, `"softmax"`, or several of them.
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
        in_channels: int | tuple[int, int],
        out_channels: int,
        aggr: Aggr = "mean",
        normalize: bool = False,
        root_weight: bool = True,
        project: bool = False,
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.normalize = in_channels, out_channels, normalize
        heard, hearing = channels_of(in_channels)
        self.lin = nn.Linear(heard, heard) if project else None
        self.spec = AggregateSpec(neighborhood, reductions(aggr), least_std=LEAST_STD)
        self.lin_l = nn.Linear(len(self.spec.reductions) * heard, out_channels, bias=bias)
        self.lin_r = nn.Linear(hearing, out_channels, bias=False) if root_weight else None

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        senders, x = heard_and_hearing(structure, source, self.in_channels)
        senders = senders if self.lin is None else self.lin(senders).relu()
        rows = _updated(self.spec, senders, x, self.lin_l, self.lin_r, structure, source)
        return structure.replace(x=functional.normalize(rows, dim=-1) if self.normalize else rows)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, aggr={self.spec.reduce!r}"


class GraphConv(Layer):
    """`x_i' = W_1 x_i + W_2 reduce_{j -> i} w_ij x_j`; arguments and keys of PyG's `GraphConv`.

    Args:
        in_channels: channels of `x`; or those of the nodes that are heard and of those that hear, where they are of two
            structures.
        out_channels: channels of the result.
        aggr: `"add"`, `"mean"`, `"max"`, `"min"`, `"var"`, `"std"`, `"softmax"`, or several of them.
        bias: in `W_2`.
        neighborhood: who hears whom; the topology's own links unless given.

    Reference: Morris et al., "Weisfeiler and Leman go neural: higher-order graph neural networks", 2019, equation 5.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.GraphConv(3, 8)(gn.chain(torch.randn(2, 5, 3))).x.shape
        torch.Size([10, 8])
    """

    def __init__(
        self,
        in_channels: int | tuple[int, int],
        out_channels: int,
        aggr: Aggr = "add",
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.spec = AggregateSpec(neighborhood, reductions(aggr), least_std=LEAST_STD)
        self.weighted = dataclasses.replace(self.spec, message="weighted")
        heard, hearing = channels_of(in_channels)
        self.lin_rel = nn.Linear(len(self.spec.reductions) * heard, out_channels, bias=bias)
        self.lin_root = nn.Linear(hearing, out_channels, bias=False)

    def forward(
        self, structure: Structure, edge_weight: Tensor | None = None, source: Structure | None = None
    ) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            edge_weight: `(E,)` in receiver order, ones unless given.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        senders, x = heard_and_hearing(structure, source, self.in_channels)
        if edge_weight is None:
            rows = _updated(self.spec, senders, x, self.lin_rel, self.lin_root, structure, source)
            return structure.replace(x=rows)
        weight = checked_weight(edge_weight, self.spec.neighborhood.edges(structure, source))
        heard = run(self.weighted, AggregateOperands(senders, edges=weight), structure, source)
        return structure.replace(x=self.lin_rel(heard) + self.lin_root(x))

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, aggr={self.spec.reduce!r}"


def _updated(
    spec: AggregateSpec,
    senders: Tensor,
    x: Tensor,
    of_heard: nn.Linear,
    of_own: nn.Linear | None,
    structure: Structure,
    source: Structure | None,
) -> Tensor:
    """`W reduce_j x_j + b + V x_i`; sums and means take the weights along."""
    update = update_of(of_heard, of_own, x)
    if update is not None and spec.reduce in ("sum", "mean"):
        spec = dataclasses.replace(spec, update=True)
        return run(spec, AggregateOperands(senders, update=update), structure, source)
    heard: Tensor = run(spec, AggregateOperands(senders), structure, source)
    if update is not None:
        return update(heard)
    return of_heard(heard) if of_own is None else of_heard(heard) + of_own(x)
