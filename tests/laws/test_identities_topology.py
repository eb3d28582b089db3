"""What periodic lattices, sparse grids, products and slices must be equal to."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import assert_same, products, with_grads
from hypothesis import given, settings

import geonets as gn


@pytest.mark.parametrize("size", [(6, 7), (1, 4), (2, 3)], ids=str)
@pytest.mark.parametrize("shift", [(1, 0), (2, 3), (-1, 2)], ids=str)
def test_on_a_torus_a_zero_padded_convolution_commutes_with_shifts_exactly(size: Any, shift: Any) -> None:
    """There is no border to be padded: translation is an exact symmetry, as with `padding_mode="circular"`."""
    x = torch.randn(2, *size, 3, dtype=torch.float64)
    conv = gn.nn.Conv2d(3, 4, 3, padding=1).double()
    before = conv(gn.grid(x, periodic=True)).x.reshape(2, *size, 4)
    after = conv(gn.grid(x.roll(shift, (1, 2)), periodic=True)).x.reshape(2, *size, 4)
    torch.testing.assert_close(after, before.roll(shift, (1, 2)), atol=1e-12, rtol=1e-12)
    assert (conv(gn.grid(x)).x.reshape(2, *size, 4) - before).abs().max() > 1e-3


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_convolution_on_a_ring_is_torchs_circular_one(stride: int) -> None:
    x = torch.randn(2, 6, 3, dtype=torch.float64)
    ring, chain = gn.chain(x, periodic=True), gn.chain(x)
    conv = gn.nn.Conv1d(3, 4, 3, stride=stride, padding=1).double()
    circular = gn.nn.Conv1d(3, 4, 3, stride=stride, padding=1, padding_mode="circular").double()
    circular.load_state_dict(conv.state_dict())
    assert_same(with_grads(conv, ring), with_grads(circular, chain))


def test_a_ring_is_a_graph_with_the_same_links() -> None:
    rings = gn.Chain([5, 1, 2, 0], periodic=True)
    links = rings.links
    graph = gn.Graph(links.senders, links.receivers, rings.node_counts)
    x = torch.randn(8, 3, dtype=torch.float64)
    for layer in (gn.nn.GCNConv(3, 2).double(), gn.nn.SAGEConv(3, 2, aggr="max").double()):
        assert_same(with_grads(layer, gn.Structure(rings, {"x": x})), with_grads(layer, gn.Structure(graph, {"x": x})))


LAYERS_2D = {
    "3 x 3": lambda: gn.nn.Conv2d(3, 4, 3, padding=1),
    "strided": lambda: gn.nn.Conv2d(3, 4, 3, stride=2, padding=1),
    "1 x 1 strided": lambda: gn.nn.Conv2d(3, 4, 1, stride=2),
    "7 x 7 strided": lambda: gn.nn.Conv2d(3, 4, 7, stride=2, padding=3),
    "pooled": lambda: gn.nn.MaxPool2d(3, 2, 1),
    "two deep": lambda: gn.nn.Sequential(
        gn.nn.Conv2d(3, 4, 3, stride=2, padding=1), gn.nn.ReLU(), gn.nn.MaxPool2d(3, 2, 1), gn.nn.Conv2d(4, 2, 3, 1, 1)
    ),
    "read out": lambda: gn.nn.Sequential(gn.nn.Conv2d(3, 4, 3, padding=1), gn.nn.Readout("mean")),
}


@pytest.mark.parametrize("name", LAYERS_2D)
def test_a_rectangular_mask_is_a_crop(name: str) -> None:
    layer = LAYERS_2D[name]().double()
    image = gn.grid(torch.randn(2, 12, 13, 3, dtype=torch.float64))
    mask = torch.zeros(2, 12, 13, dtype=torch.bool)
    mask[:, 4:11, 8:12] = True  # the corner is even twice over: two strides deep
    box = image.crop(y=slice(4, 11), x=slice(8, 12))
    assert_same(with_grads(layer, image.nodes_where(mask.flatten())), with_grads(layer, box))


@pytest.mark.parametrize("name", LAYERS_2D)
@pytest.mark.parametrize("periodic", [False, True])
def test_a_full_mask_is_the_grid(name: str, periodic: bool) -> None:
    layer = LAYERS_2D[name]().double()
    images = gn.grid([torch.randn(8, 12, 3, dtype=torch.float64), torch.randn(4, 8, 3).double()], periodic=periodic)
    full = images.nodes_where(torch.ones(images.num_nodes, dtype=torch.bool))
    assert_same(with_grads(layer, full), with_grads(layer, images))


def window(size: int, axes: int, stride: int = 1) -> gn.Stencil:
    """A window with padding on both sides."""
    kernel, strides, padding, dilation = ((number,) * axes for number in (size, stride, size // 2, 1))
    return gn.Stencil(kernel, strides, padding, padding, dilation)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_chain_times_a_grid_with_the_27_strong_offsets_is_conv3d(stride: int) -> None:
    videos = gn.grid([torch.randn(3, 4, 5, 2), torch.randn(2, 3, 3, 2)], axes=("time", "y", "x")).to(torch.float64)
    strong, whole = gn.Strong(window(3, 1, stride), window(3, 2, stride)), window(3, 3, stride)
    mine, theirs = strong.edges(videos), whole.edges(videos)
    assert strong.num_types(videos.topology) == 27
    for end in ("senders", "receivers", "edge_type"):
        assert torch.equal(getattr(mine, end), getattr(theirs, end))
    conv = gn.nn.Conv3d(2, 3, 3, stride, padding=1, bias=False).double()
    weight = conv.weight.flatten(2).movedim(2, 0)
    heard = torch.einsum("eoi,ei->eo", weight[mine.edge_type], videos.x[mine.senders])  # pyright: ignore[reportArgumentType, reportCallIssue]
    rows = torch.zeros(mine.num_receivers, 3, dtype=torch.float64).index_add(0, mine.receivers, heard)
    torch.testing.assert_close(rows, conv(videos).x, atol=1e-10, rtol=1e-10)
    cartesian = gn.Product(gn.Chain(3), gn.Grid((4, 5))).links
    assert int(cartesian.degrees.max()) == 6 < int(whole.edges(videos).degrees.max())


@pytest.mark.parametrize("axis", ["first", "second", "time", "y", "x"])
def test_a_strong_window_along_any_axis_is_the_window_of_all(axis: str) -> None:
    videos = gn.Structure(gn.Grid([(3, 4, 2), (2, 3, 3)], ("time", "y", "x")))
    along = 2 if axis == "second" else 1
    mine, theirs = gn.Strong(window(3, along), window(3, 3 - along), axis).edges(videos), window(3, 3).edges(videos)
    pairs = [sorted(zip(edges.senders.tolist(), edges.receivers.tolist(), strict=True)) for edges in (mine, theirs)]
    assert pairs[0] == pairs[1]


def test_a_strong_product_is_networkxs() -> None:
    import networkx

    ends = torch.tensor([[0, 1, 2], [1, 2, 0]])
    edges = gn.Strong().edges(gn.Structure(gn.Product(gn.Chain(4), gn.Graph(ends[0], ends[1], 3))))
    expected = networkx.strong_product(networkx.path_graph(4).to_directed(), networkx.DiGraph(ends.T.tolist()))
    number = {node: 3 * node[0] + node[1] for node in expected}
    wanted = {(number[a], number[b]) for a, b in expected.edges} | {(node, node) for node in number.values()}
    assert sorted(zip(edges.senders.tolist(), edges.receivers.tolist(), strict=True)) == sorted(wanted)


@settings(max_examples=60, deadline=None)
@given(structure=products(1))
def test_cartesian_links_are_those_along_either_factor(structure: gn.Structure) -> None:
    topology = structure.topology
    assert isinstance(topology, gn.Product)
    if not topology.has_links:
        return
    found = []
    for number, (name, factor) in enumerate((("first", topology.first), ("second", topology.second))):
        if factor.has_links:
            edges = gn.Along(name).edges(structure)
            types = torch.zeros_like(edges.senders) if edges.edge_type is None else edges.edge_type
            found += list(
                zip(edges.senders.tolist(), edges.receivers.tolist(), (2 * types + number).tolist(), strict=True)
            )
    links = topology.links
    assert links.edge_type is not None
    mine = zip(links.senders.tolist(), links.receivers.tolist(), links.edge_type.tolist(), strict=True)
    assert sorted(mine) == sorted(found)


def test_neighbours_by_position_within_each_frame() -> None:
    """A cloud that moves: whoever is near now is heard now."""
    pos = torch.randn(2, 4, 5, 3, dtype=torch.float64)
    topology = gn.Product(gn.Chain(4, num_items=2), gn.Set(5, num_items=2))
    moving = gn.Structure(topology, {"x": torch.randn(40, 2, dtype=torch.float64), "pos": pos.flatten(0, 2)})
    frames = gn.points(pos.flatten(0, 1), x=moving.x.reshape(8, 5, 2))
    layer = gn.nn.SAGEConv(2, 3, neighborhood=gn.Along("second", gn.KNN(2))).double()
    plain = gn.nn.SAGEConv(2, 3, neighborhood=gn.KNN(2)).double()
    plain.load_state_dict(layer.state_dict())
    torch.testing.assert_close(layer(moving).x, plain(frames).x, atol=1e-12, rtol=1e-12)


def test_a_convolution_across_time_is_a_flat_conv3d() -> None:
    videos = gn.grid([torch.randn(3, 6, 5, 2), torch.randn(4, 5, 7, 2)], axes=("time", "y", "x")).to(torch.float64)
    for stride in (1, 2):
        solid = gn.nn.Conv3d(2, 3, (1, 3, 3), (1, stride, stride), (0, 1, 1)).double()
        flat = gn.nn.Conv2d(2, 3, 3, stride, 1).double()
        flat.load_state_dict({"weight": solid.weight[:, :, 0], "bias": solid.bias})
        out = gn.nn.Across("time", flat)(videos)
        torch.testing.assert_close(out.x, solid(videos).x, atol=1e-10, rtol=1e-10)
        assert torch.equal(out.topology.sizes.sizes, solid(videos).topology.sizes.sizes)


def test_a_convolution_along_time_is_a_thin_conv3d() -> None:
    videos = gn.grid([torch.randn(3, 6, 5, 2), torch.randn(4, 5, 7, 2)], axes=("y", "time", "x")).to(torch.float64)
    solid = gn.nn.Conv3d(2, 3, (1, 3, 1), (1, 2, 1), (0, 1, 0)).double()
    thin = gn.nn.Conv1d(2, 3, 3, 2, 1).double()
    thin.load_state_dict({"weight": solid.weight[:, :, 0, :, 0], "bias": solid.bias})
    out = gn.nn.Along("time", thin)(videos)
    torch.testing.assert_close(out.x, solid(videos).x, atol=1e-10, rtol=1e-10)


def test_an_lstm_along_time_is_torchs_on_permuted_tensors() -> None:
    x = torch.randn(2, 5, 3, 4, 6, dtype=torch.float64)
    layer, theirs = gn.nn.LSTM(6, 7).double(), torch.nn.LSTM(6, 7, batch_first=True).double()
    theirs.load_state_dict(layer.state_dict())
    histories = x.permute(0, 2, 3, 1, 4).flatten(0, 2)
    expected = theirs(histories)[0].reshape(2, 3, 4, 5, 7).permute(0, 3, 1, 2, 4).flatten(0, 3)
    out = gn.nn.Along("time", layer)(gn.grid(x, axes=("time", "y", "x")))
    torch.testing.assert_close(out.x, expected, atol=1e-12, rtol=1e-12)


def test_each_joint_of_a_robot_has_an_lstm_of_its_own_over_time() -> None:
    body = gn.Graph(torch.tensor([0, 1, 3]), torch.tensor([1, 2, 4]), [3, 2])
    moving = gn.Structure(gn.Product(gn.Chain([4, 6]), body), {"x": torch.randn(24, 3, dtype=torch.float64)})
    layer = gn.nn.LSTM(3, 5, bidirectional=True).double()
    out = gn.nn.Along("time", layer)(moving)
    assert out.topology is moving.topology
    for item, steps, joints in ((0, 4, 3), (1, 6, 2)):
        rows, found = moving[item].x.reshape(steps, joints, 3), out[item].x.reshape(steps, joints, 10)
        for joint in range(joints):
            alone = layer(gn.chain([rows[:, joint]])).x
            torch.testing.assert_close(found[:, joint], alone, atol=1e-12, rtol=1e-12)


def test_readouts_across_and_along_leave_the_other_factor() -> None:
    body = gn.Graph(torch.tensor([0, 1, 3]), torch.tensor([1, 2, 4]), [3, 2])
    moving = gn.Structure(gn.Product(gn.Chain([4, 6]), body), {"x": torch.randn(24, 3, dtype=torch.float64)})
    over_body, over_time = (make("time", gn.nn.Readout("sum"))(moving) for make in (gn.nn.Across, gn.nn.Along))
    assert isinstance(over_body.topology, gn.Chain) and over_body.topology.node_counts.tolist() == [4, 6]
    assert over_time.topology is body
    torch.testing.assert_close(over_body.x[:4], moving.x[:12].reshape(4, 3, 3).sum(1))
    torch.testing.assert_close(over_time.x[3:], moving.x[12:].reshape(6, 2, 3).sum(0))


def test_lrcn_is_a_convolution_across_time_and_an_lstm_along_it() -> None:
    """Donahue et al. 2015, on videos of different lengths."""
    frames = gn.nn.Sequential(gn.nn.Conv2d(3, 4, 3), gn.nn.ReLU(), gn.nn.Readout("mean"))
    net = gn.nn.Sequential(gn.nn.Across("time", frames), gn.nn.LSTM(4, 5)).double()
    videos = [torch.randn(3, 6, 5, 3, dtype=torch.float64), torch.randn(2, 6, 5, 3, dtype=torch.float64)]
    out = net(gn.grid(videos, axes=("time", "y", "x")))
    for place, video in enumerate(videos):
        rows = torch.stack([net[0].layer(gn.grid(frame[None])).x[0] for frame in video])  # pyright: ignore[reportIndexIssue]
        torch.testing.assert_close(out[place].x, net[1](gn.chain([rows])).x, atol=1e-12, rtol=1e-12)


def test_a_recurrence_on_a_product_waits_for_both_factors() -> None:
    """A chain times a path is the grid that a sweep goes over."""
    x = torch.randn(12, 3, dtype=torch.float64)
    path = gn.Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 3]), 4)
    layer = gn.nn.GRU(3, 2).double()
    product = layer(gn.Structure(gn.Product(gn.Chain(3), path), {"x": x}))
    torch.testing.assert_close(product.x, layer(gn.Structure(gn.Grid((3, 4)), {"x": x})).x, atol=1e-12, rtol=1e-12)
