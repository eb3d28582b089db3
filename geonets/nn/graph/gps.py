"""`GPSConv`: messages along edges and attention among all, side by side."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from geonets.core.options import one_of
from geonets.core.ranges import segment_mean
from geonets.core.structure import Structure
from geonets.core.topology import Topology
from geonets.nn.attention.multihead import MultiheadAttention
from geonets.nn.layer import Layer, features

ACTIVATIONS = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "elu": nn.ELU,
    "leaky_relu": nn.LeakyReLU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


class GPSConv(Layer):
    """`x' = norm3(h + mlp(h))` with `h = norm1(x + conv(x)) + norm2(x + attention(x))`; keys of PyG's `GPSConv`.

    Args:
        channels: of `x`, and of what `conv` and the attention return.
        conv: any layer of geonets, or None for attention alone.
        heads: of the attention.
        dropout: the part that training leaves out behind each part.
        act: the nonlinearity of `mlp`: `"relu"`, `"gelu"`, `"elu"`, `"leaky_relu"`, `"silu"`, `"tanh"` or `"sigmoid"`.
        act_kwargs: its options.
        norm: `"batch_norm"`, `"layer_norm"` over all nodes and channels of an item, as PyG's, or None.
        norm_kwargs: its options.
        attn_type: must be `"multihead"`.
        attn_kwargs: options of `MultiheadAttention`, such as `relation=gn.HopDistance(5)`.

    Reference: Rampasek et al., "Recipe for a general, powerful, scalable graph transformer", 2022, equations 8-11.

    Example:
        >>> import torch, geonets as gn
        >>> mol = gn.molecule("CCO").replace(x=torch.randn(3, 8))
        >>> gn.nn.GPSConv(8, gn.nn.GINConv(gn.nn.MLP([8, 8])), heads=2)(mol).x.shape
        torch.Size([3, 8])
    """

    def __init__(
        self,
        channels: int,
        conv: Layer | None,
        heads: int = 1,
        dropout: float = 0.0,
        act: str = "relu",
        act_kwargs: dict[str, Any] | None = None,
        norm: str | None = "batch_norm",
        norm_kwargs: dict[str, Any] | None = None,
        attn_type: str = "multihead",
        attn_kwargs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        one_of("attn_type", attn_type, ("multihead",))
        one_of("act", act, tuple(ACTIVATIONS))
        one_of("norm", norm, (None, *NORMS))
        self.channels, self.conv = channels, conv
        self.attn = MultiheadAttention(channels, heads, **(attn_kwargs or {}))
        self.drop = nn.Dropout(dropout)
        self.mlp = nn.Sequential(
            nn.Linear(channels, 2 * channels),
            ACTIVATIONS[act](**(act_kwargs or {})),
            nn.Dropout(dropout),
            nn.Linear(2 * channels, channels),
            nn.Dropout(dropout),
        )
        norms = [None if norm is None else NORMS[norm](channels, **(norm_kwargs or {})) for _ in range(3)]
        self.norm1, self.norm2, self.norm3 = norms

    def forward(self, structure: Structure) -> Structure:
        x, topology = features(structure, self.channels), structure.topology
        rows = _normed(self.norm2, x + self.drop(self.attn(structure).x), topology)
        if self.conv is not None:
            rows = _normed(self.norm1, x + self.drop(self.conv(structure).x), topology) + rows
        return structure.replace(x=_normed(self.norm3, rows + self.mlp(rows), topology))

    def extra_repr(self) -> str:
        return f"{self.channels}"


class _BatchNorm(nn.Module):
    """Each channel over all nodes of the batch, under PyG's keys."""

    def __init__(self, channels: int, **options: Any) -> None:
        super().__init__()
        self.module = nn.BatchNorm1d(channels, **options)

    def forward(self, rows: Tensor, topology: Topology) -> Tensor:
        return self.module(rows)


class _ItemNorm(nn.Module):
    """All nodes and channels of an item together, as PyG's `LayerNorm`."""

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, rows: Tensor, topology: Topology) -> Tensor:
        def mean(values: Tensor) -> Tensor:
            means = segment_mean(values.mean(1, keepdim=True), topology.node_offsets, topology.item_ids)
            return means.index_select(0, topology.item_ids)

        rows = rows - mean(rows)
        rows = rows / (mean(rows.square()) + self.eps).sqrt()
        return rows if self.weight is None or self.bias is None else rows * self.weight + self.bias


def _normed(norm: nn.Module | None, rows: Tensor, topology: Topology) -> Tensor:
    return rows if norm is None else norm(rows, topology)


NORMS: dict[str, Any] = {"batch_norm": _BatchNorm, "layer_norm": _ItemNorm}
