"""`GINConv` and `GINEConv`: sums that tell multisets apart, without and with edge features."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from geonets.core.errors import ShapeError, StructureError
from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.layer import Layer, heard_and_hearing
from geonets.nn.message_passing import LINKS, edge_features


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
        self.across = AggregateSpec(neighborhood, "sum")
        self.spec = dataclasses.replace(self.across, own=True)

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        return structure.replace(x=self.nn(_heard(self, structure, source)))


class GINEConv(Layer):
    """`x_i' = nn((1 + eps) x_i + sum_{j -> i} relu(x_j + W e_ij))`; arguments and keys of PyG's `GINEConv`.

    Args:
        nn: on rows.
        eps: how much more a node hears itself.
        train_eps: learn it.
        edge_dim: channels of `edge_attr` when they differ from those of `x`; they are then brought to `nn`'s width.
        neighborhood: the topology's own links or a `gn.Between`, which carry `edge_attr`.

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
        self.across = AggregateSpec(neighborhood, "sum", "opaque", ("sender", "edge"))
        self.spec = dataclasses.replace(self.across, own=True)

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        edge_rows = edge_features(structure, self.spec.neighborhood, "GINEConv", source)
        edge_rows = edge_rows if self.lin is None else self.lin(edge_rows)
        return structure.replace(x=self.nn(_heard(self, structure, source, edges=edge_rows, message=_relu_sum)))


def _heard(layer: GINConv | GINEConv, structure: Structure, source: Structure | None, **read: Any) -> Tensor:
    """What each node hears, and `1 + eps` times its own row, which is among those heard where there is no source."""
    senders, x = heard_and_hearing(structure, source)
    if source is None:
        return run(layer.spec, AggregateOperands(senders, own=1 + layer.eps, **read), structure)
    if x.shape[1] != senders.shape[1]:
        raise ShapeError(
            f"`source.x` must have the {x.shape[1]} channels of `structure.x`, to which it is added; got "
            f"{senders.shape[1]}. Bring them to one width with gn.nn.Linear first."
        )
    return run(layer.across, AggregateOperands(senders, **read), structure, source) + (1 + layer.eps) * x


def _relu_sum(sender: Tensor, edge: Tensor) -> Tensor:
    return (sender + edge).relu()


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
