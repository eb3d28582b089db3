"""PointNet++ against loops over items and points, and what it may and may not depend on."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from drawing import SEEDS, assert_same, sets, with_grads
from every_layer import cloud
from hypothesis import given, settings
from hypothesis import strategies as st

import geonets as gn


def farthest(pos: torch.Tensor, count: int) -> list[int]:
    """The point farthest from the mean, then again and again the one farthest from those chosen."""
    chosen: list[int] = []
    while len(chosen) < count:
        others = pos[chosen] if chosen else pos.mean(0, keepdim=True)
        gaps = (pos[:, None] - others).square().sum(-1).min(1).values
        gaps[chosen] = -1
        chosen.append(int(gaps.argmax()))
    return chosen


def abstraction_by_hand(layer: Any, structure: gn.Structure, count_of: Any) -> list[torch.Tensor]:
    """Section 3.2 of Qi et al. 2017, one point after another."""
    nothing = torch.cat([structure.x[:0], structure.pos[:0]], 1)
    rows, places = [torch.cat([conv.local_nn(nothing) for conv in layer.convs], 1)], [structure.pos[:0]]
    for item in structure:
        for i in farthest(item.pos.detach(), count_of(item.num_nodes)):
            parts = []
            for conv in layer.convs:
                reach = conv.across.neighborhood
                gaps = (item.pos - item.pos[i]).square().sum(1).sqrt().detach()
                near = [int(j) for j in gaps.argsort(stable=True) if gaps[j] <= reach.r][: reach.most]
                local = [torch.cat([item.x[j], item.pos[j] - item.pos[i]]) for j in near]
                parts.append(conv.local_nn(torch.stack(local)).max(0).values)
            rows.append(torch.cat(parts)[None])
            places.append(item.pos[i : i + 1])
    return [torch.cat(rows), torch.cat(places)]


@settings(max_examples=50, deadline=None)
@given(structure=sets(2), seed=SEEDS, ratio=st.sampled_from([0.3, 0.5, 1.0, 2]))
def test_set_abstraction_is_its_loop(structure: gn.Structure, seed: int, ratio: float | int) -> None:
    torch.default_generator.manual_seed(seed)
    networks = [gn.nn.MLP([5, 4, 3]), gn.nn.MLP([5, 2])]
    layer = gn.nn.SetAbstraction(ratio, [1.0, 2.0], [2, 4], networks).double()
    structure = structure.replace(x=torch.randn(structure.num_nodes, 2).double())

    def count_of(nodes: int) -> int:
        return min(ratio, nodes) if isinstance(ratio, int) else int(-(-nodes * ratio // 1))

    ours = with_grads(layer, structure, lambda m, s: [m(s).x, m(s).pos])
    assert_same(ours, with_grads(layer, structure, lambda m, s: abstraction_by_hand(m, s, count_of)))


def propagation_by_hand(layer: Any, fine: gn.Structure, coarse: gn.Structure, k: int) -> list[torch.Tensor]:
    """Equation 2 of Qi et al. 2017, one point after another, with PyG's bound on the distance."""
    rows = [layer(torch.cat([coarse.x[:0], fine.x[:0]], 1))]
    for item, known in zip(fine, coarse, strict=True):
        for i in range(item.num_nodes):
            squares = (known.pos - item.pos[i]).square().sum(1)
            near = squares.detach().argsort(stable=True)[:k]
            weights = 1 / squares[near].clamp(min=1e-16)
            heard = (
                (weights[:, None] * known.x[near]).sum(0) / weights.sum() if len(near) else 0 * layer[0].weight[0, :3]
            )
            rows.append(layer(torch.cat([heard, item.x[i]])[None]))
    return [torch.cat(rows)]


@settings(max_examples=50, deadline=None)
@given(structure=sets(2), seed=SEEDS, k=st.integers(1, 4), keep=st.integers(1, 4))
def test_feature_propagation_is_its_loop(structure: gn.Structure, seed: int, k: int, keep: int) -> None:
    torch.default_generator.manual_seed(seed)
    layer = gn.nn.FeaturePropagation(gn.nn.MLP([5, 4]), k).double()
    structure = structure.replace(x=torch.randn(structure.num_nodes, 2).double())

    def coarse_of(fine: gn.Structure) -> gn.Structure:
        """The first few points of each item, some moved: others stand where a fine point stands."""
        counts = fine.topology.node_counts.clamp(max=keep)
        first = torch.cat([torch.arange(0), *_firsts(fine, keep)])
        rows = torch.cat([fine.x, fine.x[:, :1] ** 2], 1)[first]
        shift = 0.1 * (first % 2)[:, None]
        return gn.Structure(gn.Set(counts), {"x": rows, "pos": fine.pos[first] + shift})

    def by_hand(module: Any, fine: gn.Structure) -> list[torch.Tensor]:
        return propagation_by_hand(module.mlp, fine, coarse_of(fine), k)

    ours = with_grads(layer, structure, lambda m, s: [m(s, coarse_of(s)).x])
    assert_same(ours, with_grads(layer, structure, by_hand), tolerance=1e-9)


