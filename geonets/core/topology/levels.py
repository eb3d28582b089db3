"""Topological order of a directed graph, level by level."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.ranges import concatenated_ranges

MOST_SHOWN = 12
"""Nodes of a cycle that a message names."""


def topological_levels(degrees: Tensor, sender_pointers: Tensor, receivers_by_sender: Tensor) -> list[Tensor]:
    """Split nodes into levels such that every edge leads from an earlier level to a later one.

    A node's level is the length of the longest path that ends in it.

    Args:
        degrees: `(N,)` incoming edges of each node.
        sender_pointers: `(N+1,)` where each sender's edges start.
        receivers_by_sender: `(E,)` receivers, ordered by sender.

    Returns:
        Node numbers of each level, ascending.

    Raises:
        CycleError: if the edges form a cycle.

    Reference:
        A. B. Kahn, "Topological sorting of large networks", 1962.

    Example:
        >>> path = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 2, 2]), torch.tensor([1, 2])
        >>> [level.tolist() for level in topological_levels(*path)]
        [[0], [1], [2]]
    """
    waiting = degrees.clone()
    frontier = (waiting == 0).nonzero().squeeze(1)
    levels = []
    while len(frontier):
        levels.append(frontier)
        if len(frontier) == 1:  # a long path is many levels of one node
            start, stop = sender_pointers[frontier[0] :][:2].tolist()
            reached = receivers_by_sender[start:stop]
        else:
            starts = sender_pointers.index_select(0, frontier)
            counts = sender_pointers.index_select(0, frontier + 1) - starts
            reached = receivers_by_sender.index_select(0, concatenated_ranges(starts, counts))
        waiting.index_add_(0, reached, torch.full_like(reached, -1))
        candidates = reached.unique() if len(reached) > 1 else reached
        frontier = candidates[waiting.index_select(0, candidates) == 0]
    if sum(map(len, levels)) < len(degrees):
        raise cycle_error(_find_cycle(waiting > 0, sender_pointers, receivers_by_sender))
    return levels


class CycleError(StructureError):
    """Edges form a cycle where they must not.

    Args:
        message: in words.
        cycle: its nodes, the first once more at the end.
    """

    def __init__(self, message: str, cycle: list[int]) -> None:
        super().__init__(message)
        self.cycle = cycle


def cycle_error(cycle: list[int], where: str = "") -> CycleError:
    """The error that names a cycle; of a long one its beginning and its end."""
    shown = [str(node) for node in cycle]
    remark = where
    if len(cycle) > MOST_SHOWN:
        shown = [*shown[: MOST_SHOWN - 3], "...", *shown[-2:]]
        remark = f"{len(cycle) - 1} nodes{', ' if where else ''}{where}"
    return CycleError(
        "`edges` must be free of cycles to be processed in topological order; "
        f"got the cycle {' -> '.join(shown)}{f' ({remark})' if remark else ''}. "
        "Point every edge from child to parent, or use another layer.",
        cycle,
    )


def _find_cycle(blocked: Tensor, sender_pointers: Tensor, receivers_by_sender: Tensor) -> list[int]:
    """Walk backwards from a blocked node: each has a blocked sender, so a node must come again."""
    counts = sender_pointers[1:] - sender_pointers[:-1]
    senders = torch.repeat_interleave(counts)
    open_edges = blocked[senders] & blocked[receivers_by_sender]
    sender_of = dict(zip(receivers_by_sender[open_edges].tolist(), senders[open_edges].tolist(), strict=True))
    node, place_of = next(iter(sender_of)), dict[int, int]()
    while node not in place_of:
        place_of[node] = len(place_of)
        node = sender_of[node]
    path = [*list(place_of)[place_of[node] :], node]
    return path[::-1]
