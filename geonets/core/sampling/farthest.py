"""Farthest point sampling: nodes spread evenly over each item."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from geonets.core import loops
from geonets.core.errors import OptionError
from geonets.core.options import one_of
from geonets.core.ranges import offsets_of, segment_mean
from geonets.core.sampling.points import require_finite
from geonets.core.topology import Topology

SOME = 2**18
"""Distances for which a thread of its own pays."""
STARTS = ("far", "first", "random")


class Spread(NamedTuple):
    """Chosen nodes, and to which of them every node belongs.

    Args:
        nodes: `(M,)` node numbers, item by item, in the order in which they were chosen.
        counts: `(B,)` how many of each item.
        owners: `(N,)` for each node the place in `nodes` of the chosen node that is nearest to it; of equally near
            ones that which was chosen first. -1 in an item of which none was chosen.
    """

    nodes: Tensor
    counts: Tensor
    owners: Tensor


def kept_counts(topology: Topology, ratio: float | int) -> Tensor:
    """`(B,)` how many nodes of each item are kept: `ceil(ratio n)`, or `min(ratio, n)` where `ratio` is an int.

    Example:
        >>> from geonets.core.topology import Set
        >>> kept_counts(Set([5, 0, 2]), 0.5).tolist(), kept_counts(Set([5, 0, 2]), 3).tolist()
        ([3, 0, 1], [3, 0, 2])
    """
    counts = topology.node_counts
    if isinstance(ratio, int):
        return counts.clamp(max=ratio)
    return (ratio * counts.double()).ceil().long()


def check_ratio(ratio: float | int) -> None:
    """Raise unless `ratio` is a number of nodes or a part of them.

    Raises:
        OptionError: if it is not positive, or a float above 1.
    """
    if ratio <= 0 or (isinstance(ratio, float) and ratio > 1):
        raise OptionError(
            f"`ratio` must be a part of the nodes in (0, 1], or a number of nodes as an int; got {ratio}. "
            "Pass 0.25, or 128."
        )


def farthest_points(
    pos: Tensor, topology: Topology, ratio: float | int | Tensor, start: str = "far", seed: int = 0
) -> Spread:
    """Choose nodes of each item one after another, each the farthest from those chosen before.

    `n_1 = start`, `n_{t+1} = argmax_i min_{s <= t} |pos_i - pos_{n_s}|`; of equally far nodes the lowest number. No
    node is chosen twice, coincident ones included.

    Args:
        pos: `(N, D)` positions.
        topology: which nodes share an item.
        ratio: the part of each item's nodes (rounded up), a number of nodes as an int, or `(B,)` numbers.
        start: `"far"` begins with the node farthest from the item's mean, so that the choice does not depend on how
            nodes are numbered; `"first"` with its lowest node number; `"random"` anywhere.
        seed: of the random start, which lies at one fraction of every item: batch mates make no difference.

    Raises:
        OptionError: if `ratio` or `start` is none of these.
        StructureError: if a position is missing or infinite.

    Reference: Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985; Qi et al., "PointNet++",
        2017, section 3.2.

    Example:
        >>> from geonets.core.topology import Set
        >>> line = torch.tensor([[0.0], [1.0], [2.0], [9.0]])
        >>> spread = farthest_points(line, Set(4), 2)
        >>> spread.nodes.tolist(), spread.owners.tolist()
        ([3, 0], [1, 1, 1, 0])
    """
    one_of("start", start, STARTS)
    if not isinstance(ratio, Tensor):
        check_ratio(ratio)
    require_finite(pos)
    places = pos.detach()
    wanted = ratio.to(topology.device) if isinstance(ratio, Tensor) else kept_counts(topology, ratio)
    wanted = torch.minimum(wanted, topology.node_counts)
    firsts = _first(places, topology, start, seed)
    one_way = _looped if loops.can_run(pos.device) else _together
    return one_way(places, topology, wanted, firsts)


def _looped(places: Tensor, topology: Topology, wanted: Tensor, firsts: Tensor) -> Spread:
    """Item after item, in a compiled loop."""
    ends = offsets_of(wanted)
    nodes, owners = torch.empty_like(ends).resize_(int(ends[-1])), torch.full_like(topology.item_ids, -1)
    places = places if places.dtype == torch.float32 else places.double()
    points, offsets, stops, starts, *found = loops.arrays(places, topology.node_offsets, ends, firsts, nodes, owners)
    choose, work = loops.compiled(_choose, exact=True), offsets_of(wanted * topology.node_counts)

    def of_items(start: int, stop: int) -> None:
        choose(points, offsets[start : stop + 1], stops[start : stop + 1], starts[start:stop], *found)

    loops.by_threads(of_items, work, SOME)
    return Spread(nodes, wanted, owners)


def _choose(
    points: np.ndarray,
    offsets: np.ndarray,
    ends: np.ndarray,
    firsts: np.ndarray,
    nodes: np.ndarray,
    owners: np.ndarray,
) -> None:
    """The choices of all items into `nodes`; `points` are `(N, D)`, an item's are brought to float64 when it comes.

    Four passes over an item a step, each without a branch; they are bound by the first cache, while an item fits it.
    """
    longest = np.diff(offsets).max() if len(firsts) else 0
    apart, squared = np.empty(longest), np.empty(longest)
    lines = np.empty((points.shape[1], longest))
    bits = apart.view(np.int64)  # of numbers that are not negative they have the same order; of -1 they are below
    for item in range(len(firsts)):
        start, count = offsets[item], offsets[item + 1] - offsets[item]
        owner = owners[start : start + count]
        lines[:, :count] = points[start : start + count].T
        apart[:count] = np.inf  # squared distance to the nearest chosen node; -1: taken
        latest = firsts[item] - start
        for place in range(ends[item], ends[item + 1]):
            nodes[place] = start + latest
            for i in range(count):
                squared[i] = 0.0
            for axis in range(len(lines)):
                line = lines[axis, :count]
                here = line[latest]
                for i in range(count):
                    gap = line[i] - here
                    squared[i] += gap * gap
            for i in range(count):
                now, before = squared[i], apart[i]
                owner[i] = place if now < before else owner[i]
                apart[i] = now if now < before else before
            apart[latest] = -1.0
            peak = bits[0]
            for i in range(count):
                peak = max(peak, bits[i])
            latest = 0
            while bits[latest] != peak:
                latest += 1


def _together(places: Tensor, topology: Topology, wanted: Tensor, firsts: Tensor) -> Spread:
    """All items advancing together, a step at a time."""
    order = wanted.argsort(descending=True, stable=True)  # items that are done early stand last
    counts = topology.node_counts.index_select(0, order)
    steps = torch.arange(int(wanted.max()) if len(wanted) else 0, device=places.device)
    alive = (wanted[:, None] > steps).sum(0).tolist()
    longest = int(counts.max()) if len(counts) else 0
    column = torch.arange(longest, device=places.device)
    exists = column < counts[:, None]  # (B, L)
    starts = topology.node_offsets[:-1].index_select(0, order)
    table = torch.where(exists, starts[:, None] + column, 0)
    points = places.double().index_select(0, table.flatten()).T.reshape(places.shape[1], *table.shape)  # (D, B, L)
    apart = torch.where(exists, torch.inf, -1.0).double()  # squared distance to the nearest chosen node; -1: taken
    owner = torch.full_like(table, -1)
    chosen = []
    latest = firsts.index_select(0, order) - starts
    for step, items in enumerate(alive):
        if step:
            latest = apart[:items].argmax(1)
        latest = latest[:items]
        here = points[:, :items].gather(2, latest.expand(len(points), -1)[..., None])
        distance = (points[:, :items] - here).square().sum(0)
        owner[:items] = torch.where(distance < apart[:items], step, owner[:items])
        apart[:items] = torch.minimum(apart[:items], distance).scatter(1, latest[:, None], -1.0)
        chosen.append(latest + starts[:items])
    return _packed(topology, chosen, wanted, order, owner[exists], table[exists])


def _packed(
    topology: Topology, chosen: list[Tensor], wanted: Tensor, order: Tensor, owner: Tensor, nodes: Tensor
) -> Spread:
    """The choices of all steps, put item by item."""
    firsts = offsets_of(wanted)[:-1]
    owners = torch.empty_like(topology.item_ids).index_copy_(0, nodes, owner)
    owners = torch.where(owners < 0, owners, owners + firsts.index_select(0, topology.item_ids))
    if not chosen:
        return Spread(nodes.new_empty(0), wanted, owners)
    places = torch.cat([firsts.index_select(0, order[: len(part)]) + step for step, part in enumerate(chosen)])
    picked = torch.cat(chosen)
    return Spread(torch.empty_like(picked).index_copy_(0, places, picked), wanted, owners)


def _first(places: Tensor, topology: Topology, start: str, seed: int) -> Tensor:
    """`(B,)` the node of each item to begin with; of an empty item any number."""
    starts, counts = topology.node_offsets[:-1], topology.node_counts
    if start == "random":
        fraction = torch.rand((), generator=torch.Generator().manual_seed(seed), dtype=torch.float64).item()
        return starts + (fraction * counts.double()).long()
    if start == "first" or not len(places):
        return starts
    items = topology.item_ids
    places = places.double()
    middle = segment_mean(places, topology.node_offsets, items).index_select(0, items)
    far = (places - middle).square().sum(1)
    peak = far.new_full((len(counts),), -1.0).scatter_reduce(0, items, far, "amax")
    candidates = torch.where(far == peak.index_select(0, items), torch.arange(len(far), device=far.device), len(far))
    return starts.new_full((len(counts),), len(far)).scatter_reduce(0, items, candidates, "amin")
