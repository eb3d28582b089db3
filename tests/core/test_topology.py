"""Topologies and edge lists: links by nature, levels, cycles, products, neighbours against SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

import geonets as gn


def pairs(edges: gn.EdgeList) -> list[tuple[int, int]]:
    return sorted(zip(edges.senders.tolist(), edges.receivers.tolist(), strict=True))


def test_a_chain_links_each_node_to_its_direct_neighbours() -> None:
    links = gn.Chain([3, 0, 2]).links
    assert pairs(links) == [(0, 1), (1, 0), (1, 2), (2, 1), (3, 4), (4, 3)]
    forward = links.edge_type == 0
    assert bool((links.receivers[forward] == links.senders[forward] + 1).all())


def test_a_grid_links_along_every_axis() -> None:
    import networkx

    expected = networkx.convert_node_labels_to_integers(networkx.grid_graph((4, 3)), ordering="sorted")
    assert pairs(gn.Grid((3, 4)).links) == sorted(networkx.to_directed(expected).edges)
    assert gn.Grid((2, 3, 4)).links.num_edges == 2 * (1 * 3 * 4 + 2 * 2 * 4 + 2 * 3 * 3)


def test_along_a_periodic_axis_the_last_node_is_linked_to_the_first() -> None:
    import networkx

    ring = networkx.cycle_graph(5).to_directed()
    assert pairs(gn.Chain(5, periodic=True).links) == sorted(ring.edges)
    torus = networkx.convert_node_labels_to_integers(networkx.grid_graph((4, 3), periodic=True), ordering="sorted")
    assert pairs(gn.Grid((3, 4), periodic=True).links) == sorted(torus.to_directed().edges)


def test_a_product_is_cartesian_and_its_edge_types_tell_the_factor() -> None:
    import networkx

    ring = gn.Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), node_counts=3)
    product = gn.Product(gn.Chain(4), ring)
    path = networkx.path_graph(4).to_directed()
    cycle = networkx.DiGraph([(0, 1), (1, 2), (2, 0)])
    expected = networkx.cartesian_product(path, cycle)
    number = {node: 3 * node[0] + node[1] for node in expected}
    assert pairs(product.links) == sorted((number[a], number[b]) for a, b in expected.edges)
    in_ring = product.links.edge_type % 2 == 1
    assert int(in_ring.sum()) == 4 * 3


def test_a_ragged_product_is_its_items() -> None:
    chain, sets = gn.Chain([2, 3]), gn.Graph(torch.tensor([0, 2]), torch.tensor([1, 3]), [2, 3])
    whole = gn.Structure(gn.Product(chain, sets), {"x": torch.arange(13.0)[:, None]})
    assert whole.topology.node_counts.tolist() == [4, 9]
    for number, item in enumerate(whole):
        alone = gn.Product(chain.select(slice(number, number + 1))[0], sets.select(slice(number, number + 1))[0])
        assert pairs(item.topology.links) == pairs(alone.links)
    assert [part.x.flatten().tolist() for part in gn.batch(list(whole))] == [list(range(4)), list(range(4, 13))]


def test_levels_put_every_sender_first() -> None:
    edges = gn.EdgeList.of(torch.tensor([3, 3, 1, 2]), torch.tensor([1, 2, 0, 0]), num_senders=5, num_receivers=5)
    assert [level.tolist() for level in edges.levels] == [[3, 4], [1, 2], [0]]


def test_a_cycle_is_named() -> None:
    edges = gn.EdgeList.of(torch.tensor([0, 1, 2, 3]), torch.tensor([1, 2, 1, 0]), num_senders=4, num_receivers=4)
    with pytest.raises(gn.errors.StructureError, match=r"got the cycle (1 -> 2 -> 1|2 -> 1 -> 2)"):
        edges.levels


def test_a_long_cycle_is_found_in_linear_time_and_shortened() -> None:
    count = 100_000
    ends = torch.arange(count), (torch.arange(count) + 1) % count
    edges = gn.EdgeList.of(*ends, num_senders=count, num_receivers=count)
    with pytest.raises(gn.errors.StructureError, match=r"got the cycle \d+ -> .* -> \.\.\. -> .* \(100000 nodes\)"):
        edges.levels
    assert edges.cycle is not None and len(edges.cycle) == count + 1 and edges.cycle[0] == edges.cycle[-1]


def test_a_cycle_is_named_with_its_item() -> None:
    good, bad = gn.tree([-1, 0, 1], x=torch.zeros(3, 2)), gn.graph(torch.tensor([[0, 1], [1, 0]]), x=torch.zeros(2, 2))
    for layer in (gn.nn.LSTM(2, 3), gn.nn.GRU(2, 3, bidirectional=True)):
        with pytest.raises(
            gn.errors.StructureError, match=r"the cycle 1 -> 0 -> 1 \(item 1, counting its nodes from 0"
        ):
            layer(gn.batch([good, bad]))


def test_trees_are_made_from_parents() -> None:
    forest = gn.tree([torch.tensor([-1, 0, 0, 1]), torch.tensor([1, -1]), torch.tensor([], dtype=torch.long)])
    assert pairs(forest.topology.links) == [(1, 0), (2, 0), (3, 1), (4, 5)]
    assert forest.topology.node_counts.tolist() == [4, 2, 0]
    assert [level.tolist() for level in forest.topology.links.levels] == [[2, 3, 4], [1, 5], [0]]


@pytest.mark.parametrize("seed", range(5))
def test_reversing_and_adding_loops_keep_the_edges(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    ends = torch.randint(0, 6, (2, 15), generator=generator)
    edges = gn.EdgeList.of(ends[0], ends[1], torch.arange(15), num_senders=6, num_receivers=6)
    back = edges.reversed
    assert pairs(back) == sorted((r, s) for s, r in pairs(edges))
    assert back.input_order is not None and torch.equal(edges.senders[back.input_order], back.receivers)
    looped = edges.with_loops
    kept = [(s, r) for s, r in pairs(edges) if s != r]
    assert pairs(looped) == sorted(kept + [(node, node) for node in range(6)])
    assert bool((looped.receivers[1:] >= looped.receivers[:-1]).all())
    whole = torch.cat([edges.senders, torch.arange(6)])
    assert looped.input_order is not None and torch.equal(whole[looped.input_order], looped.senders)
    last = looped.pointers[1:] - 1
    assert torch.equal(looped.senders[last], torch.arange(6))


@pytest.mark.parametrize("loops", [False, True])
def test_the_transpose_of_edges_with_loops_has_each_row_once_by_its_sender(loops: bool) -> None:
    senders, receivers = torch.tensor([4, 1, 0, 1, 4, 3]), torch.tensor([0, 0, 1, 1 if loops else 2, 2, 5])
    looped = gn.EdgeList.of(senders, receivers, num_senders=6, num_receivers=6).with_loops
    assert sorted(looped.transpose.rows.tolist()) == list(range(looped.num_edges))
    assert torch.equal(
        looped.senders[looped.transpose.rows], torch.arange(6).repeat_interleave(looped.transpose.degrees)
    )
    assert torch.equal(looped.receivers, torch.arange(6).repeat_interleave(looped.degrees))


@pytest.mark.parametrize("k", [1, 3, 20])
@pytest.mark.parametrize("loop", [False, True])
def test_nearest_neighbours_are_the_nearest_of_the_item(k: int, loop: bool) -> None:
    counts = [7, 0, 1, 30, 2]
    pos = torch.randn(sum(counts), 3, dtype=torch.float64)
    cloud = gn.Structure(gn.Set(counts), {"pos": pos})
    edges, start = gn.KNN(k, loop).edges(cloud), 0
    heard = {r: edges.senders[edges.receivers == r].tolist() for r in range(len(pos))}
    for count in counts:
        distances = torch.cdist(pos[start : start + count], pos[start : start + count])
        for node in range(count):
            order = [start + int(other) for other in distances[node].argsort() if loop or other != node]
            assert heard[start + node] == order[:k]
        start += count


@pytest.mark.parametrize("loop", [False, True])
def test_neighbours_within_a_radius(loop: bool) -> None:
    counts = [9, 0, 14]
    pos = torch.rand(sum(counts), 2, dtype=torch.float64)
    edges = gn.Radius(0.4, loop).edges(gn.Structure(gn.Set(counts), {"pos": pos}))
    expected = []
    for first, last in itertools.pairwise(np.cumsum([0, *counts]).tolist()):
        near = torch.cdist(pos[first:last], pos[first:last]) <= 0.4
        expected += [(first + int(s), first + int(r)) for r, s in near.nonzero() if loop or r != s]
    assert pairs(edges) == sorted(expected)


def test_coincident_points_are_neighbours_but_never_of_themselves() -> None:
    cloud = gn.points([torch.zeros(5, 3)])
    edges = gn.KNN(2).edges(cloud)
    assert edges.num_edges == 10 and bool((edges.senders != edges.receivers).all())


def test_target_sizes_are_torchs() -> None:
    for size, kernel, stride, padding, dilation, ceil in itertools.product(
        range(5, 9), (1, 2, 3), (1, 2, 3), (0, 1), (1, 2), (False, True)
    ):
        if 2 * padding > kernel:
            continue
        pool = torch.nn.MaxPool1d(kernel, stride, padding, dilation, ceil_mode=ceil)
        ours = gn.nn.MaxPool1d(kernel, stride, padding, dilation, ceil_mode=ceil)
        for chain in (gn.chain(torch.zeros(1, size, 1)), gn.chain([torch.zeros(size, 1), torch.zeros(9, 1)])):
            assert int(ours(chain).topology.node_counts[0]) == pool(torch.zeros(1, 1, size)).shape[-1]
