"""What attention knows of positions: lags only, hand-built matrices of biases, shortest ways; and what it must not."""

from __future__ import annotations

from typing import Any

import networkx
import pytest
import torch
from drawing import assert_same

import geonets as gn
from geonets.nn.attention.positions import rotated


def all_pairs(relation: gn.Relation, structure: gn.Structure) -> torch.Tensor:
    """`(n, n)` relations of one item, receivers first."""
    nodes = torch.arange(structure.num_nodes)
    return relation.between(structure, nodes[:, None], nodes)


def test_rotary_scores_depend_on_lags_only() -> None:
    q, k = torch.randn(2, 1, 1, 8, dtype=torch.float64).expand(2, 10, 1, 8)
    places = torch.arange(10)[:, None]
    scores = torch.einsum("ihd,jhd->ij", rotated(q, places, 10000.0), rotated(k, places, 10000.0))
    for lag in range(-9, 10):
        assert scores.diagonal(lag).std(correction=0) < 1e-12
    assert scores[0].std() > 1e-3
    shifted = torch.einsum("ihd,jhd->ij", rotated(q, places + 1000, 10000.0), rotated(k, places + 1000, 10000.0))
    torch.testing.assert_close(shifted, scores, atol=1e-10, rtol=1e-10)


def test_rotary_scores_on_a_grid_depend_on_offsets_only() -> None:
    q, k = torch.randn(2, 1, 1, 8, dtype=torch.float64).expand(2, 20, 1, 8)
    image = gn.Structure(gn.Grid((4, 5)))
    places = image.topology.coordinates()  # pyright: ignore[reportAttributeAccessIssue]
    scores = torch.einsum("ihd,jhd->ij", rotated(q, places, 100.0), rotated(k, places, 100.0))
    offsets = all_pairs(gn.Offset((3, 4)), image)
    for offset in offsets.unique():
        assert scores[offsets == offset].std(correction=0) < 1e-12
    means = torch.stack([scores[offsets == offset].mean() for offset in offsets.unique()])
    assert len(means) == 7 * 9 and means.std() > 1e-3
    assert torch.equal(rotated(q, 0 * places, 100.0), q)


def test_rotations_are_su_et_als_equation_34() -> None:
    x = torch.randn(6, dtype=torch.float64)
    expected = []
    for pair, place in ((0, 5.0), (1, 5.0), (2, 5.0)):
        angle = torch.tensor(place * 10000.0 ** (-2 * pair / 6), dtype=torch.float64)
        turn = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
        expected.append(turn @ x[2 * pair : 2 * pair + 2])
    torch.testing.assert_close(rotated(x[None, None], torch.tensor([[5]]), 10000.0)[0, 0], torch.cat(expected))


def test_sinusoids_are_vaswanis() -> None:
    rows = gn.nn.SinusoidalEncoding(6)(gn.chain(torch.zeros(1, 4, 6, dtype=torch.float64))).x
    for place in range(4):
        for pair in range(3):
            angle = torch.tensor(place / 10000 ** (2 * pair / 6), dtype=torch.float64)
            torch.testing.assert_close(rows[place, 2 * pair : 2 * pair + 2], torch.stack([angle.sin(), angle.cos()]))


@pytest.mark.parametrize("relative_keys", [False, True])
@pytest.mark.parametrize("reach", [0, 2, 9])
def test_a_relative_bias_is_a_matrix_of_biases(reach: int, relative_keys: bool) -> None:
    """The dense kernel with a table of lags equals torch's attention with the matrix that Shaw et al. write out."""
    layer = gn.nn.MultiheadAttention(4, 2, relation=gn.Lag(reach), relative_keys=relative_keys).double()
    native = torch.nn.MultiheadAttention(4, 2, batch_first=True).double()
    native.load_state_dict({k: v for k, v in layer.state_dict().items() if not k.startswith("relation")})
    x = torch.randn(1, 6, 4, dtype=torch.float64)
    matrix = torch.zeros(2, 6, 6, dtype=torch.float64)
    query = torch.nn.functional.linear(x[0], native.in_proj_weight[:4], native.in_proj_bias[:4]).unflatten(1, (2, 2))
    for head in range(2):
        for i in range(6):
            for j in range(6):
                row = max(-reach, min(reach, j - i)) + reach
                if layer.relation_keys is not None:
                    matrix[head, i, j] = query[i, head] @ layer.relation_keys[row] / 2**0.5
                elif layer.relation_bias is not None:
                    matrix[head, i, j] = layer.relation_bias[row, head]
    expected = native(x, x, x, attn_mask=matrix)[0][0]
    torch.testing.assert_close(layer(gn.chain(x)).x, expected, atol=1e-10, rtol=1e-10)


def test_on_a_ring_lags_go_the_shorter_way_round() -> None:
    ring = gn.Structure(gn.Chain([5, 4], periodic=True))
    found = gn.Lag(2).between(ring, torch.tensor([[0], [5]]), torch.tensor([[0, 1, 2, 3, 4], [5, 6, 7, 8, 5]])) - 2
    assert found.tolist() == [[0, 1, 2, -2, -1], [0, 1, -2, -1, 0]]


