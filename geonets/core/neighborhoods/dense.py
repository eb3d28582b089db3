"""`Complete`, `Cross` and `Hub`: everybody in an item hears everybody, another item, or speaks to one node."""

from __future__ import annotations

import dataclasses
from typing import final

import torch
from torch import Tensor

from geonets.core.neighborhoods.base import Neighborhood, same_items
from geonets.core.ranges import Sizes, concatenated_ranges
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Set, Topology


@final
@dataclasses.dataclass(frozen=True)
class Complete(Neighborhood):
    """Every node hears every node of its item, itself included.

    Args:
        causal: only those before it, and itself, in node order.
    """

    causal: bool = False

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        edges = _all_pairs(structure.topology, structure.topology)
        if not self.causal:
            return edges
        past = edges.senders <= edges.receivers
        return EdgeList.of_sorted(
            edges.senders[past], edges.receivers[past], None, edges.num_senders, edges.num_receivers
        )


@final
@dataclasses.dataclass(frozen=True)
class Cross(Neighborhood):
    """Every node hears every node of the same item of another structure: a word hears the pixels of its image."""

    def check(self, structure: Structure, source: Structure) -> None:
        same_items(structure, source)

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        self.check(structure, source)
        return _all_pairs(source.topology, structure.topology)


@final
@dataclasses.dataclass(frozen=True)
class Hub(Neighborhood):
    """All nodes of an item speak to one node that stands for the item."""

    def target(self, topology: Topology) -> Topology:
        return topology.remember("hub", lambda: Set(Sizes.of((1,), topology.num_items, device=topology.device)))

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        topology = structure.topology
        senders = torch.arange(topology.num_nodes, device=topology.device)
        return EdgeList(senders, topology.item_ids, None, topology.num_nodes, topology.num_items, topology.node_offsets)


def _all_pairs(source: Topology, target: Topology) -> EdgeList:
    items = target.item_ids
    counts: Tensor = source.node_counts.index_select(0, items)
    senders = concatenated_ranges(source.node_offsets.index_select(0, items), counts)
    receivers = torch.repeat_interleave(counts, output_size=len(senders))
    return EdgeList.of_sorted(senders, receivers, None, source.num_nodes, target.num_nodes)
