"""Law 3: what permutation, translation and time may and may not change."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from every_layer import CASES, NUMBERED, cloud, forest, graph, made

import geonets as gn

SETS_AND_GRAPHS = [
    (name, draw) for name, draw in CASES if draw in (cloud, graph, forest) and name not in ("Dropout", *NUMBERED)
]


def permuted(structure: gn.Structure, seed: int) -> tuple[gn.Structure, torch.Tensor]:
    """The same items with their nodes in another order, and where each node went."""
    generator = torch.Generator().manual_seed(seed)
    offsets = structure.topology.node_offsets.tolist()
    order = torch.cat([a + torch.randperm(b - a, generator=generator) for a, b in itertools.pairwise(offsets)])
    nodes = {name: field[order] for name, field in structure.nodes.items()}
    if isinstance(structure.topology, gn.Set):
        return gn.Structure(structure.topology, nodes), order
    place = torch.empty_like(order).index_copy_(0, order, torch.arange(len(order)))
    links = structure.topology.links
    shuffle = torch.randperm(links.num_edges, generator=generator)
    senders, receivers = place[links.senders[shuffle]], place[links.receivers[shuffle]]
    types = None if links.edge_type is None else links.edge_type[shuffle]
    topology = gn.Graph(senders, receivers, structure.topology.node_counts, types)
    mine = topology.links.input_order
    rows = shuffle if mine is None else shuffle[mine]
    return gn.Structure(topology, nodes, {name: field[rows] for name, field in structure.edges.items()}), order


@pytest.mark.parametrize(("name", "draw"), SETS_AND_GRAPHS, ids=[f"{n}-{d.__name__}" for n, d in SETS_AND_GRAPHS])
def test_the_order_of_nodes_and_edges_does_not_matter(name: str, draw: Any) -> None:
    layer = made(name)
    for seed in range(5):
        structure = draw([6, 0, 1, 4], seed)
        moved, order = permuted(structure, seed)
        before, after = layer(structure).x, layer(moved).x
        expected = before[order] if len(before) == len(order) else before
        torch.testing.assert_close(after, expected, atol=1e-10, rtol=1e-10)


def test_a_recurrence_does_depend_on_the_order() -> None:
    layer = made("LSTM")
    x = torch.randn(1, 6, 4, dtype=torch.float64)
    forward, backward = layer(gn.chain(x)).x, layer(gn.chain(x.flip(1))).x.flip(0)
    assert (forward - backward).abs().max().item() > 1e-3


@pytest.mark.parametrize("shift", [(1, 0), (2, 3), (-1, 2)])
def test_a_circular_convolution_commutes_with_shifts(shift: tuple[int, int]) -> None:
    x = torch.randn(2, 6, 7, 3, dtype=torch.float64)
    conv = gn.nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular").double()
    before = conv(gn.grid(x)).x.reshape(2, 6, 7, 4)
    after = conv(gn.grid(x.roll(shift, (1, 2)))).x.reshape(2, 6, 7, 4)
    torch.testing.assert_close(after, before.roll(shift, (1, 2)), atol=1e-10, rtol=1e-10)


def test_a_zero_padded_convolution_commutes_in_the_interior_only() -> None:
    x = torch.randn(1, 8, 8, 1, dtype=torch.float64)
    conv = gn.nn.Conv2d(1, 1, 3, padding=1).double()
    before = conv(gn.grid(x)).x.reshape(8, 8).roll((1, 1), (0, 1))
    after = conv(gn.grid(x.roll((1, 1), (1, 2)))).x.reshape(8, 8)
    torch.testing.assert_close(after[2:-1, 2:-1], before[2:-1, 2:-1], atol=1e-10, rtol=1e-10)
    assert (after - before).abs().max().item() > 1e-3


@pytest.mark.parametrize("causal", ["LSTM", "GRU", "RNN", "attention"])
def test_the_future_does_not_reach_the_past(causal: str) -> None:
    layers: dict[str, Any] = {
        "LSTM": gn.nn.LSTM(3, 4, 2),
        "GRU": gn.nn.GRU(3, 4),
        "RNN": gn.nn.RNN(3, 4),
        "attention": gn.nn.MultiheadAttention(3, 1),
    }
    layer = layers[causal].double()
    options = {"is_causal": True} if causal == "attention" else {}
    x = torch.randn(9, 3, dtype=torch.float64)
    changed = torch.cat([x[:5], torch.randn(4, 3, dtype=torch.float64)])
    before, after = layer(gn.chain([x]), **options).x, layer(gn.chain([changed]), **options).x
    assert torch.equal(before[:5], after[:5])
    assert not torch.equal(before[5:], after[5:])


def test_pointnet_ignores_order_and_number_of_copies() -> None:
    net = gn.models.PointNet(5).double().eval()
    pos = torch.randn(50, 3, dtype=torch.float64)
    shuffled, doubled = pos[torch.randperm(50)], torch.cat([pos, pos])
    a, b, c = (net(gn.points([cloud_pos])).x for cloud_pos in (pos, shuffled, doubled))
    torch.testing.assert_close(a, b, atol=1e-10, rtol=1e-10)
    torch.testing.assert_close(a, c, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("transform", [False, True])
def test_the_critical_points_alone_give_the_same_answer(transform: bool) -> None:
    net = gn.models.PointNet(5, input_transform=transform).double()
    for _ in range(3):  # a transform that has learnt something is no longer the identity
        net(gn.points(torch.randn(4, 30, 3, dtype=torch.float64))).x.square().sum().backward()
        for weight in net.parameters():
            weight.data -= 0.1 * (0 if weight.grad is None else weight.grad.sign())
    net.eval()
    clouds = gn.points([torch.randn(200, 3, dtype=torch.float64), torch.randn(90, 3, dtype=torch.float64)])
    mask = net.critical_points(clouds)
    few = [item.pos[part] for item, part in zip(clouds, mask.split([200, 90]), strict=True)]
    assert all(0 < len(part) < 200 for part in few)
    torch.testing.assert_close(net(gn.points(few)).x, net(clouds).x, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("name", [name for name, draw in CASES if draw is graph and name not in NUMBERED])
def test_one_ring_of_six_looks_like_two_of_three(name: str) -> None:
    """No layer without positions sees more than the Weisfeiler-Leman test does; one that does leaks node numbers."""

    def ring(nodes: list[int]) -> list[tuple[int, int]]:
        return [(a, b) for place, a in enumerate(nodes) for b in (nodes[place - 1], nodes[(place + 1) % len(nodes)])]

    one, two = ring([0, 1, 2, 3, 4, 5]), ring([0, 1, 2]) + ring([3, 4, 5])
    ones = torch.ones(6, 4, dtype=torch.float64)
    alike: dict[str, Any] = {
        "x": ones,
        "edge_attr": ones[0].expand(12, 4),
        "edge_type": torch.zeros(12, dtype=torch.long),
    }
    rings = [gn.graph(torch.tensor(edges).T, **alike) for edges in (one, two)]
    rows = [made(name)(structure.replace(pos=torch.zeros(6, 3).double())).x for structure in rings]
    torch.testing.assert_close(rows[0], rows[1], atol=1e-12, rtol=1e-12)
