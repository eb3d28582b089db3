"""`MultiheadAttention` within items, or from the nodes of one structure to those of another."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from geonets.core.errors import ShapeError, UnsupportedError
from geonets.core.neighborhoods import Complete, Cross, Neighborhood
from geonets.core.relations import Relation, places_of
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AttendOperands, AttendSpec
from geonets.nn.attention.positions import rotated
from geonets.nn.layer import Layer, features

EVERYBODY, OTHERS = Complete(), Cross()


class MultiheadAttention(Layer, nn.MultiheadAttention):
    """`y_i = W_o sum_j softmax_j(q_i . k_j / sqrt(D)) v_j` over the nodes of an item; arguments and keys of torch's.

    Every node hears every node of its item and no other item's, whatever their sizes; there is no padding, so nothing
    like `key_padding_mask` is needed. With `key` it hears the nodes of the same item of another structure: a question
    hears the pixels of its image. `batch_first` changes nothing.

    Args:
        embed_dim: channels of the query, a multiple of `num_heads`.
        num_heads: heads.
        dropout: the part of the attention weights that training leaves out.
        bias: whether the projections have biases.
        add_bias_kv, add_zero_attn: must be left out.
        kdim: channels of `key`, if not `embed_dim`.
        vdim: channels of `value`, if not `embed_dim`.
        neighborhood: who hears whom within one structure: `gn.Window(8)`, `gn.Links()`; everybody unless given.
        relation: how two nodes stand to each other, such as `gn.Lag(8)`: adds a learnt number for each relation and
            head to the scores, `relation_bias` `(R, heads)`.
        relative_keys: the relation adds a learnt vector to the keys instead, `relation_keys` `(R, D)`.
        rotary: turn queries and keys by angles of this base (10000 in the paper) times the node's place.

    Reference: Vaswani et al., "Attention is all you need", 2017, section 3.2.

    Example:
        >>> import torch, geonets as gn
        >>> words, pixels = gn.chain([torch.randn(5, 8), torch.randn(3, 8)]), gn.grid(torch.randn(2, 4, 4, 6))
        >>> gn.nn.MultiheadAttention(8, 2, kdim=6, vdim=6)(words, pixels).x.shape
        torch.Size([8, 8])
        >>> gn.nn.MultiheadAttention(8, 2, neighborhood=gn.Window(2), relation=gn.Lag(2))(words).x.shape
        torch.Size([8, 8])
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
        neighborhood: Neighborhood = EVERYBODY,
        relation: Relation | None = None,
        relative_keys: bool = False,
        rotary: float | None = None,
    ) -> None:
        super().__init__(
            embed_dim, num_heads, dropout, bias, add_bias_kv, add_zero_attn, kdim, vdim, batch_first, device, dtype
        )
        self.neighborhood, self.relation, self.rotary = neighborhood, relation, rotary
        self.relation_bias = self.relation_keys = None
        if relation is not None:
            width = self.head_dim if relative_keys else num_heads
            table = torch.empty(relation.num_relations, width, device=device, dtype=dtype)
            table = nn.Parameter(nn.init.trunc_normal_(table, std=0.02))
            if relative_keys:
                self.relation_keys = table
            else:
                self.relation_bias = table

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        query: Structure,
        key: Structure | None = None,
        value: Structure | None = None,
        is_causal: bool = False,
        attn_mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> Any:
        """Let every node of `query` hear.

        Args:
            query: whose nodes hear.
            key: whose nodes are heard; `query` unless given.
            value: what they say, with the nodes of `key`; `key` unless given.
            is_causal: hear only nodes that come before, and oneself; within one structure only.
            attn_mask: one entry, or one for each head, for each edge of the neighborhood in receiver order: True where
                the edge is not heard, or numbers to add to the scores. A node that hears nobody gets 0 from all heads,
                where torch gives NaN.
            need_weights: return also the attention weights of the edges, `(E, heads)`.
        """
        if self.bias_k is not None or self.add_zero_attn:
            raise UnsupportedError(
                "`add_bias_kv` and `add_zero_attn` must be False; got True. They add nodes that no item has."
            )
        source = query if key is None else key
        spoken = source if value is None else value
        rows = features(query, self.embed_dim), features(source, self.kdim), features(spoken, self.vdim)
        q, k, v = (self._heads(row, part) for part, row in enumerate(rows))
        if self.rotary is not None:
            q, k = rotated(q, places_of(query), self.rotary), rotated(k, places_of(source), self.rotary)
        keys = self.relation_keys
        operands = AttendOperands(
            q,
            k,
            v,
            bias=None if attn_mask is None else _bias(attn_mask, q.dtype),
            relation_bias=self.relation_bias,
            relation_keys=None if keys is None else keys[:, None].expand(-1, self.num_heads, -1),
        )
        spec = AttendSpec(
            self._hears(key is not None, is_causal),
            dropout=self.dropout,
            edge_terms=() if attn_mask is None else ("bias",),
            relation=self.relation,
            return_weights=need_weights,
        )
        heard: Any = run(spec, operands, query, source, self.training)
        heard, weights = heard if need_weights else (heard, None)
        out = query.replace(x=self.out_proj(heard.flatten(1)))
        return (out, weights) if need_weights else out

    def _hears(self, others: bool, is_causal: bool) -> Neighborhood:
        """Whom the query hears."""
        if is_causal and (others or self.neighborhood != EVERYBODY):
            got = "a key" if others else f"neighborhood={self.neighborhood}"
            raise UnsupportedError(
                f"`is_causal` must be used where everybody in one structure is heard; got {got}. "
                "Leave out key, or give a neighborhood that is causal itself."
            )
        if others and (self.relation is not None or self.neighborhood != EVERYBODY):
            raise UnsupportedError(
                "`key` must be left out with a neighborhood or a relation, which are those of one structure; "
                f"got a key with {self.relation or self.neighborhood}. Use a layer without them."
            )
        return Complete(is_causal) if is_causal else OTHERS if others else self.neighborhood

    def _heads(self, rows: Tensor, part: int) -> Tensor:
        """Queries (part 0), keys (1) or values (2) as `(N, heads, channels of a head)`."""
        own: Any = self
        if own.in_proj_weight is not None:
            weight = own.in_proj_weight.chunk(3)[part]
        else:
            weight = (own.q_proj_weight, own.k_proj_weight, own.v_proj_weight)[part]
        bias = None if own.in_proj_bias is None else own.in_proj_bias.chunk(3)[part]
        return functional.linear(rows, weight, bias).unflatten(1, (self.num_heads, self.head_dim))


def _bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """A mask as what it adds to the scores: `(E, 1)` or `(E, heads)`."""
    if mask.ndim not in (1, 2):
        raise ShapeError(
            f"`attn_mask` must have axes (E,) or (E, heads); got shape {tuple(mask.shape)}. "
            "Give one row for each edge: for all pairs of an item mask.flatten()."
        )
    mask = mask[:, None] if mask.ndim == 1 else mask
    if mask.dtype != torch.bool:
        return mask.to(dtype)
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(mask, -torch.inf)
