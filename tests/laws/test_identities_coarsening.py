"""What coarsening and its inverse must be: torch's pooling, NumPy's unique, PyG's TopKPooling, and their own reverse."""

from __future__ import annotations

import itertools
from typing import Any

import networkx
import numpy as np
import pytest
import torch
from drawing import SEEDS, assert_same, graphs, with_grads
from every_layer import chain, cloud, graph, grid, volume
from every_layer.coarsen import ThereAndBack
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

import geonets as gn
from geonets.core.neighborhoods import Back, Neighborhood

WAYS: list[tuple[Neighborhood, Any]] = [
    *((gn.Coarser(2), draw) for draw in (chain, grid, volume, cloud, graph)),
    (gn.Coarser(3), graph),
    (gn.Blocks((2, 3)), grid),
    (gn.Voxels(1.0), cloud),
    (gn.Farthest(3), cloud),
]
IDS = [f"{way}-{draw.__name__}" for way, draw in WAYS]


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_blocks_are_torchs_pooling_with_partial_windows(axes: int, size: int) -> None:
    x = torch.randn(2, 5, *(7, 8, 5)[:axes], dtype=torch.float64)
    structure = gn.grid(x.movedim(1, -1), axes=("z", "y", "x")[:axes])
    pool = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)[axes - 1]
    expected = pool(x, size, ceil_mode=True)
    out = gn.nn.Coarsen(gn.Blocks(size))(structure)
    assert out.topology.uniform == tuple(expected.shape[2:])
    torch.testing.assert_close(out.x, expected.movedim(1, -1).flatten(0, -2))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_the_way_back_from_blocks_is_torchs_nearest_upsampling(axes: int) -> None:
    fine = gn.grid(torch.zeros(2, *(6, 4, 8)[:axes], 3, dtype=torch.float64), axes=("z", "y", "x")[:axes])
    coarse = gn.nn.Coarsen(gn.Blocks(2))(fine)
    coarse = coarse.replace(x=torch.randn_like(coarse.x))
    images = coarse.x.reshape(2, *(3, 2, 4)[:axes], 3).movedim(-1, 1)
    expected = functional.interpolate(images, scale_factor=2).movedim(1, -1).flatten(0, -2)
    torch.testing.assert_close(gn.nn.Refine(gn.Blocks(2))(coarse, fine).x, expected)


@pytest.mark.parametrize(("way", "draw"), WAYS, ids=IDS)
def test_the_way_back_is_the_same_edges_reversed(way: Neighborhood, draw: Any) -> None:
    fine = draw([6, 0, 1, 4], seed=2)
    coarse = way.receivers(fine)
    down, up = way.edges(fine), Back(way).edges(fine, coarse)
    assert (down.num_senders, down.num_receivers) == (up.num_receivers, up.num_senders)
    assert down.num_receivers == coarse.num_nodes
    pairs = {(s, r) for s, r in zip(down.senders.tolist(), down.receivers.tolist(), strict=True)}
    assert pairs == {(s, r) for r, s in zip(up.senders.tolist(), up.receivers.tolist(), strict=True)}
    assert len(coarse) == len(fine) and (coarse.pos is None) == (fine.pos is None)


@pytest.mark.parametrize(("way", "draw"), WAYS, ids=IDS)
@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_down_up_and_down_again_is_down(way: Neighborhood, draw: Any, reduce: str) -> None:
    fine = draw([6, 0, 1, 4, 9], seed=3)
    down, up = gn.nn.Coarsen(way, reduce), gn.nn.Refine(way, reduce)
    once = down(fine)
    torch.testing.assert_close(down(up(once, fine)).x, once.x)


