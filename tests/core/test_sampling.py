"""Sampling and pairing by position, against plain loops over items and nodes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

import geonets as gn
from geonets.core import loops
from geonets.core.sampling import (
    Points,
    farthest_points,
    kept_counts,
    nearest_pairs,
    nearest_within,
    pairs_within,
    voxel_of,
)

SEEDS = range(12)


def points(counts: list[int], seed: int, dim: int = 3, lattice: bool = False) -> Points:
    """Random positions, or whole-numbered ones with many ties and coincident nodes."""
    generator = torch.Generator().manual_seed(seed)
    shape = sum(counts), dim
    pos = (
        torch.randint(0, 3, shape, generator=generator).double() if lattice else torch.randn(shape, generator=generator)
    )
    return Points(pos, gn.Set(torch.tensor(counts, dtype=torch.long)))


def spans(topology: gn.Topology) -> list[tuple[int, int]]:
    return list(itertools.pairwise(topology.node_offsets.tolist()))


@pytest.fixture(params=["loops", "no loops"])
def with_or_without_loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second as where numba is not installed."""
    if request.param == "no loops":
        monkeypatch.setattr(loops, "is_there", lambda: False)


@pytest.mark.usefixtures("with_or_without_loops")
@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("ratio", [0.4, 1.0, 3])
@pytest.mark.parametrize("start", ["far", "first", "random"])
def test_farthest_points_are_those_of_a_loop(lattice: bool, ratio: float, start: str) -> None:
    for seed in SEEDS:
        pos, topology = points([6, 0, 1, 11, 4], seed, lattice=lattice)
        spread = farthest_points(pos, topology, ratio, start, seed=seed)
        nodes, owners = [], torch.full((len(pos),), -1)
        fraction = torch.rand((), generator=torch.Generator().manual_seed(seed), dtype=torch.float64).item()
        for (low, high), count in zip(spans(topology), kept_counts(topology, ratio).tolist(), strict=True):
            here = pos[low:high].double().numpy()
            chosen: list[int] = []
            first = len(nodes)
            for step in range(count):
                if step:
                    apart = ((here[:, None] - here[None, chosen]) ** 2).sum(2).min(1)
                    apart[chosen] = -1
                    chosen.append(int(apart.argmax()))
                elif start == "far":
                    chosen.append(int(((here - here.mean(0)) ** 2).sum(1).argmax()))
                else:
                    chosen.append(int(fraction * len(here)) if start == "random" else 0)
            if chosen:
                nearest = ((here[:, None] - here[None, chosen]) ** 2).sum(2).argmin(1)
                owners[low:high] = first + torch.from_numpy(nearest)
            nodes += [low + node for node in chosen]
        if start != "far" or not lattice:  # on a lattice the mean's rounding decides among equally far starts
            assert spread.nodes.tolist() == nodes
            assert spread.owners.tolist() == owners.tolist()
        assert len(set(spread.nodes.tolist())) == len(nodes)
        assert spread.counts.tolist() == kept_counts(topology, ratio).tolist()


def test_farthest_points_of_an_item_do_not_depend_on_its_mates_nor_on_numbers() -> None:
    pos, topology = points([7, 30, 0, 12], seed=3)
    structure = gn.Structure(topology, {"pos": pos})
    together = farthest_points(pos, topology, 0.5, "random", seed=5)
    alone = [farthest_points(item.pos, item.topology, 0.5, "random", seed=5).nodes for item in structure]
    starts = topology.node_offsets[:-1]
    assert together.nodes.tolist() == torch.cat([n + s for n, s in zip(alone, starts, strict=True)]).tolist()
    order = torch.randperm(30)
    item = structure[1]
    before = farthest_points(item.pos, item.topology, 0.3).nodes
    after = farthest_points(item.pos[order], item.topology, 0.3).nodes
    assert order[after].tolist() == before.tolist()


