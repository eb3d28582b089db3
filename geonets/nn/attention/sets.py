"""The set transformer's blocks: attention within a set, by way of learnt points, and to learnt seeds."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geonets.core.ranges import Sizes
from geonets.core.structure import Structure
from geonets.core.topology import Set
from geonets.nn.attention.multihead import MultiheadAttention
from geonets.nn.layer import Layer, features


class _AttentionBlock(nn.Module):
    """`MAB(x, y) = norm2(h + relu(W h))` with `h = norm1(x + attention(x, y, y))`; Lee et al. 2019, equations 6-7."""

    def __init__(self, channels: int, heads: int, layer_norm: bool, dropout: float) -> None:
        super().__init__()
        self.attn = MultiheadAttention(channels, heads, dropout)
        self.lin = nn.Linear(channels, channels)
        self.layer_norm1 = nn.LayerNorm(channels) if layer_norm else None
        self.layer_norm2 = nn.LayerNorm(channels) if layer_norm else None

    def forward(self, x: Structure, y: Structure | None) -> Structure:
        """What the nodes of `x` hear from those of `y`, or from each other."""
        rows = features(x) + self.attn(x, y).x
        rows = rows if self.layer_norm1 is None else self.layer_norm1(rows)
        rows = rows + self.lin(rows).relu()
        return x.replace(x=rows if self.layer_norm2 is None else self.layer_norm2(rows))


class SetAttentionBlock(Layer):
    """Every node hears all nodes of its item: `SAB(x) = MAB(x, x)`; arguments and keys of PyG's block.

    `MAB(x, y) = norm(h + relu(W h))` with `h = norm(x + attention(x, y, y))`.

    Args:
        channels: of `x`.
        heads: of the attention.
        layer_norm: normalise.
        dropout: the part of the attention weights that training leaves out.

    Reference: Lee et al., "Set transformer", 2019, equation 8.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.SetAttentionBlock(8, heads=2)(gn.points(None, x=[torch.randn(5, 8), torch.randn(2, 8)])).x.shape
        torch.Size([7, 8])
    """

    def __init__(self, channels: int, heads: int = 1, layer_norm: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.mab = _AttentionBlock(channels, heads, layer_norm, dropout)

    def forward(self, structure: Structure) -> Structure:
        return self.mab(structure, None)


class InducedSetAttentionBlock(Layer):
    """Learnt points hear all nodes, and the nodes hear the points: `MAB(x, MAB(I, x))`, linear in the number of nodes.

    Arguments and keys of PyG's block; `MAB` as in `SetAttentionBlock`.

    Args:
        channels: of `x`.
        num_induced_points: how many learnt points.
        heads: of the attention.
        layer_norm: normalise.
        dropout: the part of the attention weights that training leaves out.

    Reference: Lee et al., "Set transformer", 2019, equations 9-10.

    Example:
        >>> import torch, geonets as gn
        >>> block = gn.nn.InducedSetAttentionBlock(8, num_induced_points=3)
        >>> block(gn.points(None, x=[torch.randn(5, 8), torch.randn(2, 8)])).x.shape
        torch.Size([7, 8])
    """

    def __init__(
        self, channels: int, num_induced_points: int, heads: int = 1, layer_norm: bool = True, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.ind = nn.Parameter(nn.init.xavier_uniform_(torch.empty(1, num_induced_points, channels)))
        self.mab1 = _AttentionBlock(channels, heads, layer_norm, dropout)
        self.mab2 = _AttentionBlock(channels, heads, layer_norm, dropout)

    def forward(self, structure: Structure) -> Structure:
        return self.mab2(structure, self.mab1(_learnt(self.ind, structure), structure))


class PoolingByMultiheadAttention(Layer):
    """Each item becomes a set of learnt seeds that heard its nodes: `MAB(S, relu(W x))`; as PyG's block.

    Args:
        channels: of `x`.
        num_seed_points: nodes of each item of the result.
        heads: of the attention.
        layer_norm: normalise.
        dropout: the part of the attention weights that training leaves out.

    Returns:
        A Structure with `num_seed_points` nodes an item.

    Reference: Lee et al., "Set transformer", 2019, equation 11.

    Example:
        >>> import torch, geonets as gn
        >>> pool = gn.nn.PoolingByMultiheadAttention(8, num_seed_points=2)
        >>> pool(gn.points(None, x=[torch.randn(5, 8), torch.randn(2, 8)])).topology
        Set(2 items of 2 nodes)
    """

    def __init__(
        self,
        channels: int,
        num_seed_points: int = 1,
        heads: int = 1,
        layer_norm: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.lin = nn.Linear(channels, channels)
        self.seed = nn.Parameter(nn.init.xavier_uniform_(torch.empty(1, num_seed_points, channels)))
        self.mab = _AttentionBlock(channels, heads, layer_norm, dropout)

    def forward(self, structure: Structure) -> Structure:
        nodes = structure.replace(x=self.lin(features(structure)).relu())
        return self.mab(_learnt(self.seed, structure), nodes)


def _learnt(points: Tensor, structure: Structure) -> Structure:
    """The same learnt points `(1, n, C)` for each item of a structure."""
    num_points, num_items = points.shape[1], len(structure)
    topology = structure.topology.remember(("points", num_points), lambda: _points(num_points, structure))
    return structure.on(topology, {"x": points.expand(num_items, -1, -1).flatten(0, 1)})


def _points(count: int, structure: Structure) -> Set:
    return Set(Sizes.of((count,), len(structure), device=structure.device))