@pytest.mark.parametrize(("way", "draw"), WAYS, ids=IDS)
def test_every_node_speaks_to_one_receiver_of_its_item(way: Neighborhood, draw: Any) -> None:
    fine = draw([6, 0, 1, 4, 9], seed=4)
    coarse, edges = way.receivers(fine), way.edges(fine)
    assert sorted(edges.senders.tolist()) == list(range(fine.num_nodes))
    assert bool((edges.degrees > 0).all())
    assert torch.equal(fine.topology.item_ids[edges.senders], coarse.topology.item_ids[edges.receivers])
    assert (coarse.topology.node_counts == 0).tolist() == (fine.topology.node_counts == 0).tolist()


def test_a_coarser_factor_of_one_changes_nothing() -> None:
    for draw in (chain, grid, cloud, graph):
        fine = draw([4, 0, 3], seed=1)
        out = gn.nn.Coarsen(gn.Coarser(1))(fine)
        assert out.topology is fine.topology and torch.equal(out.x, fine.x)
        assert torch.equal(gn.nn.Refine(gn.Coarser(1))(out, fine).x, fine.x)


def test_voxels_are_numpys_unique_and_lie_at_the_mean() -> None:
    structure = cloud([30, 0, 1, 20], seed=5)
    out = gn.nn.Coarsen(gn.Voxels(1.0), "mean")(structure)
    rows, places = [], []
    for item in structure:
        cells, inverse = np.unique(np.floor(item.pos.numpy()), axis=0, return_inverse=True)
        for cell in range(len(cells)):
            mask = torch.from_numpy(inverse.reshape(-1) == cell)
            rows.append(item.x[mask].mean(0))
            places.append(item.pos[mask].mean(0))
    torch.testing.assert_close(out.x, torch.stack(rows))
    torch.testing.assert_close(out.pos, torch.stack(places))


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_independent_nodes_are_far_apart_and_cover_all(hops: int) -> None:
    for seed in range(8):
        structure = graph([12, 0, 1, 30], seed)
        way = gn.Independent(hops)
        found, links = way.found(structure), structure.topology.links
        network = networkx.Graph()
        network.add_nodes_from(range(structure.num_nodes))
        network.add_edges_from(zip(links.senders.tolist(), links.receivers.tolist(), strict=True))
        steps = dict(networkx.all_pairs_shortest_path_length(network))
        assert found.nodes is not None
        chosen = found.nodes.tolist()
        assert all(steps[a].get(b, 99) > hops for a, b in itertools.combinations(chosen, 2))
        for node, receiver in zip(found.edges.senders.tolist(), found.edges.receivers.tolist(), strict=True):
            nearest = min(steps[node].get(other, 99) for other in chosen)
            assert steps[node][chosen[receiver]] == nearest <= hops
        owner = dict(zip(found.edges.senders.tolist(), found.edges.receivers.tolist(), strict=True))
        joined = {(owner[a], owner[b]) for a, b in zip(links.senders.tolist(), links.receivers.tolist(), strict=True)}
        coarse = found.topology.links
        pairs = list(zip(coarse.senders.tolist(), coarse.receivers.tolist(), strict=True))
        assert set(pairs) == {(a, b) for a, b in joined if a != b} and len(pairs) == len(set(pairs))


def test_few_rounds_decide_on_long_paths_and_large_grids() -> None:
    """Nodes in the order of their numbers would need a round for every second node."""
    from geonets.core.neighborhoods import independent

    rounds = []
    spread = independent._spread
    ends = torch.stack([torch.arange(9999), torch.arange(1, 10000)])
    structures = [gn.graph(ends), gn.connect(gn.grid(torch.zeros(1, 89, 89, 1)), gn.Links())]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(independent, "_spread", lambda *given: rounds.append(1) or spread(*given))
        for structure in structures:
            gn.Independent().found(structure)
    assert len(rounds) < 60


