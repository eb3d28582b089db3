"""`MultiheadAttention` within items, or from the nodes of one structure to those of another."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from geonets.core.errors import UnsupportedError
from geonets.core.neighborhoods import Complete, Cross
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AttendOperands, AttendSpec
from geonets.nn.layer import Layer, features


class MultiheadAttention(Layer, nn.MultiheadAttention):
    """`y_i = W_o sum_j softmax_j(q_i . k_j / sqrt(D)) v_j` over the nodes of an item; arguments and keys of torch's.

    Every node hears every node of its item and no other item's, whatever their sizes. With `key` it hears the nodes of
    the same item of another structure: a question hears the pixels of its image. `batch_first` changes nothing.

    Args:
        embed_dim: channels of the query, a multiple of `num_heads`.
        num_heads: heads.
        dropout: the part of the attention weights that training leaves out.
        bias: whether the projections have biases.
        add_bias_kv, add_zero_attn: must be left out.
        kdim: channels of `key`, if not `embed_dim`.
        vdim: channels of `value`, if not `embed_dim`.

    Reference: Vaswani et al., "Attention is all you need", 2017, section 3.2.

    Example:
        >>> import torch, geonets as gn
        >>> words, pixels = gn.chain([torch.randn(5, 8), torch.randn(3, 8)]), gn.grid(torch.randn(2, 4, 4, 6))
        >>> gn.nn.MultiheadAttention(8, 2, kdim=6, vdim=6)(words, pixels).x.shape
        torch.Size([8, 8])
    """

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, query: Structure, key: Structure | None = None, value: Structure | None = None, is_causal: bool = False
    ) -> Structure:
        """Let every node of `query` hear.

        Args:
            query: whose nodes hear.
            key: whose nodes are heard; `query` unless given.
            value: what they say, with the nodes of `key`; `key` unless given.
            is_causal: hear only nodes that come before, and oneself; within one structure only.
        """
        if self.bias_k is not None or self.add_zero_attn:
            raise UnsupportedError(
                "`add_bias_kv` and `add_zero_attn` must be False; got True. They add nodes that no item has."
            )
        if is_causal and key is not None:
            raise UnsupportedError("`is_causal` must be used within one structure; got a key. Leave out key.")
        source = query if key is None else key
        spoken = source if value is None else value
        rows = features(query, self.embed_dim), features(source, self.kdim), features(spoken, self.vdim)
        q, k, v = (self._heads(row, part) for part, row in enumerate(rows))
        hears = Complete(is_causal) if key is None else Cross()
        spec = AttendSpec(hears, dropout=self.dropout)
        heard = run(spec, AttendOperands(q, k, v), query, source, self.training)
        return query.replace(x=self.out_proj(heard.flatten(1)))

    def _heads(self, rows: Tensor, part: int) -> Tensor:
        """Queries (part 0), keys (1) or values (2) as `(N, heads, channels of a head)`."""
        own: Any = self
        if own.in_proj_weight is not None:
            weight = own.in_proj_weight.chunk(3)[part]
        else:
            weight = (own.q_proj_weight, own.k_proj_weight, own.v_proj_weight)[part]
        bias = None if own.in_proj_bias is None else own.in_proj_bias.chunk(3)[part]
        return functional.linear(rows, weight, bias).unflatten(1, (self.num_heads, self.head_dim))
