"""Boxes within boxes, in compiled loops: a tree whose leaves are a few nodes that lie together, as tight as they do.

No distance is ever too great by rounding: a box is at most as far as each node in it when both are computed by the same
operations, for each of them rounds monotonously. So what is left out is left out for certain, ties included.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from geonets.core import loops
from geonets.core.ranges import offsets_of
from geonets.core.sampling.points import Points

AXES, LEAF = 3, 16
NOBODY, ANYBODY = -1, 2**62
SOME = 2048
"""Nodes for which a thread of its own pays."""
DEPTH = 64
"""More than a tree of halves can have levels."""

ZERO, ONE = np.uint64(0), np.uint64(1)
"""Unsigned places: numba asks of signed ones at every access whether they count from the end."""


@final
class Boxes:
    """The nodes of every item in a tree of their own.

    Args:
        source: whose nodes, with one to three axes, in float64 on a CPU.
    """

    def __init__(self, source: Points) -> None:
        device, leaves = source.pos.device, (source.topology.node_counts + LEAF - 1) // LEAF
        begins, roots = LEAF * offsets_of(leaves), offsets_of((2 * leaves - 1).clamp(min=0))
        places, nodes = int(begins[-1]), int(roots[-1])
        lines = torch.full((AXES, places), torch.inf, dtype=torch.float64, device=device)  # what is in no item is far
        numbers = begins.new_full((places,), NOBODY)
        corners = torch.empty(nodes, 2 * AXES, dtype=torch.float64, device=device)
        rights, least = begins.new_zeros(nodes), begins.new_zeros(nodes)
        self.order = numbers
        self.tree = loops.arrays(roots, lines, numbers, corners, rights, least)
        pos, offsets, places_of = loops.arrays(_in_space(source.pos), source.topology.node_offsets, begins)
        plant, all_roots = loops.compiled(_plant, exact=True), self.tree[0]

        def of_items(start: int, stop: int) -> None:
            ends = slice(start, stop + 1)
            plant(pos, offsets[ends], places_of[ends], all_roots[ends], *self.tree[1:])

        loops.by_threads(of_items, source.topology.node_offsets, SOME)

    def nearest(self, target: Points, same: bool, wanted: int, without_itself: bool, limit: float) -> list[Tensor]:
        """Senders and receivers: the at most `wanted` nearest of every receiver, up to a squared distance.

        Args:
            target: the receivers.
            same: whether they are the nodes of the tree.
            wanted: neighbours a receiver.
            without_itself: whether none is its own neighbour.
            limit: the largest squared distance, a finite number.
        """
        counts, total = target.topology.item_ids.new_empty(len(target.pos)), len(target.pos)
        near = counts.new_empty(total, wanted)
        pos, items, rows = loops.arrays(_in_space(target.pos), target.topology.item_ids, self._rows(target, same))
        search, found = loops.compiled(_nearest, exact=True), loops.arrays(near, counts)

        def of_rows(start: int, stop: int) -> None:
            search(pos, items, rows[start:stop], *found, without_itself, limit, *self.tree)

        loops.by_threads(of_rows, range(total + 1), SOME)
        if int(counts.sum()) == near.numel():
            return [near.flatten(), torch.arange(total, device=counts.device).repeat_interleave(near.shape[1])]
        exists = torch.arange(wanted, device=counts.device) < counts[:, None]
        return [near[exists], torch.repeat_interleave(counts)]

    def within(self, target: Points, same: bool, without_itself: bool, limit: float) -> list[Tensor]:
        """Senders and receivers of all pairs up to a squared distance, ascending by receiver, then by sender."""
        counts = target.topology.item_ids.new_empty(len(target.pos))
        queries = loops.arrays(_in_space(target.pos), target.topology.item_ids, self._rows(target, same), counts)
        found = loops.compiled(_within, exact=True)(*queries, without_itself, limit, *self.tree)
        return [torch.from_numpy(found), torch.repeat_interleave(counts)]

    def _rows(self, target: Points, same: bool) -> Tensor:
        """The receivers in the order in which they are asked about: those that lie together one after another."""
        return self.order[self.order >= 0] if same else torch.arange(len(target.pos), device=self.order.device)


def _in_space(pos: Tensor) -> Tensor:
    """`(N, 3)`: further coordinates are zero, which changes no distance."""
    return torch.nn.functional.pad(pos, (0, AXES - pos.shape[1]))


def _plant(
    pos: np.ndarray,
    offsets: np.ndarray,
    begins: np.ndarray,
    roots: np.ndarray,
    lines: np.ndarray,
    numbers: np.ndarray,
    corners: np.ndarray,
    rights: np.ndarray,
    least: np.ndarray,
) -> None:
    """Halve each item across its longest side until a leaf is left; boxes in preorder, all leaves but the last full.

    A box has its corners, the lowest number in it, and its right half's place; a leaf has minus the place of its nodes,
    less one. Nodes all in one place stand by number, so that searches among them end early.
    """
    below = np.empty((DEPTH, 3), np.int64)
    for item in range(len(roots) - 1):
        first, count = offsets[item], offsets[item + 1] - offsets[item]
        for i in range(count):
            numbers[begins[item] + i] = first + i
            for axis in range(AXES):
                lines[axis, begins[item] + i] = pos[first + i, axis]
        box, waiting = roots[item], min(count, 1)
        below[0] = (begins[item], begins[item] + count, NOBODY)
        while waiting:
            waiting -= 1
            begin, end, parent = below[waiting]
            if parent != NOBODY:
                rights[parent] = box
            side, longest = 0, -1.0
            for axis in range(AXES):
                line = lines[axis, begin:end]
                low = high = line[0]
                for i in range(len(line)):
                    low, high = min(low, line[i]), max(high, line[i])
                corners[box, axis], corners[box, AXES + axis] = low, high
                if high - low > longest:
                    side, longest = axis, high - low
            least[box] = numbers[begin:end].min()
            rights[box] = -1 - begin
            if end - begin > LEAF:
                middle = begin + (end - begin + 2 * LEAF - 1) // (2 * LEAF) * LEAF
                if longest > 0:
                    _part(lines, numbers, side, begin, end, middle)
                else:
                    numbers[begin:end].sort()
                below[waiting] = (middle, end, box)
                below[waiting + 1] = (begin, middle, NOBODY)
                waiting += 2
            box += 1


def _part(lines: np.ndarray, numbers: np.ndarray, side: int, begin: int, end: int, middle: int) -> None:
    """Exchange nodes until none before `middle` is further along an axis than any from it on (Hoare 1961)."""
    line, low, high = lines[side], begin, end - 1
    while low < high:
        first, half, last = line[low], line[(low + high) // 2], line[high]
        pivot = max(min(first, half), min(max(first, half), last))
        i, j = low, high
        while i <= j:
            while line[i] < pivot:
                i += 1
            while line[j] > pivot:
                j -= 1
            if i <= j:
                for axis in range(AXES):
                    lines[axis, i], lines[axis, j] = lines[axis, j], lines[axis, i]
                numbers[i], numbers[j] = numbers[j], numbers[i]
                i, j = i + 1, j - 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


def _gap(corners: np.ndarray, box: Any, x: float, y: float, z: float) -> float:
    """The squared distance of a box, by the operations by which the distances of nodes are computed."""
    along = max(corners[box, 0] - x, x - corners[box, 3], 0.0)
    across = max(corners[box, 1] - y, y - corners[box, 4], 0.0)
    above = max(corners[box, 2] - z, z - corners[box, 5], 0.0)
    return along * along + across * across + above * above


def _squared(lines: np.ndarray, low: Any, x: float, y: float, z: float, squared: np.ndarray) -> None:
    """The squared distances of a leaf's nodes: axis after axis, as `squared_distances` rounds them."""
    for i in range(LEAF):
        along, across, above = lines[0, low + i] - x, lines[1, low + i] - y, lines[2, low + i] - z
        squared[i] = along * along + across * across + above * above