@settings(max_examples=50, deadline=None)
@given(data=st.data(), ratio=st.sampled_from([0.3, 0.5, 0.8, 1, 2]), least=st.sampled_from([None, 0.2]), seed=SEEDS)
def test_topk_pooling_equals_pygs(data: Any, ratio: float, least: float | None, seed: int) -> None:
    from torch_geometric.nn import TopKPooling

    torch.default_generator.manual_seed(seed)
    ours = gn.nn.TopKPooling(3, ratio, min_score=least, multiplier=1.5).double()
    theirs = TopKPooling(3, ratio, min_score=least, multiplier=1.5).double()
    theirs.load_state_dict(ours.state_dict())
    structure = data.draw(graphs(3, edge_channels=2))
    structure = structure.replace(x=torch.randn(structure.num_nodes, 3, dtype=torch.float64))
    links = structure.topology.links
    index = torch.stack([links.senders, links.receivers])
    nodes = ours.neighborhood.found(ours.scored(structure)).nodes
    assert nodes is not None
    out = ours(structure)
    x, edge_index, edge_attr, batch, perm, _ = theirs(
        structure.x, index, structure.edge_attr, structure.topology.item_ids
    )
    assert out.topology.item_ids.tolist() == batch.tolist() and sorted(nodes.tolist()) == sorted(perm.tolist())
    place = {node: row for row, node in enumerate(perm.tolist())}
    order = torch.tensor([place[node] for node in nodes.tolist()], dtype=torch.long)
    torch.testing.assert_close(out.x, x[order])
    kept = out.topology.links
    mine = sorted(
        (int(nodes[s]), int(nodes[r]), *row.tolist())
        for s, r, row in zip(kept.senders, kept.receivers, out.edge_attr, strict=True)
    )
    assert mine == sorted(
        (int(perm[s]), int(perm[r]), *row.tolist()) for (s, r), row in zip(edge_index.T, edge_attr, strict=True)
    )

    def rows(module: Any, given_structure: gn.Structure) -> list[torch.Tensor]:
        return [module(given_structure.x, index, None, structure.topology.item_ids)[0][order]]

    bare = structure.replace(edge_attr=None)
    assert_same(with_grads(ours, bare), with_grads(theirs, bare, rows))


def test_topk_pooling_starts_with_pygs_distribution_and_keys() -> None:
    from torch_geometric.nn import TopKPooling

    ours, theirs = gn.nn.TopKPooling(4), TopKPooling(4)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    drawn = torch.cat([gn.nn.TopKPooling(4).select.weight.detach().flatten() for _ in range(500)])
    assert 0.45 < float(drawn.max()) <= 0.5 and -0.5 <= float(drawn.min()) < -0.45


def test_unpooling_puts_the_chosen_rows_back_and_gives_others_nothing() -> None:
    structure = graph([6, 0, 1, 4], seed=1)
    pool = gn.nn.TopKPooling(4, ratio=0.5).double()
    nodes = pool.neighborhood.found(pool.scored(structure)).nodes
    assert nodes is not None
    few = pool(structure)
    back = pool.refine(few, structure)
    expected = torch.zeros_like(structure.x).index_copy(0, nodes, few.x)
    torch.testing.assert_close(back.x, expected)


def test_a_changed_score_is_another_choice() -> None:
    structure = graph([6, 5], seed=1)
    score = torch.randn(11)
    first = gn.Top(2).found(structure.replace(nodes={"s": score, "score": score})).nodes
    other = gn.Top(2).found(structure.replace(nodes={"score": -score})).nodes
    assert first is not None and other is not None
    assert not torch.equal(first, other)
    expected = [int(score[:6].argmax()), 6 + int(score[6:].argmax())]
    assert first[[0, 2]].tolist() == expected


