"""`aggregate` by maxima and minima of sender rows: one pass over the edges that remembers where each was found.

Bound by the gather of the sender rows ahead and by the way back to them: no message and no mask of an edge is written.
Means and variances beside them take two passes more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.neighborhoods import Hub
from geonets.core.ranges import joined, spread
from geonets.core.topology import EdgeList
from geonets.engine.kernels import loops
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.segments import means_of, product
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AggregateSpec

PEAKS, SUMS, MOMENTS = ("max", "min"), ("sum", "mean"), ("var", "std")


def reduce_peaks(call: Call) -> Tensor:
    """The largest or smallest sender row entry that each receiver hears, and sums and means beside them."""
    rows = call.operands.senders
    edges = call.spec.neighborhood.edges(call.structure, call.source)
    shape = edges.num_receivers, *rows.shape[1:]
    if not edges.num_edges or not rows.numel():
        return joined([connected_zeros(shape, rows)] * len(call.spec.reductions))
    flat, wanted, less_own = rows.reshape(len(rows), -1), call.spec.reductions, call.spec.message == "difference"
    mean = var = flat
    if any(reduction in MOMENTS for reduction in wanted):
        mean, var = moments(flat, edges)
    elif "mean" in wanted:
        mean = means_of(product(flat, None, edges), edges)
    compute: dict[str, Callable[[], Tensor]] = {
        "max": lambda: peaks(flat, edges, less_own),
        "min": lambda: -peaks(-flat, edges, less_own),
        "sum": lambda: product(flat, None, edges),
        "mean": lambda: mean,
        "var": lambda: var,
        "std": lambda: spread(var, mean, call.spec.least_std),
    }
    return joined([compute[reduction]().reshape(shape) for reduction in wanted])


def peaks(rows: Tensor, edges: EdgeList, less_own: bool = False) -> Tensor:
    """`y_i = max_{j -> i} x_j` in each channel, 0 where nothing is heard; of equal entries the first is heard.

    Args:
        rows: `(N_s, C)`, not empty.
        edges: who hears whom.
        less_own: subtract `x_i` where something is heard.

    Returns:
        `(N_r, C)`.
    """
    found = _Peaks.apply(rows, edges, less_own)
    assert isinstance(found, Tensor)
    return found


class _Peaks(torch.autograd.Function):
    """Maxima whose gradient goes back along the edges on which they were found."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, edges: EdgeList, less_own: bool) -> Tensor:
        numbers = torch.int32 if edges.num_edges < 2**31 else torch.int64
        out = rows.new_empty(edges.num_receivers, rows.shape[1])
        places = torch.empty_like(out, dtype=numbers)
        own = loops.arrays(out, places, rows if less_own else None)
        loops.by_receivers(loops.compiled(_gather), edges, rows.shape[1], own, loops.arrays(edges.senders, rows))
        ctx.save_for_backward(places)
        ctx.edges, ctx.num_senders, ctx.less_own = edges, len(rows), less_own
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (grad,), (places,) = grads, ctx.saved_tensors
        grad_rows = grad.new_zeros(ctx.num_senders, grad.shape[1])
        if torch.is_grad_enabled():  # a second derivative was asked for: torch's scatter has one
            heard = grad * (places >= 0)
            grad_rows = grad_rows.scatter_add(0, ctx.edges.senders[places.clamp(min=0).long()], heard)
            return grad_rows - heard if ctx.less_own else grad_rows, None, None
        given = *loops.arrays(ctx.edges.pointers, ctx.edges.senders, grad, places, grad_rows), ctx.less_own
        loops.by_columns(loops.compiled(_send_back), grad.shape[1], len(grad), given)
        return grad_rows, None, None


def moments(rows: Tensor, edges: EdgeList) -> tuple[Tensor, Tensor]:
    """Mean of the sender rows that each receiver hears, and their mean square distance from it; 0 where it hears none.

    Args:
        rows: `(N_s, C)`, not empty.
        edges: who hears whom.

    Returns:
        Twice `(N_r, C)`.
    """
    found: Any = _Moments.apply(rows, edges)
    return found


class _Moments(torch.autograd.Function):
    """Means and variances, whose gradients go back over the same edges."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, edges: EdgeList) -> tuple[Tensor, Tensor]:
        mean, var = rows.new_empty(2, edges.num_receivers, rows.shape[1]).unbind()
        loops.compiled(_accumulate)(*loops.arrays(rows, edges.pointers, edges.senders, mean, var))
        ctx.save_for_backward(rows, mean)
        ctx.edges = edges
        return mean, var

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (rows, mean), edges = ctx.saved_tensors, ctx.edges
        if torch.is_grad_enabled():
            return _again(rows, edges, grads), None
        out = torch.zeros_like(rows)
        loops.compiled(_distribute)(*loops.arrays(rows, edges.pointers, edges.senders, mean, *grads, out))
        return out, None


def _again(rows: Tensor, edges: EdgeList, grads: tuple[Tensor, ...]) -> Tensor:
    """The gradient by torch's own operations, for those who differentiate a second time."""
    counts = edges.degrees.clamp(min=1).to(rows.dtype)[:, None]
    mean, (by_mean, by_var) = product(rows, None, edges) / counts, (grad / counts for grad in grads)
    apart = rows.index_select(0, edges.senders) - mean.index_select(0, edges.receivers)
    parts = by_mean.index_select(0, edges.receivers) + 2 * by_var.index_select(0, edges.receivers) * apart
    return torch.zeros_like(rows).index_add(0, edges.senders, parts)


