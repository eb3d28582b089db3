"""Law 7: splitting and batching, pickles and copies, other libraries and back."""

from __future__ import annotations

import copy
import pickle
from typing import Any
from unittest import mock

import pytest
import torch
from drawing import ANY, SEEDS, graphs
from every_layer.structures import chain, cloud, forest, graph, grid, moving, ring, sparse, torus, volume
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils import _pytree as pytree

import geonets as gn
from geonets.core import loops


def with_everything(structure: gn.Structure) -> gn.Structure:
    return structure.replace(
        globals={"y": torch.arange(len(structure)), "weight": torch.rand(len(structure), 2)},
        meta=[{"name": f"item {place}"} for place in range(len(structure))],
    )


def assert_equal(ours: gn.Structure, theirs: gn.Structure) -> None:
    assert type(ours.topology) is type(theirs.topology) and len(ours) == len(theirs)
    assert torch.equal(ours.topology.sizes.sizes, theirs.topology.sizes.sizes)
    if isinstance(ours.topology, gn.Chain | gn.Grid) and isinstance(theirs.topology, gn.Chain | gn.Grid):
        assert ours.topology.axes == theirs.topology.axes and ours.topology.periodic == theirs.topology.periodic
    if isinstance(ours.topology, gn.SparseGrid) and isinstance(theirs.topology, gn.SparseGrid):
        assert torch.equal(ours.topology.coordinates(), theirs.topology.coordinates())
        assert torch.equal(ours.topology.lattice.sizes.sizes, theirs.topology.lattice.sizes.sizes)
    if isinstance(ours.topology, gn.Product | gn.SparseGrid):
        assert_equal_edges(ours.topology.links, theirs.topology.links)
    for level in ("nodes", "edges", "globals"):
        mine, other = getattr(ours, level), getattr(theirs, level)
        assert mine.keys() == other.keys()
        assert all(torch.equal(mine[name], other[name]) and mine[name].dtype == other[name].dtype for name in mine)
    assert ours.meta == theirs.meta
    if isinstance(ours.topology, gn.Graph):
        assert_equal_edges(ours.topology.links, theirs.topology.links)
        for mine, other in zip(ours, theirs, strict=True):
            for end in ("senders", "receivers"):
                rows = [part.topology.links.in_input_order(getattr(part.topology.links, end)) for part in (mine, other)]
                assert torch.equal(*rows), "the order in which the edges of an item were given"


def assert_equal_edges(mine: gn.EdgeList, other: gn.EdgeList) -> None:
    for name in ("senders", "receivers", "pointers", "degrees", "receivers_by_sender"):
        assert torch.equal(getattr(mine, name), getattr(other, name)), name
    assert torch.equal(mine.transpose.rows, other.transpose.rows)
    assert torch.equal(mine.transpose.pointers, other.transpose.pointers)
    assert (mine.edge_type is None) == (other.edge_type is None)


@settings(max_examples=60, deadline=None)
@given(structure=ANY)
def test_splitting_and_batching(structure: gn.Structure) -> None:
    structure = with_everything(structure)
    if len(structure):
        assert_equal(gn.batch(list(structure)), structure)
        assert_equal(structure.map(lambda item: item), structure)


