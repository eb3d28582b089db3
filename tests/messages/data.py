"""Messages of coming in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from geonets.core.packages import require
from messages.things import edges, network, pyg, ring, x34

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`network` must be a NetworkX graph; got int", lambda: gn.from_networkx(3)),
    (
        "`structure` must have no level 'faces' for NetworkX",
        lambda: gn.to_networkx(gn.mesh(torch.eye(3), [[0, 1, 2]])),
    ),
    (
        "`network` must have the attribute 'age' on all nodes or none, under a string as its name; got node number 1",
        lambda: gn.from_networkx(network([0])),
    ),
    ("`source` must be a torch_geometric Data", lambda: gn.from_pyg({"x": x34})),
    ("`edge_attr` must have a row for each", lambda: gn.from_pyg(pyg(edge_attr=torch.zeros(7)))),
    ("`edge_index` must be on one level only", lambda: gn.to_pyg(ring.replace(nodes={"edge_index": x34}))),
    ("`note` must be a tensor, or what JSON holds, to be kept; got object", lambda: gn.from_pyg(pyg(note=object()))),
    ("`odd` must have a row for each of 3 nodes, 2 edges, 1 graphs", lambda: gn.from_pyg(pyg(odd=torch.zeros(7)))),
    ("`no_such_package` must be installed.*Run: pip install no_such_package", lambda: require("no_such_package.part")),
    ("`shape` must be trimesh's Trimesh, PointCloud or a Scene of one kind; got int", lambda: gn.from_trimesh(3)),
    ("`pos` must be given, or x", lambda: gn.points(None)),
    ("`x` must have one row for each point", lambda: gn.points(torch.zeros(1, 3, 3), x=torch.zeros(1, 4, 1))),
    ("`x` must hold one tensor for each of the 2 graphs; got 1", lambda: gn.graph([edges, edges], x=[x34])),
    ("`edge_index` must name nodes between 0 and 1; got 0 .. 2 .item 0.", lambda: gn.graph(edges, num_nodes=2)),
    ("`weight` must have 2 rows, one an edge", lambda: gn.graph(edges, edges={"weight": torch.zeros(3)})),
    ("`edge_attr` must have axes .E .... with E=2; got 3 there", lambda: gn.graph(edges, edge_attr=torch.zeros(3, 1))),
    ("`faces` must hold one tensor a mesh, 2; got 1", lambda: gn.mesh([torch.eye(3)] * 2, [torch.tensor([[0, 1, 2]])])),
    ("`faces` must name vertices between 0 and 2; got 0 .. 3", lambda: gn.mesh(torch.eye(3), [[0, 1, 3]])),
    ("`y` must have one row for each of the 1 items", lambda: gn.graph(edges, y=torch.zeros(3))),
    ("`x` must have axes .B, T, C.; got shape .24, 10.", lambda: gn.chain(torch.zeros(24, 10))),
    ("`x` must hold at least one item; got an empty list", lambda: gn.chain([])),
    ("`x` must hold tensors of axes .T, C.; got .7,. .item 1.", lambda: gn.chain([torch.zeros(3, 2), torch.zeros(7)])),
    ("`x` must have the same channels and dtype", lambda: gn.chain([torch.zeros(3, 2), torch.zeros(3, 1)])),
    ("`num_nodes` must hold one number a graph, 1; got 2", lambda: gn.graph(edges, num_nodes=[3, 3])),
    ("`edge_index` must have axes .2, E.; got shape .3, 2.. Transpose it", lambda: gn.graph(torch.zeros(3, 2).long())),
    ("`edge_index` must be integers; got torch.float32", lambda: gn.graph(edges.float())),
    ("`x` must be a tensor or an array; got str", lambda: gn.chain("text")),
]
