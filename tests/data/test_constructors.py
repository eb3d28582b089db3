"""Constructors: what goes in, what comes out, in which order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import geonets as gn


def _lattice(structure: gn.Structure) -> Any:
    return structure.topology


def test_a_tensor_has_a_leading_batch_axis_and_a_list_an_item_each() -> None:
    uniform, ragged = gn.chain(torch.randn(24, 10, 3)), gn.chain([torch.randn(70, 3), torch.randn(12, 3)])
    assert (len(uniform), uniform.topology.uniform, uniform.x.shape) == (24, (10,), (240, 3))
    assert (len(ragged), ragged.topology.uniform, ragged.topology.node_counts.tolist()) == (2, None, [70, 12])
    assert gn.chain([torch.randn(5, 3), torch.randn(5, 3)]).topology.uniform == (5,)
    assert len(gn.chain(torch.randn(0, 10, 3))) == 0


def test_rows_are_packed_in_the_order_of_the_items() -> None:
    parts = [torch.randn(3, 2), torch.randn(0, 2), torch.randn(4, 2)]
    chain = gn.chain(parts)
    assert torch.equal(chain.x, torch.cat(parts))
    assert all(torch.equal(item.x, part) for item, part in zip(chain, parts, strict=True))
    assert chain.topology.item_ids.tolist() == [0, 0, 0, 2, 2, 2, 2]


def test_channels_first_images_become_rows_of_channels() -> None:
    images = torch.randn(8, 3, 32, 16)
    grid = gn.grid(images, channels_first=True)
    assert grid.topology.uniform == (32, 16)
    assert torch.equal(grid.x.reshape(8, 32, 16, 3), images.permute(0, 2, 3, 1))
    ragged = gn.grid([torch.randn(1, 4, 5), torch.randn(1, 2, 3)], channels_first=True)
    assert ragged.topology.sizes.sizes.tolist() == [[4, 5], [2, 3]]


def test_axes_have_names() -> None:
    assert _lattice(gn.grid(torch.randn(2, 3, 1))).axes == ("x",)
    assert _lattice(gn.grid(torch.randn(2, 3, 4, 1))).axes == ("y", "x")
    assert _lattice(gn.grid(torch.randn(2, 3, 4, 5, 1))).axes == ("z", "y", "x")
    assert _lattice(gn.grid(torch.randn(1, 2, 2, 2, 2, 1), axes=("time", "z", "y", "x"))).num_axes == 4


def test_arrays_and_nested_numbers_are_tensors_too() -> None:
    assert gn.chain(np.zeros((2, 3, 1), dtype=np.float32)).x.dtype == torch.float32
    assert gn.points([np.zeros((4, 3))]).pos.dtype == torch.float64
    assert gn.graph([[0, 1], [1, 0]]).topology.links.num_edges == 2
    assert gn.chain([[[1.0], [2.0]]]).x.tolist() == [[1.0], [2.0]]


def test_points_have_positions_and_features_only_when_given() -> None:
    cloud = gn.points([torch.randn(10, 3)])
    assert cloud.x is None and cloud.pos.shape == (10, 3)
    both = gn.points(torch.randn(2, 5, 3), x=torch.randn(2, 5, 4), y=torch.tensor([0, 1]))
    assert both.x.shape == (10, 4) and both.y.tolist() == [0, 1] and "y" in both.globals


def test_a_graph_sorts_edges_by_receiver_and_their_features_with_them() -> None:
    index = torch.tensor([[0, 1, 2, 0], [2, 0, 1, 1]])
    attr, kind = torch.tensor([[0.0], [1.0], [2.0], [3.0]]), torch.tensor([5, 6, 7, 8])
    graph = gn.graph(index, x=torch.randn(3, 2), edge_attr=attr, edge_type=kind)
    links: Any = graph.topology.links
    assert links.receivers.tolist() == [0, 1, 1, 2] and links.senders.tolist() == [1, 2, 0, 0]
    assert graph.edge_attr.flatten().tolist() == [1, 2, 3, 0] and links.edge_type.tolist() == [6, 7, 8, 5]
    assert links.in_input_order(graph.edge_attr).flatten().tolist() == [0, 1, 2, 3]


def test_lists_of_graphs_are_the_batch_of_graphs() -> None:
    indices = [torch.tensor([[1, 0], [0, 1]]), torch.empty(2, 0), torch.tensor([[0, 2], [1, 0]])]
    features = [torch.randn(2, 4), torch.randn(1, 4), torch.randn(3, 4)]
    together = gn.graph(indices, x=features)
    apart = gn.batch([gn.graph(index, x=x) for index, x in zip(indices, features, strict=True)])
    assert torch.equal(together.topology.links.senders, apart.topology.links.senders)
    assert torch.equal(together.x, apart.x) and together.topology.node_counts.tolist() == [2, 1, 3]


def test_nodes_without_edges_are_counted() -> None:
    assert gn.graph(torch.tensor([[0], [1]])).num_nodes == 2
    assert gn.graph(torch.tensor([[0], [1]]), num_nodes=5).num_nodes == 5
    assert gn.graph(torch.empty(2, 0), num_nodes=4).num_nodes == 4


def test_a_mesh_knows_its_sides_and_faces() -> None:
    corners = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
    square = gn.mesh(corners, torch.tensor([[0, 1, 2], [1, 3, 2]]))
    pairs = set(zip(square.topology.links.senders.tolist(), square.topology.links.receivers.tolist(), strict=True))
    assert pairs == {
        (a, b) for one, two in [(0, 1), (1, 2), (0, 2), (1, 3), (2, 3)] for a, b in [(one, two), (two, one)]
    }


def test_a_molecule_says_what_rdkit_knows() -> None:
    """Ethanol by hand: atomic number, chirality, degree, charge, hydrogens, radicals, sp3 (4), aromatic, in a ring."""
    ethanol = gn.molecule("CCO")
    assert ethanol.x.tolist() == [
        [6, 0, 4, 0, 3, 0, 4, 0, 0],
        [6, 0, 4, 0, 2, 0, 4, 0, 0],
        [8, 0, 2, 0, 1, 0, 4, 0, 0],
    ]
    links: Any = ethanol.topology.links
    assert sorted(zip(links.senders.tolist(), links.receivers.tolist(), strict=True)) == [
        (0, 1),
        (1, 0),
        (1, 2),
        (2, 1),
    ]
    assert ethanol.edge_attr.tolist() == [[1, 0, 0]] * 4 and links.edge_type.tolist() == [0] * 4
    assert ethanol.meta == ({"smiles": "CCO"},)
    assert gn.molecule("c1ccccc1").edge_attr[:, 0].tolist() == [1.5] * 12
    assert gn.molecule("CCO", hydrogens=True).num_nodes == 9
    assert [item.num_nodes for item in gn.molecule(["C#N", "O=C=O"])] == [2, 3]
    both: Any = gn.molecule(["C#N", "O=C=O"]).topology.links
    assert both.edge_type.tolist() == [2, 2, 1, 1, 1, 1]


def test_structure_features_equal_pygs_numbers_up_to_its_encodings() -> None:
    from torch_geometric.utils import from_smiles

    for smiles in ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "C[C@H](N)C(=O)O", "[NH4+].[Cl-]", "C/C=C/C"):
        ours, theirs = gn.molecule(smiles), from_smiles(smiles)
        same = [0, 1, 2, 4, 5, 6, 7, 8]
        assert torch.equal(ours.x[:, same].long(), theirs.x[:, same])
        assert torch.equal(ours.x[:, 3].long(), theirs.x[:, 3] - 5)  # PyG counts charges from -5
        mine = {
            (s, r)
            for s, r in zip(
                *[e.tolist() for e in (ours.topology.links.senders, ours.topology.links.receivers)], strict=True
            )
        }
        assert mine == {(s, r) for s, r in theirs.edge_index.T.tolist()}


def test_trimesh_shapes_come_in() -> None:
    import trimesh

    box = trimesh.creation.box()
    assert gn.from_trimesh(box).levels["faces"]["vertices"].tolist() == box.faces.tolist()
    assert gn.from_trimesh(trimesh.PointCloud(box.vertices)).pos.shape == (8, 3)
    assert len(gn.from_trimesh(trimesh.Scene([box, trimesh.creation.icosphere()]))) == 2
    with pytest.raises(gn.errors.DtypeError, match="`shape` must be trimesh's Trimesh"):
        gn.from_trimesh(3)


def test_connect_writes_a_neighborhood_down() -> None:
    pos = torch.tensor([[0.0], [1.0], [3.0], [10.0]])
    graph = gn.connect(gn.points([pos]), gn.KNN(1))
    links = graph.topology.links
    assert dict(zip(links.receivers.tolist(), links.senders.tolist(), strict=True)) == {0: 1, 1: 0, 2: 1, 3: 2}
    assert torch.equal(graph.pos, pos)


def test_a_batch_vector_says_the_same_as_a_list() -> None:
    pos, x = torch.randn(5, 3), torch.randn(5, 2)
    cloud = gn.points(pos, x=x, batch=torch.tensor([0, 0, 2, 2, 2]), num_items=4)
    assert cloud.topology.node_counts.tolist() == [2, 0, 3, 0]
    assert torch.equal(cloud[2].pos, pos[2:]) and torch.equal(cloud[2].x, x[2:])
    edge_index = torch.tensor([[0, 1, 3, 4], [1, 0, 2, 3]])
    together = gn.graph(edge_index, x=x, batch=[0, 0, 1, 1, 1])
    apart = gn.graph([edge_index[:, :2], edge_index[:, 2:] - 2], x=[x[:2], x[2:]])
    assert together.topology.node_counts.tolist() == apart.topology.node_counts.tolist() == [2, 3]
    assert torch.equal(together.topology.links.senders, apart.topology.links.senders)
    with pytest.raises(gn.errors.StructureError, match="from item 0 to item 1"):
        gn.graph(torch.tensor([[0], [2]]), x=x, batch=[0, 0, 1, 1, 1])
    assert len(gn.points(None, x=torch.zeros(0, 2), batch=torch.empty(0, dtype=torch.long))) == 0


def test_a_tree_may_be_given_by_its_edges() -> None:
    by_edges = gn.tree(torch.tensor([[3, 1, 2], [1, 0, 0]]))
    assert torch.equal(by_edges.topology.links.senders, gn.tree(torch.tensor([-1, 0, 0, 1])).topology.links.senders)
    assert gn.tree(torch.empty(2, 0, dtype=torch.long)).num_nodes == 1


def test_a_layer_may_be_allowed_to_add_more() -> None:
    layer = gn.nn.Conv1d(1, 1, 3, padding=40)
    layer.most_added = 77
    with pytest.raises(gn.errors.ShapeError, match="more than 77 nodes; got 81"):
        layer(gn.chain(torch.randn(1, 3, 1)))
    with pytest.raises(gn.errors.ShapeError, match="more than 77 nodes; got 164"):
        layer(gn.chain([torch.randn(3, 1), torch.randn(5, 1)]))
    layer.most_added = 160
    assert layer(gn.chain([torch.randn(3, 1), torch.randn(5, 1)])).num_nodes == 164
    grow = gn.nn.ConvTranspose1d(1, 1, 2, stride=10**6)
    for lengths in ([3, 3], [300, 2]):
        with pytest.raises(gn.errors.ShapeError, match="most_added"):
            gn.nn.ConvTranspose1d(1, 1, 2, stride=10**9)(gn.chain([torch.randn(n, 1) for n in lengths]))
    assert grow(gn.chain(torch.randn(1, 3, 1))).num_nodes == 3 * 10**6 - 10**6 + 2
