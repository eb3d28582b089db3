"""Random numbers by place, subsets, points on surfaces, hops: laws, and statistics under fixed seeds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy import stats

import geonets as gn
from geonets.core.sampling import neighbors_of, normal, random_nodes, uniform


def test_draws_are_uniform_normal_and_independent() -> None:
    items, nodes = torch.arange(200)[:, None], torch.arange(500)
    draws = uniform(3, items, nodes)
    assert draws.shape == (200, 500) and draws.dtype == torch.float64
    assert bool((draws >= 0).all()) and bool((draws < 1).all())
    assert stats.kstest(draws.flatten().numpy(), "uniform").pvalue > 0.01
    assert stats.kstest(normal(3, items, nodes).flatten().numpy(), "norm").pvalue > 0.01
    for other in (draws.roll(1, 0), draws.roll(1, 1), uniform(4, items, nodes), uniform(3, nodes, items)):
        assert abs(np.corrcoef(draws.flatten(), other.flatten())[0, 1]) < 0.01
    assert len(draws.unique()) == 100_000


def test_draws_of_splitmix_are_those_of_its_authors() -> None:
    state, mask, found = 1234567, 2**64 - 1, []
    for _ in range(3):  # the reference, in whole numbers without end
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        found.append(((z ^ (z >> 31)) >> 11) * 2**-53)
    assert found[0] == float(uniform(1234567))
    assert float(uniform(1234567 + 2**64)) == found[0]
    assert all(0 <= float(uniform(seed)) < 1 for seed in (-1, 2**63, -(2**63), 2**80))


def test_all_subsets_are_equally_likely() -> None:
    topology = gn.Set(4, num_items=6000)
    kept = random_nodes(topology, torch.full((6000,), 2), seed=0).reshape(6000, 4)
    assert bool((kept.sum(1) == 2).all())
    pairs = (kept * torch.tensor([1, 2, 4, 8])).sum(1)
    _, counts = pairs.unique(return_counts=True)
    assert len(counts) == 6
    assert stats.chisquare(counts.numpy()).pvalue > 0.01


@pytest.mark.parametrize("seed", range(8))
def test_hops_are_those_of_a_loop(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    ends = torch.randint(0, 30, (2, 120), generator=generator)  # a multigraph with loops
    edges = gn.EdgeList.of(*ends, num_senders=30, num_receivers=30)
    seeds = torch.randperm(30, generator=generator)[:4]
    hops = neighbors_of(edges, seeds, (3, -1, 2), seed)
    nodes, known, rows, latest = hops.nodes.tolist(), set(seeds.tolist()), [], seeds.tolist()
    expected = seeds.tolist()
    mine = dict(zip(hops.edges.tolist(), hops.receivers.tolist(), strict=True))
    for fanout in (3, -1, 2):
        new: set[int] = set()
        for node in latest:
            own = [r for r in range(120) if int(edges.receivers[r]) == node]
            drawn = [r for r in own if r in mine]
            assert len(drawn) == (len(own) if fanout < 0 else min(fanout, len(own)))
            rows += drawn
            new |= {int(edges.senders[r]) for r in drawn} - known
        latest = sorted(new)
        known |= new
        expected += latest
    assert nodes == expected
    assert sorted(rows) == sorted(mine) and len(mine) == len(hops.edges)
    assert torch.equal(hops.nodes[hops.senders], edges.senders[hops.edges])
    assert torch.equal(hops.nodes[hops.receivers], edges.receivers[hops.edges])
    assert bool((hops.receivers.diff() >= 0).all())


def test_every_neighbour_is_as_likely_and_a_node_draws_for_itself() -> None:
    star = gn.EdgeList.of(torch.arange(1, 6), torch.zeros(5, dtype=torch.long), num_senders=6, num_receivers=6)
    drawn = torch.stack([neighbors_of(star, torch.tensor([0]), (2,), seed).nodes[1:] for seed in range(3000)])
    assert bool((drawn[:, 0] != drawn[:, 1]).all())
    pairs = [f"{a}{b}" for a, b in drawn.tolist()]
    counts = [pairs.count(f"{a}{b}") for a, b in itertools.combinations(range(1, 6), 2)]
    assert sum(counts) == 3000 and stats.chisquare(counts).pvalue > 0.01
    ends = torch.randint(0, 50, (2, 600), generator=torch.Generator().manual_seed(0))
    edges = gn.EdgeList.of(*ends, num_senders=50, num_receivers=50)
    together = neighbors_of(edges, torch.tensor([7, 30, 2]), (4,), 9)
    alone = neighbors_of(edges, torch.tensor([30]), (4,), 9)
    assert together.edges[together.receivers == 1].tolist() == alone.edges.tolist()
