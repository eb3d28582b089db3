"""Neighbours by distances in single precision, then by exact ones of those who may be among them: many axes.

Rounding moves a computed distance by a known amount at most, so the distance of the last neighbour that is found in
single precision says how far away a true one can be found. Only those up to there are computed and ranked by the exact
operations; the result is exact, whatever the numbers: where rounding tells nobody apart, everybody is looked at.

Bound by the squared distances in single precision: one operation an axis and pair, on rows that stay in the cache. Who
may be among the nearest is seen in a pass that keeps no order: as many strips of an item as neighbours are wanted have
somebody up to the distance that so many strips' least do not exceed.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from geonets.core import loops
from geonets.core.ranges import offsets_of
from geonets.core.sampling.points import Points

UNIT = 2.0**-23
"""Twice the unit roundoff of single precision: more than an operation or a conversion adds, as a part of its result."""
TINY = 1e-37
"""More than what is lost of a square where single precision has no number so small."""
SOME = 2**18
"""Pairs for which a thread of its own pays."""
STRIPS = 64
"""How many parts of an item have their least distance looked for, where at most half as many neighbours are wanted."""
LARGEST = 1e38
"""Less than the largest number of single precision."""


def nearest_refined(
    target: Points, source: Points, wanted: int, without_itself: bool, limit: float
) -> tuple[Tensor, Tensor]:
    """Senders and receivers: the at most `wanted` nearest of every receiver, up to a squared distance.

    Args:
        target: the receivers, in float64 on a CPU.
        source: among whom the neighbours are, likewise.
        wanted: neighbours a receiver.
        without_itself: whether both are the same nodes, and none is its own neighbour.
        limit: the largest squared distance, a finite number.
    """
    counts = target.topology.item_ids.new_empty(len(target.pos))
    near = counts.new_zeros(len(target.pos), wanted)
    pos, offsets, others, begins = loops.arrays(
        *[part for points in (target, source) for part in (points.pos, points.topology.node_offsets)]
    )
    search, found = loops.compiled(_nearest, exact=True), loops.arrays(near, counts)

    def of_items(start: int, stop: int) -> None:
        search(pos, offsets[start : stop + 1], others, begins[start : stop + 1], *found, without_itself, limit)

    loops.by_threads(of_items, offsets_of(target.topology.node_counts * source.topology.node_counts), SOME)
    if int(counts.sum()) < near.numel():
        near = near[torch.arange(wanted, device=near.device) < counts[:, None]]
    return near.flatten(), torch.repeat_interleave(counts)


def _nearest(
    pos: np.ndarray,
    offsets: np.ndarray,
    others: np.ndarray,
    begins: np.ndarray,
    near: np.ndarray,
    counts: np.ndarray,
    without_itself: bool,
    limit: float,
) -> None:
    """Two looks at an item's nodes for each receiver: for the last neighbour's distance, and for who is within it."""
    axes, most, wanted = others.shape[1], (begins[1:] - begins[:-1]).max(), near.shape[1]
    whole = (axes + 3) // 4 * 4  # four axes at a time; those that are made up are 0
    lines, here = np.zeros((whole, most), np.float32), np.zeros(whole, np.float32)
    rough, centre, least = np.empty(most, np.float32), np.empty(axes), np.empty(STRIPS, np.float32)
    chosen, exact = np.empty(most + 3, np.int64), np.empty(most + 3)
    distances, found = np.empty(wanted + 2), np.empty(wanted + 2, np.int64)  # from 1 on; one to spare
    distances[0] = -1.0
    part, lost = (axes + 8) * UNIT, (axes + 8) * TINY
    for item in range(len(begins) - 1):
        first, count = begins[item], begins[item + 1] - begins[item]
        largest = _in_lines(others[first : first + count], lines, centre)
        for row in range(offsets[item], offsets[item + 1]):
            length = 0.0
            for axis in range(axes):
                place = pos[row, axis] - centre[axis]
                here[axis] = place
                length += place * place
            itself = row - first if without_itself else -1
            _squared(lines, here, count, rough)
            if without_itself:
                rough[itself] = np.inf
            have, few = 0, _up_to(_enough(rough, count, wanted, least), rough, count, chosen)
            for place in range(few):
                i = int(chosen[place])
                if i != itself and (have < wanted or rough[i] < distances[wanted]):
                    _insert(distances, found, have, rough[i], i)
                    have = min(have + 1, wanted)
            reach = np.inf
            if have == wanted:  # the last is truly no further than `reach`; who is, is not found beyond `cut`
                moved = UNIT * (np.sqrt(length) + largest)
                reach = (np.sqrt(distances[wanted] * (1 + part) + lost) + 2 * moved) ** 2 * (1 + part) + lost
            if not reach < LARGEST:  # too large for single precision, or no number at all
                reach = np.inf
            few = _up_to(reach, rough, count, chosen)
            _exactly(pos[row], others[first : first + count], chosen, few, exact)
            have, worst = 0, limit
            for place in range(few):
                distance = exact[place]
                if chosen[place] != itself and (distance < worst or (distance == worst and have < wanted)):
                    _insert(distances, found, have, distance, chosen[place])
                    have = min(have + 1, wanted)
                    worst = distances[wanted] if have == wanted else limit
            counts[row] = have
            for i in range(have):
                near[row, i] = first + found[i + 1]


def _in_lines(others: np.ndarray, lines: np.ndarray, centre: np.ndarray) -> float:
    """An item's nodes about their mean, in single precision, a line an axis; returns their largest length."""
    count, axes = others.shape
    squares = np.zeros(count)
    for axis in range(axes):
        total = 0.0
        for i in range(count):
            total += others[i, axis]
        centre[axis] = total / max(count, 1)
        for i in range(count):
            place = others[i, axis] - centre[axis]
            lines[axis, i] = place
            squares[i] += place * place
    return np.sqrt(squares.max()) if count else 0.0


