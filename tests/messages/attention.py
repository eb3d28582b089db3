"""Messages of attention, and of relations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from messages.things import chain, cloud, image, ring

attend = gn.nn.MultiheadAttention(2, 1)
rotary = gn.nn.MultiheadAttention(4, 2, rotary=10.0)
words = gn.chain(torch.randn(1, 3, 2))
first, second = torch.tensor([0]), torch.tensor([1])

CASES: list[tuple[str, Callable[[], Any]]] = [
    (
        "`add_bias_kv` and `add_zero_attn` must be False",
        lambda: gn.nn.MultiheadAttention(2, 1, add_bias_kv=True)(chain),
    ),
    ("`is_causal` must be used where.*got a key", lambda: attend(chain, chain, is_causal=True)),
    (
        "`is_causal` must be used where.*got neighborhood=Window",
        lambda: gn.nn.MultiheadAttention(2, 1, neighborhood=gn.Window(1))(chain, is_causal=True),
    ),
    (
        "`key` must be left out with a neighborhood or a relation.*got a key with Lag",
        lambda: gn.nn.MultiheadAttention(2, 1, relation=gn.Lag(1))(chain, chain),
    ),
    ("`attn_mask` must have axes .E,. or .E, heads.", lambda: attend(words, attn_mask=torch.zeros(1, 3, 3))),
    ("`bias` must have one row for each of the 9 edges; got 3", lambda: attend(words, attn_mask=torch.zeros(3))),
    (
        "`bias` must have one row for each of the 25 edges; got 9",
        lambda: attend(chain, attn_mask=torch.zeros(9)),
    ),
    (
        "`channels` must be a multiple of 4 to hold.*along 2 axes; got 2",
        lambda: gn.nn.MultiheadAttention(2, 1, rotary=10.0)(image),
    ),
    ("`structure` must be a chain, a grid, or have positions.*Graph", lambda: gn.nn.SinusoidalEncoding(4)(ring)),
    ("`attn_type` must be one of multihead; got 'performer'", lambda: gn.nn.GPSConv(4, None, attn_type="performer")),
    ("`reach` must not be negative; got -1", lambda: gn.Window(-1)),
    ("`structure` must be a lattice for Window.*got a Graph", lambda: gn.Window(1).edges(ring)),
    ("`structure` must be a lattice for Window.*got 1 axes", lambda: gn.Window((1, 1)).edges(chain)),
    ("`reach` must be at least 0; got -1", lambda: gn.Lag(-1)),
    ("`reach` must be at least 0; got -1", lambda: gn.HopDistance(-1)),
    ("`reach` must be one number of at least 0 for each axis", lambda: gn.Offset((1, -1))),
    ("`num_buckets` must be a multiple of 4", lambda: gn.LagBuckets(6)),
    ("`structure` must be a lattice of 1 axes for Lag; got a Graph", lambda: gn.Lag(1).between(ring, first, second)),
    (
        "`structure` must be a lattice of 2 axes for Offset; got 1",
        lambda: gn.Offset((1, 1)).between(chain, first, second),
    ),
    ("`neighborhood` must say who.*Set", lambda: gn.HopDistance(1).between(cloud, first, second)),
    ("`layer` must be what torch's MultiheadAttention can be; got rotary=10.0", lambda: gn.to_torch(rotary)),
    (
        "`layer` must be what torch's TransformerEncoderLayer can be; got neighborhood=Window",
        lambda: gn.to_torch(gn.nn.TransformerEncoderLayer(4, 2, 8, neighborhood=gn.Window(1))),
    ),
]
