"""Searches in space: nearest neighbours, farthest points, balls. Forward only: they have no gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from harness import Case
from peers.pointnet import farthest
from torch import Tensor

import geonets as gn
from geonets.core.sampling.farthest import farthest_points
from geonets.core.sampling.neighbors import nearest_pairs, nearest_within
from geonets.core.sampling.points import Points
from geonets.core.topology import Set

ITEMS, POINTS, NEAR, KEPT, MOST, RADIUS = 32, 1024, 20, 512, 32, 0.1


def knn() -> Case:
    """Neighbours in clouds; the peer's table of all distances and the least of each row."""
    clouds = torch.randn(ITEMS, POINTS, 3)
    pos, topology = clouds.flatten(0, 1), Set([POINTS] * ITEMS)

    def step() -> list[Tensor]:
        return [nearest_pairs(pos, topology, NEAR, loop=True)[0].reshape(ITEMS, POINTS, NEAR)]

    def peer_step() -> list[Tensor]:
        found = torch.cdist(clouds, clouds).topk(NEAR, 2, largest=False, sorted=True).indices
        return [found + POINTS * torch.arange(ITEMS)[:, None, None]]

    def check() -> Iterator[tuple[Tensor, Tensor]]:
        yield _apart(pos, step()[0].flatten(0, 1)), _apart(pos, peer_step()[0].flatten(0, 1))

    return Case(f"kNN in {ITEMS} x {POINTS} points, k = {NEAR}", 7, step, {"cdist and topk": peer_step}, check=check)


def knn_of_a_million(count: int = 1_000_000, near: int = 16) -> Case:
    """One cloud; the peer is SciPy's tree, built anew as ours is."""
    from scipy.spatial import KDTree

    pos = torch.rand(count if torch.get_default_dtype() == torch.float32 else 10_000, 3)
    topology = Set([len(pos)])

    def step() -> list[Tensor]:
        return [nearest_pairs(pos, topology, near, loop=True)[0].reshape(-1, near)]

    def peer_step() -> list[Tensor]:
        return [torch.from_numpy(KDTree(pos.numpy()).query(pos.numpy(), near)[1])]

    def check() -> Iterator[tuple[Tensor, Tensor]]:
        yield _apart(pos, step()[0]), _apart(pos, peer_step()[0])

    return Case(f"kNN in a cloud of {count:,} points, k = {near}", 3, step, {"SciPy KDTree": peer_step}, check=check)


def spread() -> Case:
    """Farthest points; the peer's loop over the choices, all clouds at once."""
    clouds = torch.rand(ITEMS, POINTS, 3)
    pos, topology = clouds.flatten(0, 1), Set([POINTS] * ITEMS)

    def step() -> list[Tensor]:
        return [farthest_points(pos, topology, KEPT, "first").nodes.reshape(ITEMS, KEPT)]

    def peer_step() -> list[Tensor]:
        return [farthest(clouds, KEPT) + POINTS * torch.arange(ITEMS)[:, None]]

    return Case(f"Farthest points, {ITEMS} x {POINTS} -> {KEPT}", 6, step, {"torch loop": peer_step})


def balls() -> Case:
    """The first 32 points of a ball as the published models take them; ours are the nearest."""
    clouds = torch.rand(ITEMS, POINTS, 3)
    chosen = farthest(clouds, KEPT)
    centres = clouds.gather(1, chosen[..., None].expand(-1, -1, 3))
    pos, heard = clouds.flatten(0, 1), gn.points(centres)
    source = gn.points(clouds)

    def step() -> list[Tensor]:
        points = nearest_within(heard.pos, heard.topology, RADIUS, MOST, loop=True, source=_points(source))
        return list(points)

    def peer_step() -> list[Tensor]:
        squared = torch.cdist(centres, clouds).square()
        numbers = torch.arange(POINTS).expand(ITEMS, KEPT, POINTS).clone()
        numbers[squared > RADIUS**2] = POINTS
        return [numbers.sort(2).values[:, :, :MOST]]

    def check() -> Iterator[tuple[Tensor, Tensor]]:
        if torch.get_default_dtype() == torch.float32:
            return  # cdist rounds there: points at the rim differ
        senders, receivers = step()
        table = peer_step()[0]
        items = torch.arange(ITEMS)[:, None, None]
        there = table < POINTS
        yield torch.bincount(receivers, minlength=ITEMS * KEPT).double(), there.sum(2).flatten().double()
        owners = there.flatten(0, 1).nonzero()[:, 0]
        other = (table + items * POINTS)[there] + len(pos) * owners
        yield (receivers * len(pos) + senders).sort().values.double(), other.sort().values.double()

    name = f"Ball query in {ITEMS} x {POINTS} points, {KEPT} centres, at most {MOST}"
    return Case(name, 25, step, {"cdist and sort": peer_step}, check=check)


def _points(source: gn.Structure) -> Points:
    return Points(source.pos, source.topology)


def _apart(pos: Tensor, near: Tensor) -> Tensor:
    """How far the neighbours are: equally near ones may stand in any order."""
    return (pos[near].double() - pos[:, None].double()).norm(dim=2).sort(1).values


CASES: dict[str, Callable[[], Case]] = {
    "knn": knn,
    "knn_million": knn_of_a_million,
    "farthest": spread,
    "balls": balls,
}