def test_offsets_are_swins_relative_positions() -> None:
    """Swin's index, written as its paper counts it, read from the sender's side."""
    image = gn.Structure(gn.Grid((3, 4)))
    ys, xs = torch.arange(12) // 4, torch.arange(12) % 4
    expected = (ys[None] - ys[:, None] + 2) * 7 + (xs[None] - xs[:, None] + 3)
    assert torch.equal(all_pairs(gn.Offset((2, 3)), image), expected)


def test_buckets_of_lags_are_t5s() -> None:
    """Pairs of lags and buckets that T5's published rule gives, for 32 buckets up to a distance of 128."""
    words = gn.Structure(gn.Chain(400))
    lags = [-300, -128, -127, -64, -20, -16, -15, -12, -9, -8, -7, -1, 0, 1, 7, 8, 11, 12, 20, 64, 127, 128, 190]
    nodes = torch.tensor([200])

    def bucket(lag: int, both: bool) -> int:
        import math

        count, start = (16, 16 * (lag > 0)) if both else (32, 0)
        distance = abs(lag) if both else max(-lag, 0)
        if distance < count // 2:
            return start + distance
        far = count // 2 + int(math.log(distance / (count // 2)) / math.log(128 / (count // 2)) * (count // 2))
        return start + min(far, count - 1)

    for both in (True, False):
        known = [lag for lag in lags if 0 <= 200 + lag < 400]
        found = gn.LagBuckets(32, 128, both).between(words, nodes, 200 + torch.tensor(known))
        assert found.tolist() == [bucket(lag, both) for lag in known]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("reach", [0, 1, 3, 10])
def test_hops_are_shortest_ways(seed: int, reach: int) -> None:
    """NetworkX as witness: directed graphs of several items, some without edges, one without nodes."""
    parts = [networkx.gnp_random_graph(n, 0.3, seed=seed + n, directed=True) for n in (5, 7, 1)]
    counts, ends, start = [5, 0, 7, 1], [], 0
    for part in parts:
        ends += [(start + a, start + b) for a, b in part.edges]
        start += len(part)
    index = torch.tensor(ends).T
    structure = gn.Structure(gn.Graph(index[0], index[1], torch.tensor(counts)))
    start = 0
    for part in parts:
        nodes = torch.arange(start, start + len(part))
        found = gn.HopDistance(reach).between(structure, nodes[:, None], nodes)
        ways: dict[Any, Any] = dict(networkx.all_pairs_shortest_path_length(part))
        for receiver in part:
            for sender in part:
                hops = ways[sender].get(receiver, reach + 1)
                assert found[receiver, sender] == min(hops, reach + 1)
        start += len(part)


def test_without_positions_order_does_not_count_and_with_rotations_it_does() -> None:
    torch.default_generator.manual_seed(0)
    x, order = torch.randn(1, 7, 8, dtype=torch.float64), torch.randperm(7)
    for rotary, ordered in ((None, False), (10000.0, True)):
        net = gn.nn.TransformerEncoder(gn.nn.TransformerEncoderLayer(8, 2, 16, rotary=rotary), 2).double().eval()
        before, after = net(gn.chain(x)).x[order], net(gn.chain(x[:, order])).x
        assert bool((before - after).abs().max() > 1e-3) is ordered
        if not ordered:
            assert_same([before], [after])


@pytest.mark.parametrize("options", [{"relation": gn.Lag(2)}, {"rotary": 100.0}, {"relation": gn.LagBuckets(8, 9)}])
def test_relative_positions_commute_with_shifts(options: dict[str, Any]) -> None:
    """In a window, nodes away from the ends hear the same whatever their place in the chain."""
    layer = gn.nn.MultiheadAttention(4, 2, neighborhood=gn.Window(2), **options).double()
    x = torch.randn(12, 4, dtype=torch.float64)
    whole, part = layer(gn.chain([x])).x, layer(gn.chain([x[3:]])).x
    torch.testing.assert_close(part[2:], whole[5:], atol=1e-10, rtol=1e-10)


def test_hops_tell_rings_apart_that_messages_cannot() -> None:
    """Why no layer with hops is among those of the 1-WL law: two rings of three are not one ring of six."""
    one = torch.tensor([[0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0]])
    two = torch.tensor([[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3]])
    rings = [gn.graph(torch.cat([index, index.flip(0)], 1), num_nodes=6) for index in (one, two)]
    counts = [torch.bincount(all_pairs(gn.HopDistance(3), ring)[0], minlength=5).tolist() for ring in rings]
    assert counts == [[1, 2, 2, 1, 0], [1, 2, 0, 0, 3]]


@pytest.mark.parametrize("seed", range(3))
def test_attention_to_hops_ignores_the_order_of_nodes_and_the_mates(seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    layer = gn.nn.MultiheadAttention(4, 2, relation=gn.HopDistance(2)).double()
    network, order = networkx.gnp_random_graph(8, 0.25, seed=seed), torch.randperm(8)
    place = order.argsort()
    index = torch.tensor(list(network.to_directed().edges)).T
    x = torch.randn(8, 4, dtype=torch.float64)
    straight, moved = gn.graph(index, x=x), gn.graph(place[index], x=x[order])
    assert_same([layer(moved).x], [layer(straight).x[order]])
    mate = gn.graph(torch.tensor([[0], [1]]), x=torch.randn(3, 4, dtype=torch.float64))
    assert_same([layer(gn.batch([mate, straight])).x[3:]], [layer(straight).x])
