"""The field's graph convolutions, with PyG's arguments and keys; they run on any structure that has edges."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from geonets.core.errors import OptionError, StructureError
from geonets.core.neighborhoods import Neighborhood, WithLoops
from geonets.core.ranges import segment_mean
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec, AttendOperands, AttendSpec
from geonets.nn.layer import Layer, features
from geonets.nn.message_passing import LINKS, edge_features


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
        self.lin = _glorot_linear(in_channels, out_channels)
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


class GINConv(Layer):
    """`x_i' = nn((1 + eps) x_i + sum_{j -> i} x_j)`; arguments and keys of PyG's `GINConv`.

    Args:
        nn: on rows: a `gn.nn.MLP`, or any torch module that acts on each row.
        eps: how much more a node hears itself.
        train_eps: learn it.
        neighborhood: who hears whom; the topology's own links unless given.

    Reference: Xu et al., "How powerful are graph neural networks?", 2019, equation 4.1.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.GINConv(gn.nn.MLP([3, 16, 8]))(gn.chain(torch.randn(2, 5, 3))).x.shape
        torch.Size([10, 8])
    """

    eps: Tensor

    def __init__(
        self,
        nn: Callable[[Tensor], Tensor],
        eps: float = 0.0,
        train_eps: bool = False,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.nn = nn
        _add_eps(self, eps, train_eps)
        self.spec = AggregateSpec(neighborhood, "sum", own=True)

    def forward(self, structure: Structure) -> Structure:
        x = features(structure)
        return structure.replace(x=self.nn(run(self.spec, AggregateOperands(x, own=1 + self.eps), structure)))


class GINEConv(Layer):
    """`x_i' = nn((1 + eps) x_i + sum_{j -> i} relu(x_j + W e_ij))`; arguments and keys of PyG's `GINEConv`.

    Args:
        nn: on rows.
        eps: how much more a node hears itself.
        train_eps: learn it.
        edge_dim: channels of `edge_attr` when they differ from those of `x`; they are then brought to `nn`'s width.
        neighborhood: must be the topology's own links, which carry `edge_attr`.

    Raises:
        StructureError: if there is no `edge_attr`.

    Reference: Hu et al., "Strategies for pre-training graph neural networks", 2020, appendix A.

    Example:
        >>> import torch, geonets as gn
        >>> mol = gn.molecule("CCO")
        >>> gn.nn.GINEConv(gn.nn.MLP([9, 16]), edge_dim=3)(mol).x.shape
        torch.Size([3, 16])
    """

    eps: Tensor

    def __init__(
        self,
        nn: Any,
        eps: float = 0.0,
        train_eps: bool = False,
        edge_dim: int | None = None,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.nn = nn
        _add_eps(self, eps, train_eps)
        self.lin = None if edge_dim is None else torch.nn.Linear(edge_dim, _width_of(nn))
        self.spec = AggregateSpec(neighborhood, "sum", "opaque", ("sender", "edge"), own=True)

    def forward(self, structure: Structure) -> Structure:
        x = features(structure)
        edge_rows = edge_features(structure, self.spec.neighborhood, "GINEConv")
        edge_rows = edge_rows if self.lin is None else self.lin(edge_rows)
        operands = AggregateOperands(x, edges=edge_rows, message=_relu_sum, own=1 + self.eps)
        return structure.replace(x=self.nn(run(self.spec, operands, structure)))


class GATConv(Layer):
    """`x_i' = sum_{j -> i} a_ij W x_j` with `a_ij = softmax_j leaky_relu(a_s . W x_j + a_r . W x_i + a_e . W_e e_ij)`.

    Arguments and keys of PyG's `GATConv`.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of each head.
        heads: how many.
        concat: put the heads side by side; else their mean.
        negative_slope: of the leaky ReLU.
        dropout: the part of the attention weights that training leaves out.
        add_self_loops: a node hears itself exactly once.
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
        in_channels: int,
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
        self.lin = _glorot_linear(in_channels, width)
        self.att_src = nn.Parameter(_glorot(torch.empty(1, heads, out_channels)))
        self.att_dst = nn.Parameter(_glorot(torch.empty(1, heads, out_channels)))
        self.lin_edge = None if edge_dim is None else _glorot_linear(edge_dim, width)
        self.att_edge = None if edge_dim is None else nn.Parameter(_glorot(torch.empty(1, heads, out_channels)))
        total = width if concat else out_channels
        self.res = _glorot_linear(in_channels, total) if residual else None
        self.bias = nn.Parameter(torch.zeros(total)) if bias else None
        self.neighborhood = neighborhood
        hears = WithLoops(neighborhood) if add_self_loops else neighborhood
        self.spec = AttendSpec(hears, "additive", negative_slope, dropout)

    def forward(self, structure: Structure) -> Structure:
        x = features(structure, self.in_channels)
        value = self.lin(x).unflatten(1, (self.heads, self.out_channels))
        query = (value * self.att_dst).sum(-1, keepdim=True)
        key = (value * self.att_src).sum(-1, keepdim=True)
        operands = AttendOperands(query, key, value, self._edge_scores(structure))
        rows = run(self.spec, operands, structure, training=self.training)
        rows = rows.flatten(1) if self.concat else rows.mean(1)
        rows = rows if self.res is None else rows + self.res(x)
        return structure.replace(x=rows if self.bias is None else rows + self.bias)

    def _edge_scores(self, structure: Structure) -> Tensor | None:
        if self.lin_edge is None or self.att_edge is None:
            return None
        edge_rows = edge_features(structure, self.neighborhood, "GATConv with edge_dim")
        if self.add_self_loops:
            links, looped = structure.topology.links, self.spec.neighborhood.edges(structure)
            loop_rows = self._loop_features(links, edge_rows)
            assert looped.input_order is not None
            edge_rows = torch.cat([edge_rows, loop_rows]).index_select(0, looped.input_order)
        rows = self.lin_edge(edge_rows).unflatten(1, (self.heads, self.out_channels))
        return (rows * self.att_edge).sum(-1)

    def _loop_features(self, links: EdgeList, edge_rows: Tensor) -> Tensor:
        if isinstance(self.fill_value, int | float):
            return edge_rows.new_full((links.num_receivers, edge_rows.shape[1]), float(self.fill_value))
        if self.fill_value != "mean":
            raise OptionError(f"`fill_value` must be a number or 'mean'; got {self.fill_value!r}. Choose one of them.")
        proper = (links.senders != links.receivers).to(edge_rows.dtype)[:, None]
        sums = segment_mean(torch.cat([edge_rows * proper, proper], 1), links.pointers, links.receivers)
        return sums[:, :-1] / torch.where(sums[:, -1:] > 0, sums[:, -1:], 1)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, heads={self.heads}"


def _relu_sum(sender: Tensor, edge: Tensor) -> Tensor:
    return (sender + edge).relu()


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


def _add_eps(layer: nn.Module, eps: float, train: bool) -> None:
    value = torch.full((1,), float(eps))
    if train:
        layer.register_parameter("eps", nn.Parameter(value))
    else:
        layer.register_buffer("eps", value)


def _width_of(module: Any) -> int:
    first = module[0] if isinstance(module, nn.Sequential) else module
    width = getattr(first, "in_features", getattr(first, "in_channels", None))
    if width is None:
        raise StructureError(
            f"`nn` must start with a linear layer when edge_dim is given; got {type(first).__name__}. "
            "Pass an MLP, or bring edge_attr to the width of x yourself."
        )
    return width


def _glorot_linear(in_channels: int, out_channels: int) -> nn.Linear:
    linear = nn.Linear(in_channels, out_channels, bias=False)
    _glorot(linear.weight)
    return linear


def _glorot(weight: Tensor) -> Tensor:
    """Uniform initialisation of Glorot & Bengio 2010, over the last two axes."""
    bound = math.sqrt(6 / (weight.shape[-2] + weight.shape[-1]))
    return nn.init.uniform_(weight, -bound, bound)
