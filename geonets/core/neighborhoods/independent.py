"""`Independent`: a graph is coarsened around nodes that are more than so many links apart."""

from __future__ import annotations

import dataclasses
from typing import final

import torch
from torch import Tensor

from geonets.core.errors import OptionError
from geonets.core.neighborhoods.coarsening import Coarse, Coarsening
from geonets.core.ranges import Sizes
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Graph, Topology

LATER = torch.iinfo(torch.long).max


@final
@dataclasses.dataclass(frozen=True)
class Independent(Coarsening):
    """A maximal set of nodes more than `hops` links apart receives; every node speaks to the nearest of them.

    Receivers are linked where a link joins their groups, once, whatever the links' directions, types and numbers. Nodes
    are taken in a fixed scrambled order of their numbers, so the choice depends on how nodes are numbered, but neither
    on chance nor on an item's batch mates; of equally near receivers the earlier in that order is heard.

    Args:
        hops: how far a receiver reaches.

    Reference: Bacciu, Conte & Landolfi, "Generalizing downsampling from regular data to graphs", 2023, algorithm 1;
        Luby, "A simple parallel algorithm for the maximal independent set problem", 1986.
    """

    hops: int = 1

    def __post_init__(self) -> None:
        if self.hops < 1:
            raise OptionError(f"`hops` must be at least 1; got {self.hops}. Pass a number of links.")

    def coarse(self, structure: Structure) -> Coarse:
        topology = structure.topology
        links = topology.links
        ends = torch.cat([links.senders, links.receivers]), torch.cat([links.receivers, links.senders])
        rank = _scrambled(topology)
        chosen = _independent(rank, ends, self.hops)
        owner_rank = _nearest(rank, chosen, ends, self.hops)
        nodes = chosen.nonzero().squeeze(1)
        number = torch.empty_like(rank).index_copy_(0, rank, torch.arange(len(rank), device=rank.device))
        place = torch.cumsum(chosen, 0) - 1
        owners = place.index_select(0, number.index_select(0, owner_rank))
        everyone = torch.arange(len(rank), device=rank.device)
        edges = EdgeList.of(everyone, owners, num_senders=len(rank), num_receivers=len(nodes))
        counts = torch.bincount(topology.item_ids.index_select(0, nodes), minlength=topology.num_items)
        return Coarse(joined_groups(links, owners, Sizes.of(counts, axes=1)), edges, nodes)


def joined_groups(links: EdgeList, owners: Tensor, sizes: Sizes) -> Graph:
    """The graph of groups: a link from one to another for any number of links between their nodes."""
    senders, receivers = owners.index_select(0, links.senders), owners.index_select(0, links.receivers)
    return distinct_links(senders, receivers, sizes)


def distinct_links(senders: Tensor, receivers: Tensor, sizes: Sizes) -> Graph:
    """A graph with each of these links once, and none from a node to itself."""
    apart = senders != receivers
    codes = torch.unique(receivers[apart] * max(sizes.total, 1) + senders[apart])  # in receiver order
    count = max(sizes.total, 1)
    edges = EdgeList.of_sorted(codes % count, codes // count, None, sizes.total, sizes.total)
    return Graph.of_edges(sizes, edges)


def _scrambled(topology: Topology) -> Tensor:
    """`(N,)` a rank for every node: its number within its item, well mixed, so that few rounds decide.

    The mixing is one-to-one on 32 bits (the finaliser of MurmurHash3), so no two nodes of an item share a rank.
    """
    nodes = torch.arange(topology.num_nodes, device=topology.device)
    mixed = nodes - topology.node_offsets[:-1].index_select(0, topology.item_ids) + 1
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        mixed = ((mixed ^ (mixed >> shift)) * factor) & 0xFFFFFFFF
    order = ((mixed ^ (mixed >> 16)) + (topology.item_ids << 32)).argsort()
    return torch.empty_like(order).index_copy_(0, order, nodes)


def _independent(rank: Tensor, ends: tuple[Tensor, Tensor], hops: int) -> Tensor:
    """`(N,)` which nodes are chosen: in each round all that have the least rank of the undecided around them."""
    chosen = torch.zeros_like(rank, dtype=torch.bool)
    undecided = ~chosen
    while bool(undecided.any()):
        waiting = torch.where(undecided, rank, LATER)
        least = _spread(waiting, ends, hops)
        new = undecided & (least == rank)
        chosen |= new
        undecided &= _spread(torch.where(new, rank, LATER), ends, hops) == LATER
    return chosen


def _nearest(rank: Tensor, chosen: Tensor, ends: tuple[Tensor, Tensor], hops: int) -> Tensor:
    """`(N,)` the rank of the chosen node that is nearest: hop by hop, of equally near ones the least."""
    owner = torch.where(chosen, rank, LATER)
    for _ in range(hops):
        owner = torch.where(owner == LATER, _spread(owner, ends, 1), owner)
    return owner


def _spread(values: Tensor, ends: tuple[Tensor, Tensor], hops: int) -> Tensor:
    """The least value within so many links."""
    for _ in range(hops):
        values = values.scatter_reduce(0, ends[1], values.index_select(0, ends[0]), "amin")
    return values