@settings(max_examples=100, deadline=None)
@given(structure=ANY, data=st.data())
def test_every_way_to_index_means_the_same_items(structure: gn.Structure, data: Any) -> None:
    structure, count = with_everything(structure), len(structure)
    if not count:
        assert len(structure[:]) == len(structure[[]]) == 0
        return
    chosen = data.draw(st.lists(st.integers(-count, count - 1), max_size=5))
    expected = [structure[place] for place in chosen]
    for index in (chosen, torch.tensor(chosen, dtype=torch.long), torch.tensor(chosen, dtype=torch.int32)):
        found = structure[index]
        assert len(found) == len(chosen)
        if expected:
            assert_equal(found, gn.batch(expected))
    mask = torch.tensor(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    assert_equal(structure[mask], structure[mask.nonzero().squeeze(1)])
    assert_equal(structure[mask.tolist()], structure[mask])
    start, stop, step = data.draw(st.integers(0, count)), data.draw(st.integers(0, count)), data.draw(st.integers(1, 3))
    assert_equal(structure[start:stop:step], structure[list(range(count))[start:stop:step]])
    assert_equal(structure[::-1], structure[list(range(count))[::-1]])


@settings(max_examples=60, deadline=None)
@given(structure=graphs(2, edge_channels=2), data=st.data())
def test_sliced_pointers_and_transpose_are_the_sorted_ones(structure: gn.Structure, data: Any) -> None:
    count = len(structure)
    chosen = data.draw(st.lists(st.integers(0, count - 1), max_size=5)) if count else []
    sliced = structure[chosen].topology.links
    again = gn.EdgeList.of(
        sliced.senders, sliced.receivers, num_senders=sliced.num_senders, num_receivers=sliced.num_receivers
    )
    assert_equal_edges(sliced, again)
    with mock.patch.object(loops, "is_there", return_value=False):
        slow = structure[chosen]
        assert_equal_edges(slow.topology.links, again)
    assert_equal(structure[chosen], slow)


@settings(max_examples=60, deadline=None)
@given(structure=ANY)
def test_pickles_copies_moves_and_leaves(structure: gn.Structure) -> None:
    structure = with_everything(structure)
    structure.topology.node_offsets  # what is remembered must not get in the way
    assert_equal(pickle.loads(pickle.dumps(structure)), structure)
    assert_equal(copy.deepcopy(structure), structure)
    assert_equal(structure.to("cpu"), structure)
    leaves, shape = pytree.tree_flatten(structure)
    assert all(isinstance(leaf, torch.Tensor) for leaf in leaves)
    assert_equal(pytree.tree_unflatten(leaves, shape), structure)
    assert structure.to(torch.float32).x.dtype == torch.float32
    assert structure.to(torch.float32).globals["y"].dtype == torch.int64


def test_a_copy_shares_no_memory() -> None:
    structure = graph([3, 4], 1)
    twin = copy.deepcopy(structure)
    twin.x.zero_()
    assert structure.x.abs().sum() > 0
    learned = structure.replace(x=structure.x.clone().requires_grad_())
    assert copy.deepcopy(learned).x.requires_grad and copy.deepcopy(learned).x.is_leaf


@pytest.mark.parametrize(
    "draw", [chain, ring, grid, torus, volume, sparse, moving, cloud, graph, forest], ids=lambda draw: draw.__name__
)
def test_contiguous_items_are_views(draw: Any) -> None:
    structure = draw([3, 4, 2, 5], 1)
    middle = structure[1:3]
    assert middle.x.untyped_storage().data_ptr() == structure.x.untyped_storage().data_ptr()


def test_levels_are_renumbered_with_their_nodes() -> None:
    corners = torch.eye(4, 3)
    faces = torch.tensor([[0, 1, 2], [0, 1, 3]])
    meshes = gn.mesh([corners, corners[:3], corners], [faces, faces[:1], faces])
    assert meshes.levels["faces"]["vertices"].tolist() == [[0, 1, 2], [0, 1, 3], [4, 5, 6], [7, 8, 9], [7, 8, 10]]
    for chosen in ([2, 1], [1], [0, 0]):
        found = meshes[chosen]
        for item in found:
            ids = item.levels["faces"]["vertices"]
            assert int(ids.min()) == 0 and int(ids.max()) < item.num_nodes
        assert_equal(gn.batch(list(found)), found)
    assert meshes[1:].levels["faces"].counts.tolist() == [1, 2]
    assert gn.batch([meshes, meshes]).levels["faces"]["vertices"][5].tolist() == [11, 12, 13]


@settings(max_examples=40, deadline=None)
@given(structure=graphs(2, edge_channels=2, dim=3))
def test_pyg_and_back(structure: gn.Structure) -> None:
    if not len(structure):
        return
    structure = structure.replace(globals={"y": torch.randn(len(structure), 2)}, meta=[{"name": "a"}] * len(structure))
    assert_equal(gn.from_pyg(gn.to_pyg(structure)), structure)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), directed=st.booleans(), multi=st.booleans(), seed=SEEDS)
def test_networkx_and_back(data: Any, directed: bool, multi: bool, seed: int) -> None:
    import networkx

    kinds = {
        (0, 0): networkx.Graph,
        (1, 0): networkx.DiGraph,
        (0, 1): networkx.MultiGraph,
        (1, 1): networkx.MultiDiGraph,
    }
    network = kinds[directed, multi](title="a network", rank=3)
    names = ["ann", "bob", 7, "dan", "eve"]
    for place, name in enumerate(names):
        network.add_node(name, age=place, pair=[place, 0.5], role="guest")
    for _ in range(data.draw(st.integers(0, 8))):
        ends = data.draw(st.tuples(st.sampled_from(names), st.sampled_from(names)))
        network.add_edge(*ends, weight=float(seed % 7), kind="knows")
    back = gn.to_networkx(gn.from_networkx(network))
    assert type(back) is type(network) and back.graph == network.graph
    assert dict(back.nodes(data=True)) == dict(network.nodes(data=True))
    assert _edges(back) == _edges(network)


def _edges(network: Any) -> list[Any]:
    listed = [(first, second, sorted(attributes.items())) for first, second, attributes in network.edges(data=True)]
    ordered = listed if network.is_directed() else [(*sorted(edge[:2], key=str), edge[2]) for edge in listed]
    return sorted(ordered, key=str)


def test_the_users_edge_order_comes_back() -> None:
    index = torch.tensor([[3, 0, 2, 1, 0], [0, 3, 1, 2, 1]])
    attr = torch.arange(5.0)[:, None]
    structure = gn.graph(index, edge_attr=attr, num_nodes=4)
    assert structure.topology.links.receivers.tolist() == sorted(index[1].tolist())
    returned = gn.to_pyg(structure)
    assert torch.equal(returned.edge_index, index) and torch.equal(returned.edge_attr, attr)


def test_edges_given_across_items_keep_their_order_within_each() -> None:
    """Edges of two items, interleaved: slicing must not mix them up."""
    topology = gn.Graph(torch.tensor([3, 1, 2, 0]), torch.tensor([2, 0, 3, 1]), torch.tensor([2, 2]))
    structure = gn.Structure(topology, {"x": torch.zeros(4, 1)}, {"edge_attr": topology.links.input_order[:, None]})  # pyright: ignore[reportOptionalSubscript]
    first, second = structure
    assert gn.to_pyg(first).edge_index.tolist() == [[1, 0], [0, 1]]
    assert gn.to_pyg(second).edge_index.tolist() == [[1, 0], [0, 1]]
    assert gn.to_pyg(second).edge_attr.flatten().tolist() == [0, 2]
