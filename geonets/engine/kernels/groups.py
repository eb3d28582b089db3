"""Running a kernel for uniform items on ragged ones: one call for each size that occurs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from geonets.core.ranges import concatenated_ranges
from geonets.core.topology import Topology


@dataclasses.dataclass(frozen=True, eq=False)
class SizeGroup:
    """Items of equal size.

    Args:
        num_items: how many.
        sizes: the size of each topology's items, in the order of the topologies given.
        rows: the node rows of these items in each topology.
    """

    num_items: int
    sizes: list[tuple[int, ...]]
    rows: list[Tensor]


def size_groups(*topologies: Topology) -> list[SizeGroup]:
    """Group items by their sizes in all topologies at once; remembered by the first.

    Args:
        *topologies: with as many items each.
    """
    return topologies[0].remember(("size_groups", *topologies[1:]), lambda: _groups(topologies))


def by_size(groups: Sequence[SizeGroup], kernel: Callable[[SizeGroup], Tensor], out_rows: Sequence[Tensor]) -> Tensor:
    """Run `kernel` on each group and put its rows where `out_rows` says.

    Args:
        groups: at least one.
        kernel: returns one row for each entry of the group's `out_rows`.
        out_rows: where each group's rows go.
    """
    parts = torch.cat([kernel(group) for group in groups])
    places = torch.cat(list(out_rows))
    inverse = torch.empty_like(places).index_copy_(0, places, torch.arange(len(places), device=places.device))
    return parts.index_select(0, inverse)


def rows_of_items(topology: Topology, items: Tensor) -> Tensor:
    """The node rows of some items, one item after another."""
    return concatenated_ranges(
        topology.node_offsets.index_select(0, items), topology.node_counts.index_select(0, items)
    )


def connected_zeros(shape: tuple[int, ...], *tensors: Tensor | None) -> Tensor:
    """An empty result that is still a function of `tensors`, so that their gradients are zeros and not missing."""
    present = [tensor for tensor in tensors if tensor is not None]
    return present[0].new_zeros(shape) + sum(0 * tensor.sum() for tensor in present)


def _groups(topologies: Sequence[Topology]) -> list[SizeGroup]:
    tables = [topology.sizes.sizes for topology in topologies]
    distinct, group_of = torch.unique(torch.cat(tables, 1), dim=0, return_inverse=True)
    order = group_of.argsort(stable=True)
    counts = torch.bincount(group_of, minlength=len(distinct)).tolist()
    groups = []
    for row, items in zip(distinct.tolist(), order.split(counts), strict=True):
        sizes, start = [], 0
        for table in tables:
            sizes.append(tuple(row[start : start + table.shape[1]]))
            start += table.shape[1]
        groups.append(SizeGroup(len(items), sizes, [rows_of_items(topology, items) for topology in topologies]))
    return groups