def _insert(distances: np.ndarray, found: np.ndarray, place: Any, distance: float, number: Any) -> None:
    """Put a node after those that are nearer, or as near and lower; `place` is that of the last, at 0 stands -1."""
    while distances[place] > distance:
        distances[place + ONE], found[place + ONE] = distances[place], found[place]
        place -= ONE
    while distances[place] == distance and found[place] > number:
        distances[place + ONE], found[place + ONE] = distances[place], found[place]
        place -= ONE
    distances[place + ONE], found[place + ONE] = distance, number


def _nearest(
    pos: np.ndarray,
    items: np.ndarray,
    rows: np.ndarray,
    near: np.ndarray,
    counts: np.ndarray,
    without_itself: bool,
    limit: float,
    roots: np.ndarray,
    lines: np.ndarray,
    numbers: np.ndarray,
    corners: np.ndarray,
    rights: np.ndarray,
    least: np.ndarray,
) -> None:
    """Go down into the nearer half first; keep a sorted list; leave out what would come after its last.

    Most of the time goes into the list: into the moves, and the branches that no processor foresees.
    """
    waiting, gaps = np.empty(DEPTH, np.int64), np.empty(DEPTH)
    squared, wanted = np.empty(LEAF), np.uint64(near.shape[1])
    distances, found = np.empty(near.shape[1] + 2), np.empty(near.shape[1] + 2, np.int64)  # from 1 on; one to spare
    distances[0] = -1.0
    for row in rows:
        x, y, z = pos[row]
        itself = row if without_itself else NOBODY
        have, worst, last = ZERO, limit, ANYBODY
        waiting[0], gaps[0] = roots[items[row]], 0.0
        left = min(roots[items[row] + 1] - roots[items[row]], 1)
        while left:
            left -= 1
            box, gap = waiting[left], gaps[left]
            while gap < worst or (gap == worst and least[box] < last):
                if rights[box] < 0:
                    low = -1 - rights[box]
                    _squared(lines, low, x, y, z, squared)
                    for i in range(LEAF):
                        distance, number = squared[i], numbers[low + i]
                        if distance > worst or number == itself:
                            continue
                        _insert(distances, found, have, distance, number)
                        have = min(have + ONE, wanted)
                        if have == wanted:
                            worst, last = distances[wanted], found[wanted]
                    break
                box, other = box + 1, rights[box]
                gap, further = _gap(corners, box, x, y, z), _gap(corners, other, x, y, z)
                if further < gap or (further == gap and least[other] < least[box]):
                    box, other, gap, further = other, box, further, gap
                if further <= worst:
                    waiting[left], gaps[left] = other, further
                    left += 1
        counts[row] = have
        for i in range(have):
            near[row, i] = found[i + 1]


