"""`MLP`: the model that assumes nothing about its input but its size."""

from __future__ import annotations

from typing import Any

from torch import nn

from geonets.core.errors import ShapeError
from geonets.core.neighborhoods import Hub
from geonets.core.structure import Structure
from geonets.nn import MLP as PerNodeMLP
from geonets.nn.layer import Layer, features


class MLP(Layer):
    """All nodes of an item fused into one vector: `W_2 relu(W_1 vec(x) + b_1) + b_2`.

    Every place in the vector has weights of its own, so items must all have `nodes * channels = in_features`, in one
    order. `gn.nn.MLP`, by contrast, acts on every node with the same weights.

    Args:
        in_features: nodes of an item times channels of a node.
        hidden: widths of the hidden layers.
        out_features: channels of the result.
        dropout: the part of the hidden entries that training leaves out.

    Returns:
        A Structure with one node an item.

    Raises:
        ShapeError: if items differ in size or have another size than the model was built for.

    Reference: Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors", 1986.

    Example:
        >>> import torch, geonets as gn
        >>> gn.models.MLP(64, [32], 10)(gn.grid(torch.randn(5, 8, 8, 1))).x.shape
        torch.Size([5, 10])
    """

    def __init__(self, in_features: int, hidden: list[int], out_features: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.in_features = in_features
        self.net: nn.Module = PerNodeMLP([in_features, *hidden, out_features], dropout=dropout)

    def forward(self, structure: Structure) -> Structure:
        x: Any = features(structure)
        uniform = structure.topology.uniform
        width = x.numel() // max(len(structure), 1)
        if uniform is None or (len(structure) and width != self.in_features):
            got = (
                f"{width} numbers an item"
                if uniform is not None
                else f"items of different sizes ({structure.topology!r})"
            )
            raise ShapeError(
                f"`structure` must have in_features={self.in_features} numbers in every item; got {got}. "
                "Use a layer that shares weights between nodes, or build the model for this size."
            )
        return structure.on(
            Hub().target(structure.topology), {"x": self.net(x.reshape(len(structure), self.in_features))}
        )
