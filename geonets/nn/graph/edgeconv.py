"""`EdgeConv`, `DynamicEdgeConv`: a network on a node and its difference to each neighbour."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.neighborhoods import KNN, Neighborhood
from geonets.core.ranges import segment_mean
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.graph.arguments import LEAST_STD, Aggr, reductions
from geonets.nn.graph.linear import after_first_linear
from geonets.nn.graph.monotone import after_linear, extremes
from geonets.nn.layer import Layer, heard_and_hearing
from geonets.nn.message_passing import LINKS

READS = ("sender", "receiver")


class EdgeConv(Layer):
    """`x_i' = reduce_{j -> i} nn([x_i, x_j - x_i])`; arguments and keys of PyG's `EdgeConv`.

    A linear layer at the start of `nn` is applied to nodes, which are fewer than edges; so is what follows it, where
    that is a batch norm and functions that rise, and the reduction is `"max"` or `"min"`.

    Args:
        nn: on `(E, 2 C)` rows.
        aggr: `"max"`, `"mean"`, `"add"`, `"min"`, `"var"`, `"std"`, `"softmax"`, or several of them.
        neighborhood: who hears whom; the topology's own links unless given.

    Reference: Wang et al., "Dynamic graph CNN for learning on point clouds", 2019, equations 1 and 8.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.EdgeConv(gn.nn.MLP([6, 16]))(gn.grid(torch.randn(1, 4, 4, 3))).x.shape
        torch.Size([16, 16])
    """

    def __init__(self, nn: Callable[[Tensor], Tensor], aggr: Aggr = "max", neighborhood: Neighborhood = LINKS) -> None:
        super().__init__()
        self.nn = nn
        self.spec = AggregateSpec(neighborhood, reductions(aggr), "opaque", READS, least_std=LEAST_STD)

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        return structure.replace(x=_heard(self.spec, self.nn, structure, structure, source))

    def extra_repr(self) -> str:
        return f"aggr={self.spec.reduce!r}, neighborhood={self.spec.neighborhood}"


class DynamicEdgeConv(Layer):
    """`EdgeConv` over the `k` nodes of the item whose features are nearest, found anew at every call.

    A node counts among its own `k`. Arguments and keys of PyG's `DynamicEdgeConv`.

    Args:
        nn: on `(E, 2 C)` rows.
        k: neighbours a node; a node with fewer mates hears them all.
        aggr: `"max"`, `"mean"`, `"add"`, `"min"`, `"var"`, `"std"`, `"softmax"`, or several of them.
        num_workers: accepted for PyG's sake, and without effect.

    Reference: Wang et al., "Dynamic graph CNN for learning on point clouds", 2019, section 3.2.

    Example:
        >>> import torch, geonets as gn
        >>> clouds = gn.points(None, x=[torch.randn(9, 3), torch.randn(2, 3)])
        >>> gn.nn.DynamicEdgeConv(gn.nn.MLP([6, 16]), k=4)(clouds).x.shape
        torch.Size([11, 16])
    """

    def __init__(self, nn: Callable[[Tensor], Tensor], k: int, aggr: Aggr = "max", num_workers: int = 1) -> None:
        super().__init__()
        self.nn, self.k, self.num_workers = nn, k, num_workers
        self.spec = AggregateSpec(KNN(k, loop=True), reductions(aggr), "opaque", READS, least_std=LEAST_STD)

    def forward(self, structure: Structure) -> Structure:
        return structure.replace(x=_heard(self.spec, self.nn, structure, structure.replace(pos=structure.x)))

    def extra_repr(self) -> str:
        return f"k={self.k}, aggr={self.spec.reduce!r}"


def _heard(
    spec: AggregateSpec,
    network: Callable[[Tensor], Tensor],
    structure: Structure,
    placed: Structure,
    source: Structure | None = None,
) -> Tensor:
    """Reduced messages `network([x_i, x_j - x_i])`; with `network(z) = rest(W z + b)`, the rest of `a_i + b_j`.

    Args:
        spec: of the aggregation.
        network: on edges.
        structure: whose nodes hear.
        placed: the same with the positions by which its neighborhood looks for them.
        source: whose nodes are heard.
    """
    senders, x = heard_and_hearing(structure, source)
    split = after_first_linear(network)
    if split is None:
        operands = AggregateOperands(senders, x, message=lambda sender, receiver: network(_pairs(sender, receiver)))
        return run(spec, operands, placed, source)
    linear, rest = split
    heard_and_hearing(structure, source, linear.in_features // 2)
    whole, difference = linear.weight.chunk(2, 1)
    means = segment_mean(x.detach(), structure.topology.node_offsets, structure.topology.item_ids)
    own = functional.linear(_centred(x, structure, means), difference)
    spoken = own if source is None else functional.linear(_centred(senders, source, means), difference)
    heard = functional.linear(x, whole, linear.bias)
    after = after_linear(network) if spec.reduce in ("max", "min") else None
    if after is not None and spec.neighborhood.edges(placed, source or placed).num_edges > 1:
        return extremes(spec, after, heard, own, spoken, placed, source)
    heard = heard - own
    operands = AggregateOperands(spoken, heard, message=lambda sender, receiver: rest(sender + receiver))
    return run(spec, operands, placed, source)


def _pairs(sender: Tensor, receiver: Tensor) -> Tensor:
    return torch.cat([receiver, sender - receiver], 1)


def _centred(x: Tensor, structure: Structure, means: Tensor) -> Tensor:
    """Rows less a mean of their item, which no difference of two nodes sees, but rounding does where it is large."""
    return x - means.index_select(0, structure.topology.item_ids)