def _firsts(structure: gn.Structure, keep: int) -> list[torch.Tensor]:
    starts = structure.topology.node_offsets.tolist()
    return [torch.arange(a, min(a + keep, b)) for a, b in itertools.pairwise(starts)]


def test_points_that_are_in_both_levels_keep_their_features() -> None:
    clouds = cloud([9, 0, 4], 1)
    coarse = gn.nn.SetAbstraction(0.5, 1.0, 4, gn.nn.MLP([7, 3])).double()(clouds)
    up = gn.nn.FeaturePropagation()(clouds.replace(x=None), coarse)
    same = (clouds.pos[:, None] == coarse.pos).all(-1).nonzero()
    assert len(same) == coarse.num_nodes
    torch.testing.assert_close(up.x[same[:, 0]], coarse.x[same[:, 1]], atol=1e-10, rtol=1e-10)


def test_interpolation_reproduces_constants_and_stays_between() -> None:
    fine, coarse = cloud([9, 4], 1), cloud([5, 2], 2)
    up = gn.nn.FeaturePropagation()
    ones = up(fine.replace(x=None), coarse.replace(x=torch.ones(7, 1).double())).x
    torch.testing.assert_close(ones, torch.ones(13, 1).double(), atol=1e-12, rtol=0)
    rows = up(fine.replace(x=None), coarse).x
    assert bool((rows[:9] <= coarse.x[:5].max(0).values).all() and (rows[9:] >= coarse.x[5:].min(0).values).all())


@pytest.mark.parametrize("start", ["far", "first"])
def test_what_renumbering_the_points_changes(start: str) -> None:
    """Beginning farthest from the middle, nothing; beginning with the first point, which points are kept."""
    layer = gn.nn.SetAbstraction(0.3, 1.5, 8, gn.nn.MLP([7, 3]), start).double()
    item = cloud([20], 1)
    order = torch.randperm(20)
    before = layer(item)
    after = layer(item.replace(x=item.x[order], pos=item.pos[order]))
    same = bool(torch.equal(before.pos, after.pos)) and bool((before.x - after.x).abs().max() < 1e-10)
    assert same == (start == "far")


def test_one_radius_is_pointnets_convolution_across() -> None:
    """All points kept, everything within reach: PointNetConv on complete edges, in the order of choice."""
    network, clouds = gn.nn.MLP([7, 3]).double(), cloud([6, 3], 1)
    out = gn.nn.SetAbstraction(1.0, 100.0, 100, network).double()(clouds)
    expected = gn.nn.PointNetConv(network, neighborhood=gn.Complete())(clouds)
    places = (out.pos[:, None] == clouds.pos).all(-1).nonzero()[:, 1]
    torch.testing.assert_close(out.x, expected.x[places], atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("per_point", [False, True])
def test_pointnet2_learns_and_ignores_order_and_batch_mates(per_point: bool) -> None:
    net = gn.models.PointNet2(3, per_point=per_point).double()
    clouds = gn.points([torch.rand(n, 3).double() for n in (40, 25, 60)])
    net(clouds).x.square().mean().backward()
    assert all(
        weight.grad is not None and bool(weight.grad.abs().sum() > 0) for weight in net.parameters() if weight.ndim > 1
    )
    net.eval()
    order = torch.randperm(40)
    alone, mixed = net(clouds[0]).x, net(gn.points([clouds[0].pos[order]])).x
    torch.testing.assert_close(mixed, alone[order] if per_point else alone, atol=1e-10, rtol=1e-10)
    torch.testing.assert_close(net(clouds)[0].x, alone, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_lower_precision_stays_near(dtype: torch.dtype) -> None:
    clouds = cloud([12, 0, 7], 3).to(dtype)
    down, up = gn.nn.SetAbstraction(0.5, 1.0, 4, gn.nn.MLP([7, 3])), gn.nn.FeaturePropagation(gn.nn.MLP([7, 3]))
    point = gn.nn.PointTransformerConv(4, 3, neighborhood=gn.KNN(3))
    layers: list[Any] = [lambda s: up(s, down(s)).x, lambda s: point(s).x]
    modules = torch.nn.ModuleList([down, up, point])
    for layer in layers:
        expected = (modules.double(), layer(clouds.to(torch.float64)))[1]
        found = (modules.to(dtype), layer(clouds))[1]
        assert found.dtype == dtype
        error = (found.double() - expected).norm() / expected.norm()
        assert error.item() < (1e-5 if dtype == torch.float32 else 0.06)
