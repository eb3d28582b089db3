"""Messages of convolutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from geonets.engine.spec import ConvolveSpec
from messages.things import chain, image, ring

typed = gn.graph(torch.tensor([[0, 1], [1, 0]]), x=torch.randn(2, 4), edge_type=torch.tensor([0, 7]))
grow = gn.nn.ConvTranspose1d(2, 2, 3, stride=2)

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`influence` must be one of typed", lambda: ConvolveSpec(gn.Links(), influence="none")),
    ("`edge_type` must be given for a layer", lambda: gn.nn.RGCNConv(4, 2, 3)(ring)),
    ("`edge_type` must be less than 3.*got 7", lambda: gn.nn.RGCNConv(4, 2, 3)(typed)),
    ("`aggr` must be one of mean", lambda: gn.nn.RGCNConv(4, 2, 3, aggr="std")),
    ("`num_blocks` must divide.*got 3 for 4 -> 2", lambda: gn.nn.RGCNConv(4, 2, 3, num_blocks=3)),
    ("`kernel_points` and `sigma` must be positive; got 0 points", lambda: gn.nn.KPConv(4, 2, 1.0, 0)),
    ("`structure` must have positions for KPConv", lambda: gn.nn.KPConv(4, 2, neighborhood=gn.Links())(ring)),
    (
        "`output_padding` must be 1 integers.*got .2,. .stride .2,.",
        lambda: gn.nn.ConvTranspose1d(2, 2, 3, stride=2, output_padding=2)(chain),
    ),
    (
        "`padding_mode` must be 'zeros' for a transposed window; got 'reflect'",
        lambda: gn.Transposed(gn.Stencil((3,), (1,), (1,), (1,), (1,), "reflect"), (0,)),
    ),
    (
        "`padding` must leave at least one receiver.*got .3,.*input of .1,.*item 1",
        lambda: gn.nn.ConvTranspose1d(2, 2, 3, padding=3)(gn.chain([torch.randn(9, 2), torch.randn(1, 2)])),
    ),
    ("`structure` must be a lattice of 1 axes for a transposed", lambda: gn.nn.ConvTranspose1d(4, 2, 1)(ring)),
    ("`padding` must leave.*input of .3, 3.", lambda: gn.nn.ConvTranspose2d(2, 2, 1, padding=2)(image)),
    ("`output_size` must be at most stride - 1 larger.*got .20", lambda: grow(chain, output_size=[20])),
    ("`output_size` must be at most stride - 1 larger", lambda: grow(chain, output_size=[9, 9])),
]
