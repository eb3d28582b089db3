"""Messages of choosing nodes: by position, by links, on surfaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from messages.things import level, ring

nan = gn.points([torch.tensor([[0.0, 0.0], [float("nan"), 1.0]])])
far = gn.points([torch.tensor([[1e300, 0.0]], dtype=torch.float64)])
flat = gn.mesh(torch.zeros(3, 3), [[0, 1, 2]])
typed = gn.graph(torch.tensor([[0], [1]]), edge_type=torch.tensor([3]))


def one_hot(field: torch.Tensor, count: int = 3) -> gn.Structure:
    return gn.transforms.one_hot(gn.points(None, x=[torch.zeros(2, 1)], nodes={"kind": field}), "kind", count)


def sampled(seeds: Any, structure: gn.Structure = ring, fanouts: tuple[int, ...] = (1,)) -> gn.Structure:
    return gn.sample_neighbors(structure, seeds, fanouts)


CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`pos` must be finite; got .nan, 1.0. .node 1.", lambda: gn.KNN(1).edges(nan)),
    ("`pos` must be finite", lambda: gn.Farthest(1).edges(nan)),
    ("`pos` must be finite, and less than 2.62 voxels from the origin; got 1e.300", lambda: gn.Voxels(0.1).edges(far)),
    ("`pos` must be finite, and less than", lambda: gn.Voxels(0.1).edges(nan)),
    (
        "`mesh` must have triangles with a finite area; got 0.0 from 1 triangles .item 0.",
        lambda: gn.sample_surface(flat, 5),
    ),
    ("`mesh` must have pos of three coordinates, and a level faces", lambda: gn.sample_surface(nan, 5)),
    ("`count` must be a number of points, or one for each of the 1 items; got -2", lambda: gn.sample_surface(flat, -2)),
    ("`count` must be a number of points.*got .1, 2.", lambda: gn.sample_surface(flat, [1, 2])),
    ("`fanouts` must be numbers of links, or -1 for all; got .3, -2.", lambda: sampled([0], fanouts=(3, -2))),
    ("`size` must be at least 1; got 0. Pass the number of seeds", lambda: [*gn.neighbor_batches(ring, (1,), 0)]),
    ("`seeds` must be node numbers, or a bool tensor of 3 entries; got torch.float32", lambda: sampled([0.5])),
    ("`seeds` must be node numbers.*got torch.bool of shape .2,.", lambda: sampled(torch.ones(2, dtype=torch.bool))),
    ("`seeds` must be between 0 and 2; got 1 .. 3", lambda: sampled([1, 3])),
    ("`seeds` must be distinct; got 2 of which 1 are", lambda: sampled([1, 1])),
    ("`structure` must have no further levels.*got node_id, edge_id, num_seeds", lambda: sampled([0], sampled([0]))),
    (
        "`structure` must have no further levels.*got faces",
        lambda: sampled([0], gn.transforms.connect(level(), gn.Complete()).replace(levels=level().levels)),
    ),
    ("`source` must have the node field 'y'; got pos", lambda: gn.interpolate(nan, nan, "y")),
    (
        "`source.nodes.'q'.` must have axes .N, C.; got shape .2,.",
        lambda: gn.interpolate(nan, nan.replace(nodes={"q": torch.zeros(2)}), "q"),
    ),
    ("`kind` must be integers to be classes; got torch.float32", lambda: one_hot(torch.zeros(2))),
    ("`kind` must have one class a row; got shape .2, 2.", lambda: one_hot(torch.zeros(2, 2).long())),
    ("`kind` must be between 0 and 2; got 0 .. 7", lambda: one_hot(torch.tensor([0, 7]))),
    ("`edge_type` must be given where links have types", lambda: gn.transforms.add_self_loops(typed)),
]