@pytest.mark.usefixtures("with_or_without_loops")
@pytest.mark.parametrize(("scale", "offset"), [(1e-170, 0.0), (1.0, 1e6), (1e150, 0.0)])
def test_farthest_points_at_any_scale_are_those_of_a_table(scale: float, offset: float) -> None:
    pos = torch.rand(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * scale + offset
    spread = farthest_points(pos, gn.Set([0, 40]), 12, "first")
    chosen, table = [0], (pos[:, None] - pos).square().sum(2)
    for _ in range(11):
        chosen.append(int(table[:, chosen].min(1).values.index_fill(0, torch.tensor(chosen), -1).argmax()))
    assert spread.nodes.tolist() == chosen
    assert spread.owners.tolist() == table[:, chosen].argmin(1).tolist()


@pytest.mark.usefixtures("with_or_without_loops")
def test_farthest_points_of_nothing_are_none() -> None:
    for counts in ([], [0], [0, 0]):
        spread = farthest_points(torch.zeros(0, 3), gn.Set(torch.tensor(counts, dtype=torch.long)), 4)
        assert [part.tolist() for part in spread] == [[], [0] * len(counts), []]


@pytest.mark.usefixtures("with_or_without_loops")
def test_coincident_nodes_are_chosen_once_each() -> None:
    spread = farthest_points(torch.zeros(5, 2), gn.Set([3, 2]), 1.0)
    assert spread.nodes.tolist() == [0, 1, 2, 3, 4]
    assert spread.owners.tolist() == [0, 0, 0, 3, 3]


def distances(receivers: Points, senders: Points) -> Tensor:
    """`(N_r, N_s)`, infinite between items."""
    apart = torch.cdist(receivers.pos.double(), senders.pos.double(), compute_mode="donot_use_mm_for_euclid_dist")
    same = receivers.topology.item_ids[:, None] == senders.topology.item_ids
    return torch.where(same, apart, torch.inf)


@pytest.mark.parametrize("way", [None, "brute", "cells", "tree", "boxes"])
@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("between", [False, True])
@pytest.mark.parametrize("loop", [False, True])
def test_neighbours_are_those_of_a_full_table(way: str | None, lattice: bool, between: bool, loop: bool) -> None:
    for seed in SEEDS:
        receivers = points([5, 0, 1, 8, 3], seed, lattice=lattice)
        senders = points([4, 2, 0, 9, 1], seed + 100, lattice=lattice) if between else receivers
        table = distances(receivers, senders)
        if not between and not loop:
            table.fill_diagonal_(torch.inf)
        source = senders if between else None
        nearest, within, ball = [], [], []
        for receiver, row in enumerate(table.numpy()):
            ranked = [int(n) for n in np.lexsort((np.arange(len(row)), row)) if np.isfinite(row[n])]
            nearest += [(sender, receiver) for sender in ranked[:3]]
            ball += [(sender, receiver) for sender in ranked[:3] if row[sender] <= 1.1]
            within += [(sender, receiver) for sender in range(len(row)) if row[sender] <= 1.1]
        for found, expected in (
            (nearest_pairs(*receivers, 3, loop, source, way), nearest),
            (nearest_within(*receivers, 1.1, 3, loop, source, way), ball),
            (pairs_within(*receivers, 1.1, loop, source, way), within),
        ):
            assert torch.stack(found, 1).tolist() == [list(pair) for pair in expected]


def test_many_coincident_nodes_are_still_not_their_own_neighbours() -> None:
    topology = gn.Set(200)
    senders, receivers = nearest_pairs(torch.zeros(200, 2), topology, 2, loop=False)
    assert receivers.tolist() == [node for node in range(200) for _ in range(2)]
    assert not bool((senders == receivers).any())


@pytest.mark.parametrize("size", [0.7, (0.5, 1.0, 2.0)])
def test_voxels_are_numpys_unique(size: float | tuple[float, ...]) -> None:
    for seed in SEEDS:
        pos, topology = points([9, 0, 1, 20], seed)
        cells = voxel_of(pos, topology, size)
        expected, counts, total = [], [], 0
        for low, high in spans(topology):
            places = np.floor(pos[low:high].double().numpy() / np.asarray(size)).astype(int)
            unique, inverse = np.unique(places, axis=0, return_inverse=True)
            expected += (inverse.reshape(-1) + total).tolist()
            counts.append(len(unique))
            total += len(unique)
        assert cells.of_node.tolist() == expected
        assert cells.counts.tolist() == counts
        inside = (pos.double() / torch.as_tensor(size).double()).floor().long()
        assert torch.equal(cells.places[cells.of_node], inside)


def test_pairs_of_structures_are_remembered_by_positions() -> None:
    clouds = gn.points([torch.randn(6, 3), torch.randn(4, 3)])
    moved = clouds.replace(pos=clouds.pos + 1)
    hears = gn.KNN(2)
    assert hears.edges(clouds, moved) is hears.edges(clouds, moved)
    assert hears.edges(clouds, moved) is not hears.edges(clouds)
    assert hears.edges(clouds, moved).num_edges == 20
    ball = gn.Radius(9.0, most=1).edges(clouds, moved)
    assert torch.equal(ball.senders, gn.KNN(1).edges(clouds, moved).senders)
