"""Messages of transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from geonets import transforms
from messages.things import chain, cloud, image, ring

weighted = ring.replace(edge_attr=torch.ones(3, 1), edges={"count": torch.ones(3, dtype=torch.long)})
whole = gn.points([torch.ones(3, 3, dtype=torch.long)])
plane = gn.points([torch.randn(3, 2)])

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`fill` must say what a loop has in the field 'edge_attr'", lambda: transforms.add_self_loops(weighted)),
    ("`fill` must say.*'count'", lambda: transforms.add_self_loops(weighted, {"edge_attr": 1.0})),
    (
        "`edges.'count'.` must be numbers that have a mean; got torch.int64",
        lambda: transforms.coalesce(weighted, "mean"),
    ),
    ("`reduce` must be one of sum, mean, max, min, first; got 'add'", lambda: transforms.coalesce(weighted, "add")),
    ("`mean` and `std` must be given together.*got mean for nodes", lambda: transforms.standardize(chain, 1.0)),
    (
        "`mean` and `std` must be given together.*got neither for edges",
        lambda: transforms.standardize(weighted, name="edge_attr", level="edges"),
    ),
    ("`nodes` must have a field 'speed'; got x", lambda: transforms.standardize(chain, name="speed")),
    ("`k` must be at least 1; got 0", lambda: transforms.laplacian_encoding(ring, 0)),
    ("`steps` must be at least 1; got 0", lambda: transforms.random_walk_encoding(ring, 0)),
    ("`nodes` must be at least 1, or else a size.*got None and ..", lambda: transforms.random_crop(image)),
    ("`nodes` must be at least 1.*got 3 and ..y.: 2", lambda: transforms.random_crop(image, 3, y=2)),
    ("`nodes` must be at least 1.*got 0", lambda: transforms.random_crop(cloud, 0)),
    ("`crop` must name axes of the structure", lambda: transforms.random_crop(image, z=2)),
    ("`structure` must have positions for random_crop", lambda: transforms.random_crop(image, 2)),
    ("`structure` must have positions for subsample", lambda: transforms.subsample(image, 2, "farthest")),
    ("`ratio` must be a part of the nodes", lambda: transforms.subsample(image, 0.0)),
    ("`factor` must be positive, the least before the largest; got .2, 1.", lambda: transforms.scale(cloud, (2, 1))),
    ("`std` and `clip` must not be negative; got -1 and None", lambda: transforms.jitter(cloud, -1)),
    ("`structure` must have positions for normalize|center", lambda: transforms.normalize(chain)),
    ("`axis` must be left out with a matrix", lambda: transforms.rotate(cloud, torch.eye(3), axis="z")),
    ("`degrees` must come with an axis; got 30", lambda: transforms.rotate(cloud, degrees=30)),
    ("`pos` must be floating-point numbers; got torch.int64", lambda: transforms.rotate(whole)),
    ("`share` must be a probability; got 2", lambda: transforms.flip(cloud, "x", share=2)),
    ("`vectors` must name fields of the structure; got 'v'", lambda: transforms.rotate(cloud, vectors=["v"])),
    (
        "`vectors` must have 2 coordinates, as pos; got 'v' of shape .3, 3.",
        lambda: transforms.rotate(plane.replace(nodes={"v": torch.zeros(3, 3)}), vectors=["v"]),
    ),
    ("`matrix` must be .3, 3. or .1, 3, 3.; got .2, 2.", lambda: transforms.rotate(cloud, torch.eye(2))),
    ("`matrix` must be orthogonal", lambda: transforms.rotate(cloud, 2 * torch.eye(3))),
    ("`axis` must be one of x, y, a number below 2.*got 'z'", lambda: transforms.flip(plane, "z")),
    (
        "`axis` must be left out unless pos has three coordinates; got 'x' for 2",
        lambda: transforms.rotate(plane, axis="x"),
    ),
    ("`axis` must be a direction of three numbers", lambda: transforms.rotate(cloud, axis=(0.0, 0.0, 0.0))),
    (
        "`structure` must have no fields of its links to be mirrored; got w",
        lambda: transforms.flip(image.replace(edges={"w": torch.ones(image.topology.links.num_edges)}), "x"),
    ),
]
