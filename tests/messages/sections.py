"""Messages of sparse grids, parts of structures, products and trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from messages.things import chain, image, ring

place = torch.tensor([[0, 1]])
around = gn.Chain(4, periodic=True)
moving = gn.Structure(gn.Product(gn.Chain(2), ring.topology))
uneven = gn.chain([torch.zeros(3, 1), torch.zeros(2, 1), torch.zeros(3, 1)])
typed = gn.Graph(torch.tensor([0]), torch.tensor([1]), 2, torch.tensor([3]))

CASES: list[tuple[str, Callable[[], Any]]] = [
    (
        "`node_counts` must have one number for each of the 1 items.*got 2",
        lambda: gn.SparseGrid(gn.Grid((2, 2)), place, [1, 0]),
    ),
    ("`coordinates` must be integers; got torch.float32", lambda: gn.SparseGrid(gn.Grid((2, 2)), place.float(), 1)),
    (
        "`coordinates` must be places of a lattice of .2, 2.; got .0, 3. .row 0, item 0.",
        lambda: gn.SparseGrid(gn.Grid((2, 2)), place * 3, 1),
    ),
    (
        "`coordinates` must be in the order.*got .0, 1. after .1, 1. .row 1.",
        lambda: gn.SparseGrid(gn.Grid((2, 2)), torch.tensor([[1, 1], [0, 1]]), 2),
    ),
    ("`coordinates` must be integers; got torch.float32", lambda: gn.voxels([place.float()])),
    ("`sizes` must have 2 entries, one an axis; got .4,", lambda: gn.voxels([place], sizes=(4,))),
    ("`coordinates` must lie between 0.*got .0, -1. .row 0, item 0.", lambda: gn.voxels([-place])),
    ("`coordinates` must name each place once; got .0, 1. twice .item 0.", lambda: gn.voxels([place.repeat(2, 1)])),
    ("`nodes.'m'.` must have 1 rows, one a voxel", lambda: gn.voxels([place], nodes={"m": torch.zeros(2)})),
    ("`mask` must be a bool tensor; got torch.int64", lambda: chain.nodes_where(torch.zeros(7).long())),
    ("`mask` must be a bool tensor; got list", lambda: chain.nodes_where([True])),  # pyright: ignore[reportArgumentType]
    ("`mask` must have 7 entries, one a node; got shape .2,", lambda: chain.nodes_where(torch.tensor([True, False]))),
    ("`time` must be a slice of step 1; got 3", lambda: chain.crop(time=3)),  # pyright: ignore[reportArgumentType]
    ("`crop` must name axes of the structure, which has time; got y", lambda: chain.crop(y=slice(2))),
    ("`crop` must name axes of the structure, which has none; got y", lambda: ring.crop(y=slice(2))),
    (
        "`crop` must not cut a ring open",
        lambda: gn.Structure(around, edges={"edge_attr": torch.zeros(8, 1)}).crop(time=slice(None)),
    ),
    ("`axis` must name one direction of the structure, which has y, x; got 'z'", lambda: image.across("z")),
    (
        "`part` must have items of equal topology",
        lambda: image.put_back(uneven, across="y"),
    ),
    ("`where`, `crop`, `across` and `along` must be given once.*got none", lambda: chain.put_back(chain)),
    (
        "`part` must have the 2 nodes of the part that was taken; got 7",
        lambda: chain.put_back(chain, crop={"time": slice(1)}),
    ),
    ("`second_types` must be given", lambda: gn.Strong().edges(gn.Structure(gn.Product(gn.Chain(2), typed)))),
    (
        "`first` and `second` must leave factors of the same kinds",
        lambda: gn.Strong(gn.Hub(), gn.Links(), "y").edges(image),
    ),
    ("`parents` must be -1 for one node of each tree.*got 0 such nodes .item 0.", lambda: gn.tree([1, 0])),
    ("`edges` must be free of cycles.*got the cycle", lambda: ring.topology.links.levels),
    ("the cycle 2 -> 1 -> 2 .item 0, counting its nodes from 0", lambda: gn.tree([-1, 2, 1])),
    ("`structure` must have a level 'liked' with senders", lambda: gn.Between("liked").edges(chain)),
    ("`structure` must have a level 'words' with nodes, channels, v", lambda: gn.nn.SparseLinear(4, 2, "words")(ring)),
    (
        "`structure` must have entries in channels 0 .. 2 on its level 'words'; got 0 .. 3",
        lambda: gn.nn.SparseLinear(3, 2, "words")(gn.keep_sparse(ring, torch.ones(3, 4), "words")),
    ),
    ("`x` must have the shape .N, C. with N=3; got shape .2, 4", lambda: gn.keep_sparse(ring, torch.ones(2, 4), "w")),
    (
        "`edge_index` must hold one .2, E. tensor for each of the 2 items; got 1",
        lambda: gn.relate(chain, chain, place.T, "r"),
    ),
    (
        "`source` must have the nodes that level 'r' names; got 5 .item 0, which has 3 nodes.",
        lambda: gn.relate(ring, ring, torch.tensor([[5], [0]]), "r"),
    ),
]
