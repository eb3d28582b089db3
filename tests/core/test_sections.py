"""Parts of structures and back: chosen nodes, boxes, slices, fibres."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import chains, graphs, grids, products, sets, sparse_grids
from hypothesis import given, settings
from hypothesis import strategies as st

import geonets as gn
from geonets.core.topology import axis_names

ANY = st.one_of(
    chains(2), grids(2, 2), grids(2, 3), grids(2, 2, periodic=True), sets(2), graphs(2), sparse_grids(2), products(2)
)
TAKEN_APART = st.one_of(chains(2), grids(2, 2), grids(2, 3), grids(2, 3, periodic=True), products(2))


def numbered(structure: gn.Structure) -> gn.Structure:
    return structure.replace(
        nodes={"number": torch.arange(structure.num_nodes)}, globals={"y": torch.arange(len(structure))}
    )


@settings(max_examples=100, deadline=None)
@given(structure=ANY, data=st.data())
def test_chosen_nodes_keep_the_links_between_them(structure: gn.Structure, data: Any) -> None:
    structure, count = numbered(structure), structure.num_nodes
    mask = torch.tensor(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=torch.bool)
    part = structure.nodes_where(mask)
    assert part.nodes["number"].tolist() == mask.nonzero().flatten().tolist() and len(part) == len(structure)
    ids = structure.topology.item_ids[mask]
    assert torch.equal(part.topology.item_ids, ids)
    if structure.topology.has_links:
        old, new, name = structure.topology.links, part.topology.links, part.nodes["number"]
        inner = mask[old.senders] & mask[old.receivers]
        assert torch.equal(name[new.senders], old.senders[inner])
        assert torch.equal(name[new.receivers], old.receivers[inner])
        assert (old.edge_type is None) == (new.edge_type is None)
        if old.edge_type is not None and new.edge_type is not None:
            assert torch.equal(new.edge_type, old.edge_type[inner])


@settings(max_examples=100, deadline=None)
@given(structure=ANY, data=st.data())
def test_what_was_chosen_goes_back_to_its_places(structure: gn.Structure, data: Any) -> None:
    count = structure.num_nodes
    mask = torch.tensor(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=torch.bool)
    part = structure.nodes_where(mask)
    assert torch.equal(structure.put_back(part, where=mask).x, structure.x)
    negated = structure.put_back(part.replace(x=-part.x), where=mask).x
    assert torch.equal(negated, torch.where(mask[:, None], -structure.x, structure.x))
    filled = structure.put_back(part, where=mask, fill=7.0).x
    assert torch.equal(filled, torch.where(mask[:, None], structure.x, 7.0))
    wider = structure.put_back(part.replace(x=part.x.repeat(1, 2)), where=mask).x
    assert torch.equal(wider, torch.where(mask[:, None], structure.x, 0.0).repeat(1, 2))


def test_putting_back_is_differentiable_on_both_sides() -> None:
    whole = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([True, False, False, True, True, False])
    part = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)

    def put(rows: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        structure = gn.Structure(gn.Set(6), {"x": rows})
        return structure.put_back(structure.nodes_where(mask).replace(x=new), where=mask).x

    assert torch.autograd.gradcheck(put, (whole, part))


def test_an_induced_subgraph_keeps_edge_features_and_the_order_in_which_edges_were_given() -> None:
    index = torch.tensor([[3, 0, 2, 1, 0, 3], [0, 3, 1, 2, 2, 2]])
    attr, types = torch.arange(6.0)[:, None], torch.arange(6)
    structure = gn.graph(index, x=torch.eye(4), edge_attr=attr, edge_type=types)
    part = structure.nodes_where(torch.tensor([True, False, True, True]))
    back = gn.to_pyg(part)
    assert back.edge_index.tolist() == [[2, 0, 0, 2], [0, 2, 1, 1]] and back.edge_attr.flatten().tolist() == [
        0,
        1,
        4,
        5,
    ]
    links = part.topology.links
    again = gn.EdgeList.of(links.senders, links.receivers, links.edge_type, num_senders=3, num_receivers=3)
    assert torch.equal(links.transpose.rows, again.transpose.rows) and torch.equal(links.pointers, again.pointers)


def test_a_face_stays_where_all_its_corners_stay() -> None:
    corners = torch.eye(4, 3)
    faces = torch.tensor([[0, 1, 2], [0, 1, 3], [1, 2, 3]])
    meshes = gn.mesh([corners, corners], [faces, faces[:1]])
    part = meshes.nodes_where(torch.tensor([False, True, True, True, True, True, True, False]))
    assert part.levels["faces"].counts.tolist() == [1, 1]
    assert part.levels["faces"]["vertices"].tolist() == [[0, 1, 2], [3, 4, 5]]


@settings(max_examples=100, deadline=None)
@given(structure=st.one_of(chains(2), grids(2, 2), grids(2, 2, periodic=True), sparse_grids(2)), data=st.data())
def test_a_crop_is_a_slice_of_every_item(structure: gn.Structure, data: Any) -> None:
    topology = structure.topology
    assert isinstance(topology, gn.Chain | gn.Grid | gn.SparseGrid)
    structure = numbered(structure)
    end = st.one_of(st.none(), st.integers(-7, 7))
    spans = {axis: slice(data.draw(end), data.draw(end)) for axis in topology.lattice.axes if data.draw(st.booleans())}
    part = structure.crop(**spans)
    kept = []
    for node, (item, place) in enumerate(zip(topology.item_ids.tolist(), topology.coordinates().tolist(), strict=True)):
        sizes = topology.lattice.sizes.sizes[item].tolist()
        ranges = [
            range(size)[spans.get(axis, slice(None))] for axis, size in zip(topology.lattice.axes, sizes, strict=True)
        ]
        kept += [node] if all(at in allowed for at, allowed in zip(place, ranges, strict=True)) else []
    assert part.nodes["number"].tolist() == kept
    assert type(part.topology) is type(topology)
    assert isinstance(part.topology, gn.Chain | gn.Grid | gn.SparseGrid)
    for axis, before, after in zip(
        topology.lattice.axes, topology.lattice.periodic, part.topology.lattice.periodic, strict=True
    ):
        assert after == (before and axis not in spans)
    assert torch.equal(structure.put_back(part.replace(x=part.x + 1), crop=spans).x[kept], structure.x[kept] + 1)


def test_a_product_is_cropped_factor_by_factor() -> None:
    body = gn.Graph(torch.tensor([0, 1, 3]), torch.tensor([1, 0, 4]), [2, 3])
    moving = numbered(gn.Structure(gn.Product(gn.Chain([4, 3]), body)))
    part = moving.crop(time=slice(1, 3))
    assert part.nodes["number"].tolist() == [2, 3, 4, 5, 11, 12, 13, 14, 15, 16]
    assert repr(part.topology) == "Product(2 items of 2 x 2 .. 2 x 3 nodes: Chain x Graph)"


def test_edge_features_are_cropped_with_their_links() -> None:
    ring = gn.Chain(5, periodic=True)
    structure = gn.Structure(ring, edges={"edge_attr": ring.links.senders[:, None]})
    assert structure.nodes_where(torch.tensor([True, True, False, True, True])).edge_attr.flatten().tolist() == [
        4,
        1,
        0,
        4,
        3,
        0,
    ]
    image = gn.Grid((3, 3))
    part = gn.Structure(image, edges={"edge_attr": image.links.senders[:, None]}).crop(y=slice(1, None))
    assert part.edge_attr.flatten().tolist() == (part.topology.links.senders + 3).tolist()
    with pytest.raises(gn.errors.UnsupportedError, match="must not cut a ring open"):
        structure.crop(time=slice(None))


@settings(max_examples=150, deadline=None)
@given(structure=TAKEN_APART, data=st.data())
def test_slices_and_fibres_are_what_the_axis_says(structure: gn.Structure, data: Any) -> None:
    names = axis_names(structure.topology)
    axis = data.draw(st.sampled_from(names))
    structure = numbered(structure)
    slices, fibres = structure.across(axis), structure.along(axis)
    assert (
        sorted(slices.nodes["number"].tolist())
        == sorted(fibres.nodes["number"].tolist())
        == list(range(structure.num_nodes))
    )
    assert torch.equal(structure.put_back(slices, across=axis).x, structure.x)
    assert torch.equal(structure.put_back(fibres, along=axis).x, structure.x)
    assert torch.equal(
        slices.globals["y"][slices.topology.item_ids], structure.topology.item_ids[slices.nodes["number"]]
    )
    if isinstance(structure.topology, gn.Chain | gn.Grid):
        place = structure.topology.coordinates()[:, structure.topology.axes.index(axis)]
        along = fibres.topology
        assert isinstance(along, gn.Chain) and along.axes == (axis,)
        assert torch.equal(place[fibres.nodes["number"]], along.coordinates()[:, 0])
        for item in slices:
            assert len(set(place[item.nodes["number"]].tolist())) <= 1
    alone = gn.batch([part for item in structure for part in item.across(axis)]) if len(slices) else slices
    assert torch.equal(alone.x, slices.x) and torch.equal(alone.topology.node_counts, slices.topology.node_counts)


def test_slices_across_the_slowest_axis_are_views() -> None:
    video = gn.grid(torch.randn(2, 3, 4, 5, 1), axes=("time", "y", "x"))
    body = gn.Graph(torch.tensor([0, 1]), torch.tensor([1, 0]), 2)
    moving = gn.Structure(gn.Product(gn.Chain([3, 2]), gn.Graph.join([body, body])), {"x": torch.randn(10, 4)})
    for structure, axis in (
        (video, "time"),
        (moving, "time"),
        (moving, "first"),
        (gn.chain(torch.randn(2, 3, 1)), "time"),
    ):
        assert structure.across(axis).x.untyped_storage().data_ptr() == structure.x.untyped_storage().data_ptr()
    assert video.along("x").x.untyped_storage().data_ptr() == video.x.untyped_storage().data_ptr()
    assert moving.along("second").x.untyped_storage().data_ptr() == moving.x.untyped_storage().data_ptr()
    assert type(moving.across("time").topology) is gn.Graph and moving.across("time")[1].topology.links.num_edges == 2


def test_directions_of_products_have_names() -> None:
    body = gn.Graph(torch.tensor([0, 1]), torch.tensor([1, 0]), 2)
    moving = gn.Product(gn.Product(gn.Chain(3), body), gn.Grid((4, 5)))
    structure = numbered(gn.Structure(moving))
    assert axis_names(moving) == ["first", "second", "time", "y", "x"]
    assert repr(structure.along("time").topology) == "Chain(40 items of 3 nodes along (time))"
    assert repr(structure.along("x").topology) == "Chain(24 items of 5 nodes along (x))"
    assert repr(structure.along("first.second").topology) == "Graph(60 items of 2 nodes, 120 edges)"
    assert structure.along("first.second")[0].nodes["number"].tolist() == [0, 20]
    assert axis_names(gn.Product(gn.Set(2), gn.Set(3))) == ["first", "second"]
    with pytest.raises(gn.errors.StructureError, match="which has first, second; got 'time'"):
        gn.Structure(gn.Product(gn.Set(2), gn.Set(3))).across("time")
    with pytest.raises(gn.errors.StructureError, match="which has none; got 'time'"):
        gn.Structure(gn.Set(2)).along("time")


def test_meta_and_fields_of_an_item_go_with_its_slices() -> None:
    video = gn.grid(
        torch.zeros(2, 3, 4, 4, 1), axes=("time", "y", "x"), y=torch.tensor([5, 6]), meta=[{"n": 0}, {"n": 1}]
    )
    assert video.across("time").y.tolist() == [5, 5, 5, 6, 6, 6]
    assert [record["n"] for record in video.across("time").meta or ()] == [0, 0, 0, 1, 1, 1]
    back = video.put_back(video.across("time"), across="time")
    assert back.y is video.y and back.meta == video.meta


def test_slices_that_come_back_different_are_refused() -> None:
    video = gn.grid(torch.zeros(1, 2, 3, 1), axes=("time", "x"))
    longer = gn.chain([torch.zeros(3, 1), torch.zeros(2, 1)])
    with pytest.raises(gn.errors.StructureError, match="items of equal topology within each item"):
        video.put_back(longer, across="time")
