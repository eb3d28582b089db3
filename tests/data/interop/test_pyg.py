"""PyG's `Data` and `Batch`: every attribute comes in on its level, and goes back as it was."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader

import geonets as gn

EDGES = torch.tensor([[2, 0, 1, 0], [0, 1, 2, 2]])


def full(seed: int = 0, **others: Any) -> Data:
    generator = torch.Generator().manual_seed(seed)
    return Data(
        x=torch.randn(3, 2, generator=generator),
        pos=torch.randn(3, 3, generator=generator),
        edge_index=EDGES,
        edge_attr=torch.randn(4, 2, generator=generator),
        y=torch.randn(1, 5, generator=generator),
        train_mask=torch.tensor([True, False, True]),
        name=f"number {seed}",
        sizes=[seed, 2],
        **others,
    )


def same(mine: Data, other: Data) -> None:
    assert set(mine.keys()) - {"num_nodes"} == set(other.keys()) - {"num_nodes"}
    assert mine.num_nodes == other.num_nodes
    for name in other.keys():  # noqa: SIM118  not a dict
        if isinstance(other[name], torch.Tensor):
            assert torch.equal(mine[name], other[name]) and mine[name].dtype == other[name].dtype, name
        else:
            assert mine[name] == other[name], name


def test_a_graph_and_back() -> None:
    found = gn.from_pyg(full())
    assert set(found.nodes) == {"x", "pos", "train_mask"} and set(found.edges) == {"edge_attr"}
    assert found.y.shape == (1, 5) and found.meta == ({"name": "number 0", "sizes": [0, 2]},)
    same(gn.to_pyg(found), full())


@pytest.mark.parametrize("make", [Batch.from_data_list, list, tuple], ids=["Batch", "list", "tuple"])
def test_several_graphs_and_back(make: Any) -> None:
    graphs = [full(seed) for seed in range(3)]
    found = gn.from_pyg(make(graphs))
    assert len(found) == 3 and found.meta is not None and found.meta[2]["name"] == "number 2"
    back = gn.to_pyg(found).to_data_list()
    for mine, other in zip(back, graphs, strict=True):
        same(mine, other)
    for item, other in zip(found, graphs, strict=True):
        same(gn.to_pyg(item), other)


def test_what_a_loader_gives_is_a_batch() -> None:
    (batch,) = DataLoader([full(seed) for seed in range(3)], batch_size=3, follow_batch=["x"])  # pyright: ignore[reportArgumentType]
    assert "x_batch" in batch
    assert set(gn.from_pyg(batch).nodes) == {"x", "pos", "train_mask"}


def test_numbers_are_fields_of_items() -> None:
    one, several = gn.from_pyg(full(energy=3.5, charge=-1)), gn.from_pyg([full(energy=3.5), full(energy=4.5)])
    assert one.globals["energy"].tolist() == [3.5] and one.globals["charge"].tolist() == [-1]
    assert several.globals["energy"].tolist() == [3.5, 4.5]


def test_dicts_and_records_come_back_within_meta() -> None:
    found = gn.from_pyg([full(notes={"by": "ann", "year": 1}), full(notes={"by": "bob", "year": 2})])
    assert found.meta is not None
    assert [record["notes"]["by"] for record in found.meta] == ["ann", "bob"]
    assert gn.from_pyg(gn.to_pyg(found)).meta == found.meta
    empty = gn.graph(EDGES, num_nodes=3, meta=[{}])
    assert gn.from_pyg(gn.to_pyg(empty)).meta == ({},)
    odd = gn.graph(EDGES, num_nodes=3, meta=[{"num_edges": "many", "no identifier": "kept", "z": [1]}])
    assert gn.from_pyg(gn.to_pyg(odd)).meta == odd.meta


def test_without_edges_it_is_a_set_and_with_none_a_graph() -> None:
    cloud = gn.from_pyg([Data(pos=torch.randn(4, 3)), Data(pos=torch.randn(2, 3))])
    assert isinstance(cloud.topology, gn.Set) and cloud.topology.node_counts.tolist() == [4, 2]
    assert "edge_index" not in gn.to_pyg(cloud)
    bare = gn.from_pyg(Data(x=torch.randn(2, 1), edge_index=torch.empty(2, 0, dtype=torch.long)))
    assert isinstance(bare.topology, gn.Graph) and gn.to_pyg(bare).edge_index.shape == (2, 0)


def test_faces_of_a_mesh() -> None:
    corners = torch.tensor([[0, 1, 2], [0, 2, 3]])
    meshes = gn.mesh([torch.randn(4, 3), torch.randn(3, 3)], [corners, corners[:1]])
    batch = gn.to_pyg(meshes)
    assert torch.equal(batch.face, torch.tensor([[0, 0, 4], [1, 2, 5], [2, 3, 6]]))
    for given in (batch, [Data(pos=part.pos, face=part.face) for part in batch.to_data_list()]):
        back = gn.from_pyg(given)
        assert torch.equal(back.levels["faces"]["vertices"], meshes.levels["faces"]["vertices"])
        assert torch.equal(back.levels["faces"].counts, meshes.levels["faces"].counts)
        assert torch.equal(back.topology.links.senders, meshes.topology.links.senders)
        assert torch.equal(back.pos, meshes.pos)


def test_a_transposed_adjacency_matrix() -> None:
    from torch_geometric.transforms import ToSparseTensor

    layout: Any = torch.sparse_csr
    ends = torch.tensor([[2, 0, 0, 1], [0, 1, 2, 2]])
    graph = Data(x=torch.randn(3, 2), edge_index=ends, edge_weight=torch.arange(1.0, 5.0))
    found = gn.from_pyg(graph)
    with warnings.catch_warnings():  # torch speaks of beta, once
        warnings.simplefilter("ignore")
        sparse = ToSparseTensor(layout=layout)(graph)
    for given, times in ((sparse, 1), ([sparse, sparse], 2)):
        again, links = gn.from_pyg(given), found.topology.links
        assert torch.equal(again[-1].topology.links.senders, links.senders)
        assert torch.equal(again.edges["edge_weight"], found.edges["edge_weight"].repeat(times))


def test_an_edge_index_of_its_own_class_is_one() -> None:
    import torch_geometric

    edge_index: Any = torch_geometric.EdgeIndex
    found = gn.from_pyg(Data(x=torch.randn(3, 1), edge_index=edge_index(EDGES, sparse_size=(3, 3))))
    assert type(found.topology.links.senders) is torch.Tensor and gn.to_pyg(found).edge_index.equal(EDGES)


def test_a_batch_vector_of_ones_own() -> None:
    graph = Data(
        x=torch.randn(3, 2), edge_index=torch.tensor([[0], [1]]), batch=torch.tensor([0, 0, 1]), y=torch.zeros(2)
    )
    found = gn.from_pyg(graph)
    assert found.topology.node_counts.tolist() == [2, 1] and found.globals.keys() == {"y"}


def test_where_counts_agree_the_items_tell_and_the_user_may() -> None:
    """Four nodes, four edges, two graphs: what a graph has of an attribute says where it belongs."""
    small = Data(
        x=torch.zeros(1, 1), edge_index=torch.zeros(2, 3, dtype=torch.long), mark=torch.zeros(3), rank=torch.ones(1)
    )
    large = Data(
        x=torch.zeros(3, 1), edge_index=torch.zeros(2, 1, dtype=torch.long), mark=torch.zeros(1), rank=torch.ones(3)
    )
    found = gn.from_pyg([small, large])
    assert found.edges.keys() == {"mark"} and found.nodes.keys() == {"x", "rank"}
    alone = Data(x=torch.zeros(1, 1), edge_index=torch.zeros(2, 1, dtype=torch.long), energy=torch.ones(1))
    assert gn.from_pyg(alone).nodes.keys() == {"x", "energy"}  # PyG's own rule
    for level in ("nodes", "edges", "globals"):
        assert "energy" in getattr(gn.from_pyg(alone, levels={"energy": level}), level)


def test_an_edge_type_that_is_no_number_is_a_field() -> None:
    found = gn.from_pyg(Data(x=torch.zeros(3, 1), edge_index=EDGES, edge_type=torch.rand(4, 2)))
    assert found.topology.links.edge_type is None and found.edges["edge_type"].shape == (4, 2)


def test_nodes_are_counted_as_pyg_counts_them() -> None:
    assert gn.from_pyg(Data(edge_index=EDGES)).num_nodes == 3
    assert gn.from_pyg(Data(edge_index=EDGES, num_nodes=7)).num_nodes == 7
    assert gn.from_pyg(Data(edge_index=torch.empty(2, 0, dtype=torch.long), num_nodes=0)).num_nodes == 0
