"""Layers that hear another structure equal PyG's with a pair `(x_src, x_dst)`: values, gradients, keys, all kernels."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pyg_pairs.networks import network, torch_network
from torch_geometric import nn as pyg
from torch_geometric.data import HeteroData

import geonets as gn

KIND = ("user", "rates", "film")
EDGES = torch.tensor([[3, 0, 2, 2, 1, 0, 4, 3], [0, 0, 1, 1, 3, 2, 0, 3]])  # one pair twice; film 4 hears nobody
NO_LOOPS: dict[str, Any] = {"add_self_loops": False}


def layers() -> dict[str, tuple[Any, Any, str]]:
    """Our layer, PyG's, and what PyG's reads beside `x`; users have 3 channels, films 5 (or 3, where it must be)."""
    hears = gn.Between("__".join(KIND))

    def both(name: str, *given: Any, reads: str = "", **options: Any) -> tuple[Any, Any, str]:
        return getattr(gn.nn, name)(*given, **options, neighborhood=hears), getattr(pyg, name)(*given, **options), reads

    return {
        "SAGE": both("SAGEConv", (3, 5), 4, aggr="max"),
        "GraphConv": both("GraphConv", (3, 5), 4),
        "GraphConv mean": both("GraphConv", (3, 5), 4, aggr="mean", bias=False),
        "GIN": (
            gn.nn.GINConv(network(3, 4), eps=0.3, train_eps=True, neighborhood=hears),
            pyg.GINConv(torch_network(3, 4), eps=0.3, train_eps=True),
            "",
        ),
        "GINE": (
            gn.nn.GINEConv(network(3, 4), edge_dim=2, neighborhood=hears),
            pyg.GINEConv(torch_network(3, 4), edge_dim=2),
            "edge_attr",
        ),
        "GAT": both("GATConv", (3, 5), 4, heads=2, residual=True, **NO_LOOPS),
        "GAT of one width": both("GATConv", 3, 4, heads=2, **NO_LOOPS),
        "GAT with edges": both("GATConv", (3, 5), 4, heads=2, concat=False, edge_dim=2, reads="edge_attr", **NO_LOOPS),
        "GATv2": both("GATv2Conv", (3, 5), 4, heads=2, residual=True, **NO_LOOPS),
        "GATv2 shared": both("GATv2Conv", 3, 4, share_weights=True, **NO_LOOPS),
        "GATv2 with edges": both("GATv2Conv", (3, 5), 4, heads=2, edge_dim=2, reads="edge_attr", **NO_LOOPS),
        "Transformer": both("TransformerConv", (3, 5), 4, heads=2, beta=True),
        "Transformer with edges": both("TransformerConv", (3, 5), 4, heads=2, edge_dim=2, reads="edge_attr"),
        "NNConv": (
            gn.nn.NNConv((3, 5), 4, network(2, 12), aggr="mean", neighborhood=hears),
            pyg.NNConv((3, 5), 4, torch_network(2, 12), aggr="mean"),
            "edge_attr",
        ),
        "NNConv max": (
            gn.nn.NNConv((3, 5), 4, network(2, 12), aggr="max", neighborhood=hears),
            pyg.NNConv((3, 5), 4, torch_network(2, 12), aggr="max"),
            "edge_attr",
        ),
        "EdgeConv": (
            gn.nn.EdgeConv(network(6, 4), neighborhood=hears),
            pyg.EdgeConv(torch_network(6, 4)),
            "",
        ),
        "RGCN": both("RGCNConv", (3, 5), 4, 3, reads="edge_type"),
        "RGCN max": both("RGCNConv", (3, 5), 4, 3, aggr="max", reads="edge_type"),
        "RGCN blocks": both("RGCNConv", (3, 5), 3, 3, num_blocks=3, reads="edge_type"),
        "PointTransformer": both("PointTransformerConv", (3, 5), 4, reads="pos", **NO_LOOPS),
        "ResGated": both("ResGatedGraphConv", (3, 5), 4),
        "ResGated with edges": both("ResGatedGraphConv", (3, 5), 4, edge_dim=2, reads="edge_attr"),
    }


ONE_WIDTH = ("GIN", "GINE", "GAT of one width", "GATv2 shared", "EdgeConv")


def drawn(name: str) -> HeteroData:
    graph = HeteroData(user={"x": torch.randn(5, 3)}, film={"x": torch.randn(5, 3 if name in ONE_WIDTH else 5)})
    graph[KIND].edge_index, graph[KIND].edge_attr = EDGES, torch.randn(EDGES.shape[1], 2)
    graph[KIND].edge_type = torch.tensor([0, 2, 2, 1, 0, 0, 1, 2])
    graph["user"].pos, graph["film"].pos = torch.randn(5, 3), torch.randn(5, 3)
    return graph.apply(lambda rows: rows.double() if rows.is_floating_point() else rows)


@pytest.mark.parametrize("name", layers())
def test_a_pair_is_heard_as_in_pyg(name: str) -> None:
    ours, theirs, reads = layers()[name]
    ours, theirs = ours.double(), theirs.double()
    theirs.load_state_dict(ours.state_dict())
    graph = drawn(name)
    hetero = gn.from_hetero(graph)
    users, films = hetero.structures["user"], hetero.structures["film"]
    spoken, hearing = (part.x.detach().clone().requires_grad_() for part in (users, films))
    mine = ours(films.replace(x=hearing), source=users.replace(x=spoken)).x
    if reads == "pos":
        other = theirs((spoken, hearing), (users.pos, films.pos), EDGES)
    else:
        other = theirs((spoken, hearing), EDGES, **({reads: graph[KIND][reads]} if reads else {}))
    torch.testing.assert_close(mine, other)
    for gradients in zip(
        *(torch.autograd.grad(rows.square().sum(), (spoken, hearing), allow_unused=True) for rows in (mine, other)),
        strict=True,
    ):
        torch.testing.assert_close(*(torch.zeros(1) if part is None else part for part in gradients))
    with gn.reference():
        torch.testing.assert_close(ours(films, source=users).x, mine.detach())


@pytest.mark.parametrize("name", layers())
def test_pairs_of_a_batch_are_those_of_its_items(name: str) -> None:
    layer = layers()[name][0].double()
    items = [gn.from_hetero(drawn(name)) for _ in range(2)]
    users, films = (gn.batch([item.structures[kind] for item in items]) for kind in ("user", "film"))
    apart = [layer(item.structures["film"], source=item.structures["user"]).x for item in items]
    torch.testing.assert_close(layer(films, source=users).x, torch.cat(apart))


def test_weighted_edges_of_a_pair() -> None:
    ours, theirs, _ = layers()["GraphConv"]
    theirs.load_state_dict(ours.state_dict())
    graph = drawn("GraphConv").apply(lambda rows: rows.float() if rows.is_floating_point() else rows)
    hetero = gn.from_hetero(graph)
    users, films = hetero.structures["user"], hetero.structures["film"]
    weight = torch.rand(EDGES.shape[1])
    sorted_weight = gn.Between("__".join(KIND)).edges(films, users).in_receiver_order(weight)
    expected = theirs((users.x, films.x), EDGES, edge_weight=weight)
    torch.testing.assert_close(ours(films, edge_weight=sorted_weight, source=users).x, expected)
