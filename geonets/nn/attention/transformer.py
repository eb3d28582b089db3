"""Transformer encoder and decoder, with torch's arguments and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from geonets.core.neighborhoods import Neighborhood
from geonets.core.relations import Relation
from geonets.core.structure import Structure
from geonets.nn.attention.multihead import EVERYBODY, MultiheadAttention
from geonets.nn.layer import Layer, features, on_nodes

Activation = str | Callable[[Tensor], Tensor]


class TransformerEncoderLayer(Layer, nn.TransformerEncoderLayer):
    """Self-attention and a network on every node, each added to its input and normalised; keys of torch's layer.

    `x = norm1(x + attention(x))`, then `x = norm2(x + W_2 activation(W_1 x))`; with `norm_first` each part is
    normalised before it instead.

    Args:
        d_model: channels.
        nhead: heads.
        dim_feedforward: hidden channels of the network on every node.
        dropout: the part that training leaves out.
        activation: `"relu"`, `"gelu"` or a function of rows.
        layer_norm_eps: added to variances.
        batch_first: changes nothing.
        norm_first: normalise before each part.
        bias: whether linear layers and normalisations have biases.
        neighborhood, relation, relative_keys, rotary: who hears whom, and positions, as in `MultiheadAttention`.

    Reference: Vaswani et al., "Attention is all you need", 2017, section 3.1.

    Example:
        >>> import torch, geonets as gn
        >>> words = gn.chain([torch.randn(5, 8), torch.randn(3, 8)])
        >>> gn.nn.TransformerEncoderLayer(8, 2, 16, rotary=10000.0)(words, is_causal=True).x.shape
        torch.Size([8, 8])
    """

    self_attn: Any

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
        neighborhood: Neighborhood = EVERYBODY,
        relation: Relation | None = None,
        relative_keys: bool = False,
        rotary: float | None = None,
    ) -> None:
        options: dict[str, Any] = {"batch_first": batch_first, "bias": bias, "device": device, "dtype": dtype}
        super().__init__(
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            norm_first=norm_first,
            **options,
        )
        hears: dict[str, Any] = {"neighborhood": neighborhood, "relation": relation}
        positions: dict[str, Any] = {"relative_keys": relative_keys, "rotary": rotary}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, **options, **hears, **positions)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, src: Structure, is_causal: bool = False, src_mask: Tensor | None = None
    ) -> Structure:
        """Transform every node.

        Args:
            src: the structure.
            is_causal: hear only nodes that come before, and oneself.
            src_mask: as `attn_mask` of `MultiheadAttention`.
        """

        def attend(rows: Tensor) -> Tensor:
            return self.dropout1(self.self_attn(src.replace(x=rows), is_causal=is_causal, attn_mask=src_mask).x)

        parts = [(attend, self.norm1), (self._ff_block, self.norm2)]
        return src.replace(x=_residuals(features(src), parts, self.norm_first))


class TransformerDecoderLayer(Layer, nn.TransformerDecoderLayer):
    """Self-attention, attention to the nodes of another structure, and a network on every node; keys of torch's layer.

    Args:
        d_model: channels, of the memory too.
        nhead: heads.
        dim_feedforward: hidden channels of the network on every node.
        dropout: the part that training leaves out.
        activation: `"relu"`, `"gelu"` or a function of rows.
        layer_norm_eps: added to variances.
        batch_first: changes nothing.
        norm_first: normalise before each part.
        bias: whether linear layers and normalisations have biases.
        neighborhood, relation, relative_keys, rotary: of the self-attention, as in `MultiheadAttention`.

    Reference: Vaswani et al., "Attention is all you need", 2017, section 3.1.

    Example:
        >>> import torch, geonets as gn
        >>> caption, image = gn.chain([torch.randn(5, 8)]), gn.grid(torch.randn(1, 4, 4, 8))
        >>> gn.nn.TransformerDecoderLayer(8, 2, 16)(caption, image, tgt_is_causal=True).x.shape
        torch.Size([5, 8])
    """

    self_attn: Any
    multihead_attn: Any

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
        neighborhood: Neighborhood = EVERYBODY,
        relation: Relation | None = None,
        relative_keys: bool = False,
        rotary: float | None = None,
    ) -> None:
        options: dict[str, Any] = {"batch_first": batch_first, "bias": bias, "device": device, "dtype": dtype}
        super().__init__(
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            norm_first=norm_first,
            **options,
        )
        hears: dict[str, Any] = {"neighborhood": neighborhood, "relation": relation}
        positions: dict[str, Any] = {"relative_keys": relative_keys, "rotary": rotary}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, **options, **hears, **positions)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, **options)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        tgt: Structure,
        memory: Structure,
        tgt_is_causal: bool = False,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Structure:
        """Transform every node of `tgt`.

        Args:
            tgt: whose nodes hear each other, and the memory.
            memory: whose nodes are heard, item by item.
            tgt_is_causal: among themselves the nodes hear only those before, and themselves.
            tgt_mask: as `attn_mask` of `MultiheadAttention`, among the nodes of `tgt`.
            memory_mask: likewise from `memory` to `tgt`.
        """

        def attend(rows: Tensor) -> Tensor:
            return self.dropout1(self.self_attn(tgt.replace(x=rows), is_causal=tgt_is_causal, attn_mask=tgt_mask).x)

        def recall(rows: Tensor) -> Tensor:
            return self.dropout2(self.multihead_attn(tgt.replace(x=rows), memory, attn_mask=memory_mask).x)

        parts = [(attend, self.norm1), (recall, self.norm2), (self._ff_block, self.norm3)]
        return tgt.replace(x=_residuals(features(tgt), parts, self.norm_first))


class TransformerEncoder(Layer, nn.TransformerEncoder):
    """Copies of an encoder layer one after another; arguments and keys of `torch.nn.TransformerEncoder`.

    Args:
        encoder_layer: is copied, weights included.
        num_layers: how many copies.
        norm: a normalisation at the end, or None.
        enable_nested_tensor, mask_check: change nothing.

    Reference: Vaswani et al., "Attention is all you need", 2017, section 3.1.

    Example:
        >>> import torch, geonets as gn
        >>> net = gn.nn.TransformerEncoder(gn.nn.TransformerEncoderLayer(8, 2, 16), 3)
        >>> net(gn.grid([torch.randn(3, 4, 8), torch.randn(2, 2, 8)])).x.shape
        torch.Size([16, 8])
    """

    layers: Any

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: nn.Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__(encoder_layer, num_layers, norm, enable_nested_tensor=False, mask_check=mask_check)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, src: Structure, is_causal: bool = False, mask: Tensor | None = None
    ) -> Structure:
        """Transform every node; `mask` as `attn_mask` of `MultiheadAttention`."""
        for layer in self.layers:
            src = layer(src, is_causal, mask)
        return src if self.norm is None else on_nodes(self.norm, src)


class TransformerDecoder(Layer, nn.TransformerDecoder):
    """Copies of a decoder layer one after another; arguments and keys of `torch.nn.TransformerDecoder`.

    Args:
        decoder_layer: is copied, weights included.
        num_layers: how many copies.
        norm: a normalisation at the end, or None.

    Reference: Vaswani et al., "Attention is all you need", 2017, section 3.1.

    Example:
        >>> import torch, geonets as gn
        >>> net = gn.nn.TransformerDecoder(gn.nn.TransformerDecoderLayer(8, 2, 16), 2)
        >>> net(gn.chain(torch.randn(2, 5, 8)), gn.points(None, x=torch.randn(2, 7, 8)), tgt_is_causal=True).x.shape
        torch.Size([10, 8])
    """

    layers: Any

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        tgt: Structure,
        memory: Structure,
        tgt_is_causal: bool = False,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Structure:
        """Transform every node of `tgt`; arguments as in `TransformerDecoderLayer`."""
        for layer in self.layers:
            tgt = layer(tgt, memory, tgt_is_causal, tgt_mask, memory_mask)
        return tgt if self.norm is None else on_nodes(self.norm, tgt)


def _residuals(rows: Tensor, parts: list[tuple[Callable[[Tensor], Tensor], nn.Module]], norm_first: bool) -> Tensor:
    """Each part is added to its input, normalised before the part or behind the sum."""
    for part, norm in parts:
        rows = rows + part(norm(rows)) if norm_first else norm(rows + part(rows))
    return rows
