"""Five ways to search give the same neighbours to the last, ties included; SciPy and scikit-learn give them, too."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial import KDTree
from sklearn.neighbors import NearestNeighbors

import geonets as gn
from geonets.core import loops
from geonets.core.sampling import Points, nearest_pairs, nearest_within, pairs_within
from geonets.core.sampling.neighbors import FEW, LARGE, MANY, WAYS, WIDE, WITHIN, way_for

COUNTS = [60, 0, 1, 2, 130]


def cloud(seed: int, kind: str, dim: int = 3, counts: list[int] = COUNTS) -> Points:
    """Clouds of which each is a trap for some search."""
    generator = torch.Generator().manual_seed(seed)
    total = sum(counts)
    pos = torch.randn(total, dim, generator=generator, dtype=torch.float64)
    if kind == "lattice":
        pos = torch.randint(0, 4, (total, dim), generator=generator).double() * 0.1
    elif kind == "coincident":
        pos[torch.rand(total, generator=generator) < 0.7] = 0.25
    elif kind == "flat":
        pos[:, -1] = 0
    elif kind == "far":
        pos += 1e6
    elif kind == "outlier":
        pos[0] = 1e5
    elif kind == "around":  # all as far from the first of their item as the others, up to the last bit
        pos = pos.sign()
        pos[0], pos[60], pos[63] = 0, 0, 0
    return Points(pos, gn.Set(torch.tensor(counts, dtype=torch.long)))


KINDS = ("normal", "lattice", "coincident", "flat", "far", "outlier", "around")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("loop", [False, True])
def test_all_ways_agree_to_the_last_neighbour(kind: str, dim: int, loop: bool) -> None:
    receivers, senders = cloud(1, kind, dim), cloud(2, kind, dim)
    for source, k in itertools.product((None, senders), (1, 5, 1000)):
        law = nearest_pairs(*receivers, k, loop, source, "brute")
        for way in ("cells", "tree", "boxes", "refined"):
            for ours, theirs in zip(nearest_pairs(*receivers, k, loop, source, way), law, strict=True):
                assert torch.equal(ours, theirs), (way, k, source is None)
    for source, radius in itertools.product((None, senders), (0.1, 0.4)):
        for search in (
            lambda way, s=source, r=radius: pairs_within(*receivers, r, loop, s, way),
            lambda way, s=source, r=radius: nearest_within(*receivers, r, 4, loop, s, way),
        ):
            law = search("brute")
            for way in ("cells", "tree", "boxes"):
                assert all(torch.equal(a, b) for a, b in zip(search(way), law, strict=True)), (way, radius)


@pytest.mark.parametrize("scale", [1e-170, 1e-162, 1e-9, 1e150, 1e154])
def test_boxes_hold_where_squares_vanish_or_overflow(scale: float) -> None:
    pos, topology = cloud(6, "normal")
    for k in (3, 1000):
        law = nearest_pairs(pos * scale, topology, k, False, None, "brute")
        found = nearest_pairs(pos * scale, topology, k, False, None, "boxes")
        assert all(torch.equal(a, b) for a, b in zip(found, law, strict=True))
    law = pairs_within(pos * scale, topology, scale, True, None, "brute")
    found = pairs_within(pos * scale, topology, scale, True, None, "boxes")
    assert all(torch.equal(a, b) for a, b in zip(found, law, strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_a_radius_of_everything_is_no_neighbour_that_is_not_there(way: str) -> None:
    pos, topology = torch.rand(5, 3), gn.Set([2, 3])
    for radius in (1e100, 1e200, float("inf")) if way in ("boxes", "brute", "refined") else (1e100,):
        assert len(nearest_within(pos, topology, radius, 9, True, None, way)[0]) == 4 + 9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dim", [4, 17])
def test_many_axes_are_for_trees_tables_and_single_precision(kind: str, dim: int) -> None:
    receivers, senders = cloud(3, kind, dim), cloud(4, kind, dim)
    for source, k, way in itertools.product((None, senders), (1, 6, 1000), ("tree", "refined")):
        law = nearest_pairs(*receivers, k, False, source, "brute")
        found = nearest_pairs(*receivers, k, False, source, way)
        assert all(torch.equal(a, b) for a, b in zip(found, law, strict=True)), (k, source is None, way)
    law = nearest_within(*receivers, 0.3 * dim**0.5, 4, True, senders, "brute")
    found = nearest_within(*receivers, 0.3 * dim**0.5, 4, True, senders, "refined")
    assert all(torch.equal(a, b) for a, b in zip(found, law, strict=True))


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e-42, 1e-30, 2e-22, 1e-21, 1.0, 1e19, 1e37, 1e39, 1e140])
def test_single_precision_proposes_enough_where_it_is_too_coarse(scale: float) -> None:
    pos, topology = cloud(7, "normal", 5)
    close = 1 + pos * 2.0**-24  # neighbours that single precision takes for one
    close[0] = 30.0  # it moves the middle to where single precision has some, but not all, of the others apart
    close[60] = 1e12  # and here from where all mates are as near
    for given, source in ((pos * scale, None), (close * scale, None), (close * scale, Points(pos * scale, topology))):
        law = nearest_pairs(given, topology, 3, False, source, "brute")
        found = nearest_pairs(given, topology, 3, False, source, "refined")
        assert all(torch.equal(a, b) for a, b in zip(found, law, strict=True))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("k", [1, 7])
def test_scipy_and_scikit_learn_find_the_same(way: str, k: int) -> None:
    generator = np.random.default_rng(0)
    pos = generator.normal(size=(700, 3))
    senders, receivers = nearest_pairs(torch.from_numpy(pos), gn.Set(700), k, False, None, way)
    assert receivers.tolist() == np.repeat(np.arange(700), k).tolist()
    found: Any = KDTree(pos).query(pos, k=k + 1)[1]
    assert np.array_equal(senders.reshape(700, k).numpy(), found[:, 1:])
    found = NearestNeighbors(n_neighbors=k).fit(pos).kneighbors(return_distance=False)
    assert np.array_equal(senders.reshape(700, k).numpy(), found)
    near, _ = pairs_within(torch.from_numpy(pos), gn.Set(700), 0.7, True, None, way if way in WITHIN else None)
    lists: Any = KDTree(pos).query_ball_point(pos, 0.7, return_sorted=True)
    assert near.tolist() == [node for row in lists for node in row]


def test_open3d_finds_the_same_balls() -> None:
    import open3d

    pos = torch.rand(300, 3, dtype=torch.float64)
    tree = open3d.geometry.KDTreeFlann(open3d.geometry.PointCloud(open3d.utility.Vector3dVector(pos.numpy())))
    senders, receivers = nearest_within(pos, gn.Set(300), 0.3, 8, True)
    for node in range(300):
        _, found, _ = tree.search_hybrid_vector_3d(pos[node].numpy(), 0.3, 8)
        assert senders[receivers == node].tolist() == list(found)


def test_equally_near_nodes_come_by_number() -> None:
    corners = torch.tensor(list(itertools.product((0.0, 1.0), repeat=3)))
    for way in WAYS:
        senders, _ = nearest_pairs(corners, gn.Set(8), 3, False, None, way)
        assert senders.reshape(8, 3).tolist() == [sorted(node ^ bit for bit in (1, 2, 4)) for node in range(8)]
        senders, _ = nearest_pairs(torch.zeros(40, 3), gn.Set(40), 2, False, None, way)
        assert senders.reshape(40, 2).tolist() == [[1, 2], [0, 2], *[[0, 1]] * 38]


def test_a_radius_is_itself_near_enough() -> None:
    line = torch.tensor([[0.0], [0.5], [1.0]], dtype=torch.float64)
    for way in WITHIN:
        assert len(pairs_within(line, gn.Set(3), 0.5, False, None, way)[0]) == 4
        assert len(pairs_within(line, gn.Set(3), 0.5 - 1e-12, False, None, way)[0]) == 0


@pytest.mark.parametrize("way", ["tree", "boxes"])
def test_a_cloud_of_coincident_nodes_takes_no_square_of_its_size(way: str) -> None:
    pos = torch.cat([torch.zeros(8_000, 3), torch.rand(8_000, 3) + 1])
    senders, receivers = nearest_pairs(pos, gn.Set(16_000), 4, False, None, way)
    assert senders[receivers == 7_999].tolist() == [0, 1, 2, 3]
    assert len(senders) == 64_000


def test_skewed_clouds_take_no_square_of_their_size() -> None:
    """Within an hour if they did: a line, a surface, a tiny cluster far away, distances too small to be told apart."""
    cloud = torch.rand(200_000, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    line, surface = cloud * torch.tensor([1.0, 0, 0]), torch.nn.functional.normalize(cloud - 0.5)
    cluster = torch.cat([cloud[:1000], cloud[1000:] * 1e-7 + 1e5])
    for pos in (line, surface, cluster, cloud * 1e-200, (8 * cloud).floor()):
        senders, receivers = nearest_pairs(pos, gn.Set(200_000), 4, True, None, "boxes")
        rows = torch.arange(0, 200_000, 20_011)
        table = (pos[rows, None] - pos).square()
        nearest = (table[..., 0] + table[..., 1] + table[..., 2]).sort(dim=1, stable=True).indices[:, :4]
        assert torch.equal(senders.reshape(-1, 4)[rows], nearest)
        assert torch.equal(receivers, torch.arange(200_000).repeat_interleave(4))


def test_an_unheard_of_k_takes_no_memory() -> None:
    senders, _ = nearest_pairs(torch.rand(5, 3), gn.Set(5), 10**12, False)
    assert len(senders) == 20


def test_neighbours_do_not_depend_on_mates_or_on_their_order() -> None:
    pos, topology = cloud(5, "lattice")
    structure = gn.Structure(topology, {"pos": pos})
    for hears in (gn.KNN(4), gn.Radius(0.1), gn.Radius(0.2, most=3)):
        whole = hears.edges(structure)
        alone = gn.EdgeList.join([hears.edges(item) for item in structure])
        assert torch.equal(whole.senders, alone.senders) and torch.equal(whole.receivers, alone.receivers)


def test_the_way_is_chosen_by_size_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = cloud(0, "normal", 3, [FEW]), cloud(0, "normal", 3, [FEW + 1])
    assert way_for(few, few) == way_for(many, many) == "boxes"
    with monkeypatch.context() as patch:  # as where numba is not installed
        patch.setattr(loops, "is_there", lambda: False)
        assert way_for(few, few) == "brute" and way_for(many, many) == "tree"
    for count, axes, way in [(FEW, 4, "refined"), (LARGE + 1, 4, "tree"), (LARGE + 1, WIDE, "refined")]:
        wide = cloud(0, "normal", axes, [count])
        assert way_for(wide, wide) == way and way_for(wide, wide, WITHIN) == ("tree" if count > FEW else "brute")
    assert way_for(Points(many.pos[:, :0], many.topology), Points(many.pos[:, :0], many.topology)) == "brute"
    for count, axes, way in [(MANY, 3, "cells"), (MANY - 1, 3, "brute"), (MANY, 4, "brute")]:
        elsewhere = Points(torch.empty(count, axes, device="meta"), gn.Set(count))
        assert way_for(elsewhere, elsewhere) == way
