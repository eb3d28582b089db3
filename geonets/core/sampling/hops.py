"""The neighbours of some nodes, and theirs, a few of each: what a deep layer needs of a large graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from geonets.core.ranges import concatenated_ranges
from geonets.core.sampling.draws import uniform
from geonets.core.topology import EdgeList


class Hops(NamedTuple):
    """Nodes, hop after hop, and edges between them.

    Args:
        nodes: `(n,)` their numbers: the seeds as they were given, then what was found at each hop, ascending.
        edges: `(m,)` edge rows, those of one receiver together, the receivers in the order of `nodes`.
        senders: `(m,)` places in `nodes`.
        receivers: `(m,)` places in `nodes`, ascending.
    """

    nodes: Tensor
    edges: Tensor
    senders: Tensor
    receivers: Tensor


def neighbors_of(edges: EdgeList, seeds: Tensor, fanouts: Sequence[int], seed: int) -> Hops:
    """Follow edges back from the seeds: at hop `h` each node that is new hears `fanouts[h]` of its senders, or all.

    Senders are drawn without replacement, all subsets of a node's edges equally likely; whatever else is sampled
    beside, a node draws the same.

    Args:
        edges: all edges.
        seeds: `(s,)` distinct node numbers.
        fanouts: edges a node at each hop; -1 for all.
        seed: of the draws.

    Reference: Hamilton, Ying & Leskovec, "Inductive representation learning on large graphs", 2017, algorithm 2.
    """
    nodes, rows, heard = [seeds], [seeds.new_empty(0)], [seeds.new_empty(0)]
    known, latest = seeds.sort().values, seeds
    for hop, fanout in enumerate(fanouts):
        starts = edges.pointers[latest]
        counts = edges.pointers[latest + 1] - starts
        found, owners = concatenated_ranges(starts, counts), torch.repeat_interleave(counts)
        if fanout >= 0:
            kept = _some(found, owners, counts, fanout, uniform(seed, found, hop))
            found, owners = found[kept], owners[kept]
        rows.append(found)
        heard.append(owners + sum(map(len, nodes[:-1])))
        senders = edges.senders[found].unique()
        latest = senders[~_among(senders, known)]
        nodes.append(latest)
        known = torch.cat([known, latest]).sort().values
    chosen, order = torch.cat(nodes).sort()
    together = torch.cat(rows)
    places = order[torch.searchsorted(chosen, edges.senders[together])] if len(chosen) else together
    return Hops(torch.cat(nodes), together, places, torch.cat(heard))


def _some(rows: Tensor, owners: Tensor, counts: Tensor, most: int, draws: Tensor) -> Tensor:
    """`(m,)` bool: of each owner's rows the `most` with the smallest draws."""
    order = draws.argsort()
    order = order[owners[order].argsort(stable=True)]
    ranks = torch.arange(len(rows), device=rows.device) - (counts.cumsum(0) - counts)[owners]
    return torch.empty_like(owners, dtype=torch.bool).index_copy_(0, order, ranks < most)


def _among(values: Tensor, ascending: Tensor) -> Tensor:
    """Whether each value is one of some ascending ones."""
    if not len(ascending):
        return torch.zeros_like(values, dtype=torch.bool)
    places = torch.searchsorted(ascending, values).clamp(max=len(ascending) - 1)
    return ascending[places] == values
