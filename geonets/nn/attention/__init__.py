"""Attention layers: multihead attention, transformers, set transformers, and what they know of positions."""

from geonets.nn.attention.multihead import MultiheadAttention
from geonets.nn.attention.positions import SinusoidalEncoding
from geonets.nn.attention.sets import InducedSetAttentionBlock, PoolingByMultiheadAttention, SetAttentionBlock
from geonets.nn.attention.transformer import (
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)

__all__ = [
    "InducedSetAttentionBlock",
    "MultiheadAttention",
    "PoolingByMultiheadAttention",
    "SetAttentionBlock",
    "SinusoidalEncoding",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]
