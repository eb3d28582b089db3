"""Some of each item's nodes, at random or ranked."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.sampling.draws import local_numbers, uniform
from geonets.core.topology import Topology


def random_nodes(topology: Topology, wanted: Tensor, seed: int) -> Tensor:
    """`(N,)` bool: `wanted[b]` nodes of each item, all subsets equally likely; all where there are not more.

    Args:
        topology: which nodes share an item.
        wanted: `(B,)` how many of each.
        seed: of the draws.

    Example:
        >>> from geonets.core.topology import Set
        >>> kept = random_nodes(Set([10, 3]), torch.tensor([4, 4]), seed=0)
        >>> int(kept[:10].sum()), int(kept[10:].sum())
        (4, 3)
    """
    return first_of_items(topology, uniform(seed, topology.item_ids, local_numbers(topology)), wanted)


def first_of_items(topology: Topology, values: Tensor, wanted: Tensor) -> Tensor:
    """`(N,)` bool: the `wanted[b]` nodes of each item with the smallest values, of equal ones the lower numbers."""
    order = values.argsort(stable=True)
    order = order[topology.item_ids[order].argsort(stable=True)]  # item by item, each by value
    kept = local_numbers(topology) < wanted[topology.item_ids]
    return torch.empty_like(kept).index_copy_(0, order, kept)