def test_top_nodes_hear_the_others_and_links_of_two_steps() -> None:
    """0 - 1 - 2 - 3 - 4 with 1 and 3 chosen: each hears its neighbours, and they are linked over 2."""
    path = torch.tensor([[0, 1, 2, 3, 1, 2, 3, 4], [1, 2, 3, 4, 0, 1, 2, 3]])
    s = gn.graph(
        path, x=torch.tensor([[1.0], [2.0], [4.0], [8.0], [16.0]]), nodes={"score": torch.tensor([0, 5, 1, 4, 0])}
    )
    assert gn.nn.Coarsen(gn.Top(2), "sum")(s).x.flatten().tolist() == [7.0, 28.0]
    assert gn.nn.Coarsen(gn.Top(2, alone=True), "sum")(s).x.flatten().tolist() == [2.0, 8.0]
    assert gn.Top(2).receivers(s).topology.links.num_edges == 0
    links = gn.Top(2, hops=2).receivers(s).topology.links
    assert sorted(zip(links.senders.tolist(), links.receivers.tolist(), strict=True)) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("k", [1, 3, 5])
def test_interpolation_weighs_by_inverse_squared_distance(k: int) -> None:
    fine, coarse = cloud([7, 0, 3, 2], seed=1), cloud([4, 1, 2, 0], seed=9)
    expected = []
    for here, there in zip(fine, coarse, strict=True):
        for place in here.pos:
            apart = (there.pos - place).square().sum(1)
            near = apart.argsort()[:k]
            weight = 1 / apart[near].clamp(min=1e-16)
            expected.append((weight[:, None] * there.x[near]).sum(0) / weight.sum() if len(near) else torch.zeros(4))
    out = gn.nn.Interpolate(k)(coarse, fine)
    torch.testing.assert_close(out.x, torch.stack([row.double() for row in expected]))
    itself = gn.nn.Interpolate(k)(fine, fine)
    torch.testing.assert_close(itself.x, fine.x)


def test_positions_of_coarse_nodes_carry_gradients() -> None:
    structure = cloud([8, 5], seed=1)
    pos = structure.pos.clone().requires_grad_()
    for way in (gn.Farthest(0.4), gn.Voxels(1.0), gn.Coarser(2)):
        for _ in range(2):  # a remembered graph could be walked only once
            (grad,) = torch.autograd.grad(way.receivers(structure.replace(pos=pos)).pos.square().sum(), pos)
            assert float(grad.abs().sum()) > 0


def test_neighbours_of_coarse_nodes_are_remembered_with_the_fine_ones() -> None:
    structure = cloud([8, 5], seed=1)
    first, second = (gn.Coarser(2).receivers(structure.replace(x=structure.x * scale)) for scale in (1, 2))
    assert first.topology is second.topology
    assert gn.KNN(2).edges(first) is gn.KNN(2).edges(second)


def test_a_unet_sees_farther_than_its_twin_without_coarsening() -> None:
    def reach(net: torch.nn.Module) -> int:
        x = torch.zeros(1, 129, 1, dtype=torch.float64, requires_grad=True)
        net = net.double().eval()
        with torch.no_grad():
            for weight in net.parameters():
                weight.abs_()
        (grad,) = torch.autograd.grad(net(gn.chain(x + 1)).x[64].sum(), x)
        return int((grad.flatten() != 0).sum())

    def conv(i: int, o: int) -> gn.nn.Layer:
        return gn.nn.Conv1d(i, o, 3, padding=1)

    def mean(channels: int) -> gn.nn.Layer:
        return gn.nn.Coarsen(gn.Coarser(2), "mean")

    def nothing(channels: int) -> gn.nn.Layer:
        return gn.nn.Coarsen(gn.Coarser(1))

    widths = (2, 2, 2, 2)
    assert reach(gn.models.UNet(1, 1, widths, conv, nothing, convs=1)) == 15
    assert reach(gn.models.UNet(1, 1, widths, conv, mean, convs=1)) >= 44


def test_a_unet_pools_graphs_by_learned_scores() -> None:
    net = gn.models.UNet(4, 3, widths=(4, 5, 6), coarsen=gn.nn.TopKPooling).double().eval()
    structure = graph([6, 0, 1, 9], seed=1)
    assert net(structure).x.shape == (16, 3)
    there = ThereAndBack(gn.nn.TopKPooling(4, 1.0).double())
    assert there(structure).x.shape == structure.x.shape
