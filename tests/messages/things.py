"""What the messages are about: small structures, and some that are wrong."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

import geonets as gn

x34, edges = torch.randn(3, 4), torch.tensor([[0, 1], [1, 2]])
chain = gn.chain([torch.randn(4, 2), torch.randn(3, 2)])
cloud = gn.points([torch.randn(5, 3)])
ring = gn.graph(torch.tensor([[0, 1, 2], [1, 2, 0]]), x=x34)
path = gn.graph(edges, x=x34)
around = gn.chain(torch.randn(2, 4, 2), periodic=True)
image = gn.grid(torch.randn(1, 3, 3, 2))
no_features = gn.graph(edges, num_nodes=3)


def level(**changes: Any) -> gn.Structure:
    faces = {
        "counts": torch.tensor([1]),
        "fields": {"vertices": torch.tensor([[0, 1, 2]])},
        "node_ids": frozenset({"vertices"}),
    }
    return gn.Structure(gn.Set(3), levels={"faces": gn.Level(**{**faces, **changes})})


def pyg(**fields: Any) -> Any:
    from torch_geometric.data import Data

    return Data(edge_index=edges, num_nodes=3, **fields)


def network(attribute_on: list[int]) -> Any:
    import networkx

    graph = networkx.path_graph(3)
    for node in attribute_on:
        graph.nodes[node]["age"] = 1
    return graph


unknown: Any = ("node",)


class Pool(nn.Module):
    def forward(self, x: torch.Tensor, edge_index: torch.Tensor) -> torch.Tensor:
        return x[:1]