def _accumulate(rows: np.ndarray, pointers: np.ndarray, senders: np.ndarray, mean: np.ndarray, var: np.ndarray) -> None:
    """Mean and variance as seen from the first row heard, so that equal rows have a variance of exactly 0."""
    channels = rows.shape[1]
    for receiver in range(len(mean)):
        start, stop = pointers[receiver], pointers[receiver + 1]
        share = rows.dtype.type(1 / max(stop - start, 1))
        first = senders[start] if start < stop else 0
        for channel in range(channels):
            mean[receiver, channel], var[receiver, channel] = 0, 0
        for edge in range(start + 1, stop):
            sender = senders[edge]
            for channel in range(channels):
                mean[receiver, channel] += share * (rows[sender, channel] - rows[first, channel])
        for edge in range(start, stop):
            sender = senders[edge]
            for channel in range(channels):
                apart = rows[sender, channel] - rows[first, channel] - mean[receiver, channel]
                var[receiver, channel] += share * apart * apart
        if start < stop:
            for channel in range(channels):
                mean[receiver, channel] += rows[first, channel]


def _distribute(
    rows: np.ndarray,
    pointers: np.ndarray,
    senders: np.ndarray,
    mean: np.ndarray,
    by_mean: np.ndarray,
    by_var: np.ndarray,
    out: np.ndarray,
) -> None:
    """To each sender what it adds to the means and variances of those that hear it."""
    for receiver in range(len(mean)):
        start, stop = pointers[receiver], pointers[receiver + 1]
        share = rows.dtype.type(1 / max(stop - start, 1))
        for edge in range(start, stop):
            sender = senders[edge]
            for channel in range(rows.shape[1]):
                apart = rows[sender, channel] - mean[receiver, channel]
                out[sender, channel] += share * (by_mean[receiver, channel] + 2 * apart * by_var[receiver, channel])


def _gather(
    pointers: np.ndarray,
    out: np.ndarray,
    places: np.ndarray,
    less: np.ndarray | None,
    senders: np.ndarray,
    rows: np.ndarray,
) -> None:
    """The first largest entry of each receiver, or the first that is missing; and its edge, -1 where there is none.

    Where something is heard, the receiver's row of `less` is subtracted.
    Two senders at a time, which halves the traffic to the result; the last may stand for itself twice.
    """
    channels, number = rows.shape[1], places.dtype.type
    for receiver in range(len(out)):
        start, stop = pointers[receiver], pointers[receiver + 1]
        sender, place = senders[start] if start < stop else 0, number(start if start < stop else -1)
        for channel in range(channels):
            out[receiver, channel] = rows[sender, channel] if start < stop else 0
            places[receiver, channel] = place
        for edge in range(start + 1, stop, 2):
            other = min(edge + 1, stop - 1)
            one, two, at_one, at_two = senders[edge], senders[other], number(edge), number(other)
            for channel in range(channels):
                best, place = out[receiver, channel], places[receiver, channel]
                is_better = not rows[one, channel] <= best and best == best  # noqa: PLR0124  what is missing stays
                best, place = (rows[one, channel], at_one) if is_better else (best, place)
                is_better = not rows[two, channel] <= best and best == best  # noqa: PLR0124  what is missing stays
                out[receiver, channel] = rows[two, channel] if is_better else best
                places[receiver, channel] = at_two if is_better else place
        if less is not None and start < stop:
            for channel in range(channels):
                out[receiver, channel] -= less[receiver, channel]


def _send_back(
    first: int,
    last: int,
    pointers: np.ndarray,
    senders: np.ndarray,
    grad: np.ndarray,
    places: np.ndarray,
    out: np.ndarray,
    less_own: bool,
) -> None:
    """Add each entry to the row that its edge carried, and take it from the row that it was less.

    Whole rows are added, with zeros where an edge carried no peak: they are written one after another.
    """
    number, nothing = places.dtype.type, grad.dtype.type(0)
    for receiver in range(len(grad)):
        start, stop = pointers[receiver], pointers[receiver + 1]
        given, found = grad[receiver, first:last], places[receiver, first:last]
        if less_own and start < stop:
            out[receiver, first:last] -= given
        for edge in range(start, stop):
            row, place = out[senders[edge], first:last], number(edge)
            for channel in range(len(given)):
                row[channel] += given[channel] if found[channel] == place else nothing


def _rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AggregateSpec) or isinstance(spec.neighborhood, Hub):
        return None
    if not any(reduction in PEAKS for reduction in spec.reductions):
        return None
    if spec.message not in ("sender", "difference"):
        return f"the message is {spec.message}; peaks are looked for among the sender rows themselves"
    beside = SUMS + MOMENTS if spec.message == "sender" else ()
    others = [reduction for reduction in spec.reductions if reduction not in PEAKS + beside]
    if others:
        return f"{', '.join(others)} is asked for beside max or min"
    if spec.count_padding and "mean" in spec.reductions:
        return "the mean counts padding"
    return loops.refusal(situation) or True


RULES = (Rule(reduce_peaks, _rule),)