def _within(
    pos: np.ndarray,
    items: np.ndarray,
    rows: np.ndarray,
    counts: np.ndarray,
    without_itself: bool,
    limit: float,
    roots: np.ndarray,
    lines: np.ndarray,
    numbers: np.ndarray,
    corners: np.ndarray,
    rights: np.ndarray,
    least: np.ndarray,
) -> np.ndarray:
    """The nodes of all boxes that are near enough, found in the order of `rows`, returned in that of the receivers."""
    waiting, squared, starts = np.empty(DEPTH, np.int64), np.empty(LEAF), np.empty(len(rows), np.int64)
    found, total = np.empty(16 * len(rows) + LEAF, np.int64), 0
    for row in rows:
        x, y, z = pos[row]
        itself = row if without_itself else NOBODY
        starts[row] = total
        waiting[0] = roots[items[row]]
        left = min(roots[items[row] + 1] - roots[items[row]], 1)
        while left:
            left -= 1
            box = waiting[left]
            if _gap(corners, box, x, y, z) > limit:
                continue
            if rights[box] >= 0:
                waiting[left], waiting[left + 1] = rights[box], box + 1
                left += 2
                continue
            low = -1 - rights[box]
            _squared(lines, low, x, y, z, squared)
            if total + LEAF > len(found):
                more = np.empty(2 * len(found), np.int64)
                more[:total] = found[:total]
                found = more
            for i in range(LEAF):
                found[total] = numbers[low + i]
                total += (squared[i] <= limit) & (numbers[low + i] != itself)
        counts[row] = total - starts[row]
        found[starts[row] : total].sort()
    ordered, place = np.empty(total, np.int64), 0
    for row in range(len(rows)):
        for i in range(starts[row], starts[row] + counts[row]):
            ordered[place] = found[i]
            place += 1
    return ordered
