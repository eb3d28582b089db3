"""Kernels for attention, each with a case that reaches it."""

from __future__ import annotations

from typing import Any

import torch
from drawing import chains, graphs
from hypothesis import strategies as st

import geonets as gn
from lowering.cases import case


@case("dense_attention", "dense_attention_by_size")
def attention(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layer = gn.nn.MultiheadAttention(4, draw(st.sampled_from([1, 2])), bias=draw(st.booleans()))
    return layer, draw(chains(4, ragged=draw(st.booleans())))


@case("segment_attention")
def sparse_attention(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    edge_dim = draw(st.sampled_from([None, 2]))
    options = {"add_self_loops": draw(st.booleans()), "residual": draw(st.booleans()), "concat": draw(st.booleans())}
    return gn.nn.GATConv(3, 2, heads=2, edge_dim=edge_dim, **options), draw(graphs(3, edge_channels=2))