def _squared(lines: np.ndarray, here: np.ndarray, count: int, squared: np.ndarray) -> None:
    """The squared distances of an item's nodes, in single precision: the sums stay near for four axes."""
    squared[:count] = 0
    for axis in range(0, len(here), 4):
        one, two, three, four = lines[axis], lines[axis + 1], lines[axis + 2], lines[axis + 3]
        x, y, z, w = here[axis], here[axis + 1], here[axis + 2], here[axis + 3]
        for i in range(count):
            a, b, c, d = one[i] - x, two[i] - y, three[i] - z, four[i] - w
            squared[i] += (a * a + b * b) + (c * c + d * d)


def _enough(rough: np.ndarray, count: int, wanted: int, least: np.ndarray) -> float:
    """A distance up to which there are as many nodes as are wanted, and few more; infinite where that is unknown.

    Were it too small, too few would be found, and everybody looked at.
    """
    if 2 * wanted > STRIPS or count < 2 * STRIPS:
        return np.inf
    least[:] = rough[:STRIPS]
    for start in range(STRIPS, count - STRIPS + 1, STRIPS):
        for strip in range(STRIPS):
            value = rough[start + strip]
            least[strip] = value if value < least[strip] else least[strip]
    low, high = np.float64(least.min()), np.float64(least.max())
    for _ in range(8):  # between them: how many strips have somebody so near?
        middle, strips = np.float32((low + high) / 2), 0
        for strip in range(STRIPS):
            strips += least[strip] <= middle
        low, high = (low, np.float64(middle)) if strips >= wanted else (np.float64(middle), high)
    return high


def _up_to(bound: float, rough: np.ndarray, count: int, chosen: np.ndarray) -> int:
    """Who is not further away, in order: without a branch, for most are."""
    few = 0
    for i in range(count):
        chosen[few] = i
        few += not rough[i] > bound
    return few


def _exactly(here: np.ndarray, others: np.ndarray, chosen: np.ndarray, few: int, exact: np.ndarray) -> None:
    """The exact squared distances of those that are chosen: four at a time, each summed axis by axis."""
    chosen[few : few + 3] = chosen[max(few - 1, 0)]
    for place in range(0, few, 4):
        one, two, three, four = chosen[place], chosen[place + 1], chosen[place + 2], chosen[place + 3]
        a = b = c = d = 0.0
        for axis in range(len(here)):
            x, y = others[one, axis] - here[axis], others[two, axis] - here[axis]
            z, w = others[three, axis] - here[axis], others[four, axis] - here[axis]
            a, b, c, d = a + x * x, b + y * y, c + z * z, d + w * w
        exact[place], exact[place + 1], exact[place + 2], exact[place + 3] = a, b, c, d


def _insert(distances: np.ndarray, found: np.ndarray, place: int, distance: float, number: int) -> None:
    """Put a node after those that are as near or nearer; `place` is that of the last, at 0 stands -1."""
    while distances[place] > distance:
        distances[place + 1], found[place + 1] = distances[place], found[place]
        place -= 1
    distances[place + 1], found[place + 1] = distance, number
