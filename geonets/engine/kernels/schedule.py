"""Who sends its state to which later level: worked out once for a set of edges, then followed by every sweep."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from geonets.core.topology import EdgeList
from geonets.engine.kernels.cells import Hearing, State


@dataclasses.dataclass(frozen=True, eq=False)
class Post:
    """What a level sends to later ones.

    Args:
        rows: which of its rows, in the order of the receivers; None for all of them as they are.
        counts: how many go to each level.
        levels: which levels those are.
    """

    rows: Tensor | None
    counts: list[int]
    levels: list[int]

    def send(self, state: State, inbox: list[list[State]]) -> None:
        """Put into each level's box what is sent there: a row is copied once for each edge, not once for each level."""
        if not self.levels:
            return
        sent = state if self.rows is None else [part.index_select(0, self.rows) for part in state]
        parcels = [part.split(self.counts) for part in sent]
        for place, level in enumerate(self.levels):
            inbox[level].append([parcel[place] for parcel in parcels])


@dataclasses.dataclass(frozen=True, eq=False)
class Schedule:
    """Nodes level by level, and the post between levels.

    Args:
        order: `(N,)` nodes in the order of the levels.
        places: `(N,)` where each node stands in it.
        sizes: nodes of each level.
        hearings: who hears what, level by level.
        arrivals: the order in which a level hears what arrived; None for as it came.
        posts: what the initial states of the items send, then what each level sends.
    """

    order: Tensor
    places: Tensor
    sizes: list[int]
    hearings: list[Hearing]
    arrivals: list[Tensor | None]
    posts: list[Post]

    @staticmethod
    def of(edges: EdgeList, relation: Tensor, num_relations: int, items: Tensor | None) -> Schedule:
        """Work it out.

        Args:
            edges: free of cycles.
            relation: `(E,)` of each edge.
            num_relations: slots of each node.
            items: `(N,)` the item of each node, where items have initial states for nodes without predecessors.
        """
        levels = _siblings_together(edges, edges.late_levels)
        order, sizes = torch.cat(levels), [len(level) for level in levels]
        row_of, level_of, places = (torch.empty_like(order) for _ in range(3))
        row_of[order] = torch.cat([torch.arange(size, device=order.device) for size in sizes])
        level_of[order] = torch.repeat_interleave(torch.tensor(sizes, device=order.device))
        places[order] = torch.arange(len(order), device=order.device)
        source, row = level_of[edges.senders] + 1, row_of[edges.senders]
        target, slot = level_of[edges.receivers], row_of[edges.receivers] * num_relations + relation
        if items is not None:  # the initial states are a level before the first
            first = (edges.degrees == 0).nonzero().squeeze(1)
            source, row = torch.cat([source, torch.zeros_like(first)]), torch.cat([row, items[first]])
            target, slot = torch.cat([target, level_of[first]]), torch.cat([slot, row_of[first] * num_relations])
        sent = _sorted_by(source, target, slot)
        arrived = sent[_sorted_by(target[sent])]
        heard = _sorted_by(target[arrived], slot[arrived])
        counts = torch.bincount(target, minlength=len(sizes)).tolist()
        hearings = [
            Hearing.of(own, size * num_relations, size)
            for own, size in zip(slot[arrived[heard]].split(counts), sizes, strict=True)
        ]
        arrivals = [None if _ascends(order) else order - order.min() for order in heard.split(counts)]
        posts = _posts(source[sent], row[sent], target[sent], [0, *sizes])
        return Schedule(order, places, sizes, hearings, arrivals, posts)


def _siblings_together(edges: EdgeList, levels: list[Tensor]) -> list[Tensor]:
    """Each level in the order of its receivers, so that on chains and trees nothing is moved between levels."""
    transpose = edges.transpose
    rank, ordered = torch.zeros_like(edges.degrees), []
    first_of = torch.cat([edges.receivers_by_sender, edges.receivers.new_zeros(1)])[transpose.pointers[:-1]]
    sends = transpose.pointers[1:] > transpose.pointers[:-1]
    for level in reversed(levels):
        nodes = level[torch.where(sends[level], rank[first_of[level]], 0).argsort(stable=True)]
        rank[nodes] = torch.arange(len(nodes), device=nodes.device)
        ordered.append(nodes)
    return ordered[::-1]


def _posts(source: Tensor, row: Tensor, target: Tensor, sizes: list[int]) -> list[Post]:
    """What each level sends, from edges sorted by source and target."""
    pairs, counts = torch.unique_consecutive(torch.stack([source, target]), dim=1, return_counts=True)
    posts = [Post(None, [], []) for _ in sizes]
    for (sender, receiver), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
        posts[sender].counts.append(count)
        posts[sender].levels.append(receiver)
    rows = row.split([sum(post.counts) for post in posts])
    return [
        post if len(own) == size and _ascends(own) else dataclasses.replace(post, rows=own)
        for post, own, size in zip(posts, rows, sizes, strict=True)
    ]


def _sorted_by(*keys: Tensor) -> Tensor:
    """The stable order that sorts by the first key, then by the second, ..."""
    order = torch.arange(len(keys[0]), device=keys[0].device)
    for key in reversed(keys):
        order = order[key[order].argsort(stable=True)]
    return order


def _ascends(numbers: Tensor) -> bool:
    return bool((numbers[1:] > numbers[:-1]).all())
