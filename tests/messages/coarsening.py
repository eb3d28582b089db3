"""Messages of sampling, coarsening and its inverse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from geonets.core.sampling import farthest_points
from messages.things import chain, cloud, image, ring

flat = gn.points([torch.randn(4, 2)])


def narrow(in_channels: int, out_channels: int) -> gn.nn.Layer:
    return gn.nn.Conv2d(in_channels, out_channels, 3)


CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`most` must be at least 1 or None; got 0", lambda: gn.Radius(1.0, most=0)),
    ("`source.pos` must have 3 coordinates.*got 2", lambda: gn.KNN(2).edges(cloud, flat)),
    ("`source` must have positions for Radius", lambda: gn.Radius(2.0).edges(cloud, cloud.replace(pos=None))),
    ("`ratio` must be a part.*got 1.5", lambda: farthest_points(cloud.pos, cloud.topology, 1.5)),
    ("`ratio` must be a part.*got 0", lambda: gn.Top(0)),
    ("`size` must be positive; got -1", lambda: gn.Voxels(-1)),
    ("`hops` must be at least 1; got 0", lambda: gn.Independent(0)),
    ("`hops` must be one of 1, 2; got 3", lambda: gn.Top(0.5, hops=3)),
    ("`factor` must be at least 1; got 0", lambda: gn.Coarser(0)),
    ("`structure` must be a lattice for Blocks.*got a Graph", lambda: gn.nn.Coarsen(gn.Blocks(2))(ring)),
    ("`structure` must have positions for Farthest", lambda: gn.nn.Coarsen(gn.Farthest())(ring)),
    ("`neighborhood` must know its receivers.*got Voxels", lambda: gn.Voxels(1.0).target(cloud.topology)),
    ("`structure.nodes.'score'.` must be one score a node.*got none", lambda: gn.Top().edges(ring)),
    ("`coarse` must have the nodes that Stencil.*got 4 instead of 2 .item 0", lambda: gn.nn.Refine()(chain, chain)),
    ("`source` must have as many items", lambda: gn.nn.Refine()(chain[0], chain)),
    ("`widths` and `convs` must name.*got .. and 2", lambda: gn.models.UNet(2, 2, widths=())),
    ("`conv` must make layers that keep the nodes", lambda: gn.models.UNet(2, 2, conv=narrow, convs=1).eval()(image)),
]
