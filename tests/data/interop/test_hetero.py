"""`HeteroData`: relations run as PyG's `HeteroConv` runs them, and everything goes back as it came."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from torch_geometric import nn as pyg
from torch_geometric.data import Batch, HeteroData

import geonets as gn

WIDTHS = {"user": 4, "film": 5, "tag": 2}
KINDS = [
    ("user", "rates", "film"),
    ("tag", "describes", "film"),
    ("user", "follows", "user"),
    ("film", "has", "tag"),
]


def drawn(seed: int, **counts: int) -> HeteroData:
    generator = torch.Generator().manual_seed(seed)
    graph = HeteroData()
    sizes = {"user": 6, "film": 4, "tag": 3} | counts
    for kind, width in WIDTHS.items():
        graph[kind].x = torch.randn(sizes[kind], width, generator=generator)
    graph["user"].age = torch.arange(sizes["user"])
    for kind in KINDS:
        count = 9 if sizes[kind[0]] and sizes[kind[2]] else 0
        ends = [torch.randint(max(sizes[end], 1), (count,), generator=generator) for end in (kind[0], kind[2])]
        graph[kind].edge_index = torch.stack(ends)
        graph[kind].edge_attr = torch.randn(count, 2, generator=generator)
    graph.y = torch.tensor([seed])
    graph.name = f"number {seed}"
    return graph


def same(mine: HeteroData, other: HeteroData) -> None:
    assert mine.node_types == other.node_types and set(mine.edge_types) == set(other.edge_types)
    for store in ("", *other.node_types, *other.edge_types):
        ours, theirs = (graph[store] if store else graph._global_store for graph in (mine, other))
        assert set(ours.keys()) == set(theirs.keys())
        for name, value in theirs.items():
            assert torch.equal(ours[name], value) if isinstance(value, torch.Tensor) else ours[name] == value


def test_a_graph_and_back() -> None:
    same(gn.to_hetero(gn.from_hetero(drawn(3))), drawn(3))


def test_several_graphs_and_back() -> None:
    graphs = [drawn(0), drawn(1, user=2, tag=0), drawn(2, film=1)]
    for given in (graphs, Batch.from_data_list(graphs)):  # pyright: ignore[reportArgumentType]
        found = gn.from_hetero(given)
        assert len(found) == 3 and found.globals["y"].tolist() == [0, 1, 2]
        for mine, other in zip(gn.to_hetero(found).to_data_list(), graphs, strict=True):
            same(mine, other)
        for mine, other in zip(found, graphs, strict=True):  # pyright: ignore[reportArgumentType]
            same(gn.to_hetero(mine), other)
        same(gn.to_hetero(found[torch.tensor([2, 0])])[1], graphs[0])


@pytest.mark.parametrize("aggr", ["mean", "max", "sum"])
@pytest.mark.parametrize("several", [False, True])
def test_relations_run_as_those_of_pyg(aggr: str, several: bool) -> None:
    graphs = [drawn(0), drawn(1, user=2, tag=0), drawn(2, film=1)] if several else [drawn(5)]
    source: Any = Batch.from_data_list(graphs) if several else graphs[0]  # pyright: ignore[reportArgumentType]
    torch.manual_seed(0)
    convolutions: dict[Any, Any] = {
        kind: pyg.SAGEConv((WIDTHS[kind[0]], WIDTHS[kind[2]]), 8, aggr=aggr) for kind in KINDS
    }
    theirs = pyg.HeteroConv(convolutions, aggr="sum")(source.x_dict, source.edge_index_dict)
    hetero = gn.from_hetero(source)
    ours: dict[str, torch.Tensor] = {}
    weights: list[torch.Tensor] = []
    for kind, hears in hetero.neighborhoods.items():
        sender, _, receiver = kind
        layer = gn.nn.SAGEConv((WIDTHS[sender], WIDTHS[receiver]), 8, aggr, neighborhood=hears)
        layer.load_state_dict(convolutions[kind].state_dict())
        weights.append(layer.lin_l.weight)
        rows = layer(hetero.structures[receiver], source=hetero.structures[sender]).x
        ours[receiver] = ours[receiver] + rows if receiver in ours else rows
    assert ours.keys() == theirs.keys()
    for kind, rows in theirs.items():
        torch.testing.assert_close(ours[kind], rows)
    their_weights = [convolution.lin_l.weight for convolution in convolutions.values()]
    gradients = [
        torch.autograd.grad(torch.cat([out[kind].square().flatten() for kind in theirs]).sum(), wanted)
        for out, wanted in ((ours, weights), (theirs, their_weights))
    ]
    for mine, other in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, other)


def test_fields_of_edges_and_kinds_without_features() -> None:
    graph = HeteroData()
    graph["a"].num_nodes = 3
    graph["b"].x = torch.ones(2, 1)
    graph["b"].note = "two of them"
    graph["a", "to", "b"].edge_index = torch.tensor([[2, 0, 1], [1, 0, 1]])
    graph["a", "to", "b"].edge_type = torch.tensor([0, 1, 0])
    found = gn.from_hetero(graph)
    edges = found.neighborhoods["a", "to", "b"].edges(found.structures["b"], found.structures["a"])
    assert edges.edge_type is not None and edges.edge_type.tolist() == [1, 0, 0]
    same(gn.to_hetero(found), graph)


def test_a_record_moves_and_travels() -> None:
    found = gn.from_hetero([drawn(0), drawn(1)])
    for other in (
        pickle.loads(pickle.dumps(found)),
        copy.deepcopy(found),
        found.to(dtype=torch.float64).to(dtype=torch.float32),
    ):
        same(gn.to_hetero(other[1]), drawn(1))
    assert found.to(dtype=torch.float64).structures["user"].x.dtype == torch.float64


def test_structures_that_were_related_by_hand_go_to_pyg() -> None:
    users, films = gn.points(None, x=torch.randn(2, 3, 4)), gn.points(None, x=torch.randn(2, 2, 5))
    ends = torch.tensor([[2, 0, 1], [0, 0, 1]])
    films = gn.relate(films, users, [ends, ends[:, :1]], "rated by")
    both = gn.Hetero({"user": users, "film": films}, {("user", "rates", "film"): gn.Between("rated by")})
    first, second = gn.to_hetero(both).to_data_list()
    assert torch.equal(first["user", "rates", "film"].edge_index, ends)
    assert torch.equal(second["user", "rates", "film"].edge_index, ends[:, :1])


def test_graphs_of_a_list_have_the_same_kinds() -> None:
    less = drawn(1)
    del less["tag", "describes", "film"]
    with pytest.raises(gn.errors.StructureError, match=r"got \('tag', 'describes', 'film'\)"):
        gn.from_hetero([drawn(0), less])
