"""`aggregate` by maxima and minima of sender rows: one pass over the edges that remembers where each was found.

Bound by the gather of the sender rows in front of the loop, and by the scatter of as many numbers as there are results
behind it: no message and no mask of an edge is ever written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.neighborhoods import Hub
from geonets.core.ranges import joined
from geonets.core.topology import EdgeList
from geonets.engine.kernels import loops
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.segments import product
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AggregateSpec

PEAKS, SUMS = ("max", "min"), ("sum", "mean")


def reduce_peaks(call: Call) -> Tensor:
    """The largest or smallest sender row entry that each receiver hears, and sums and means beside them."""
    rows = call.operands.senders
    edges = call.spec.neighborhood.edges(call.structure, call.source)
    shape = edges.num_receivers, *rows.shape[1:]
    if not edges.num_edges or not rows.numel():
        return joined([connected_zeros(shape, rows)] * len(call.spec.reductions))
    flat = rows.reshape(len(rows), -1)
    return joined([_reduced(reduction, flat, edges).reshape(shape) for reduction in call.spec.reductions])


def _reduced(reduction: str, rows: Tensor, edges: EdgeList) -> Tensor:
    match reduction:
        case "max":
            return peaks(rows, edges)
        case "min":
            return -peaks(-rows, edges)
        case "sum":
            return product(rows, None, edges)
        case _:
            return product(rows, None, edges) / edges.degrees.clamp(min=1).to(rows.dtype)[:, None]


def peaks(rows: Tensor, edges: EdgeList) -> Tensor:
    """`y_i = max_{j -> i} x_j` in each channel, 0 where nothing is heard; of equal entries the first is heard.

    Args:
        rows: `(N_s, C)`, not empty.
        edges: who hears whom.

    Returns:
        `(N_r, C)`.
    """
    found = _Peaks.apply(rows, edges)
    assert isinstance(found, Tensor)
    return found


class _Peaks(torch.autograd.Function):
    """Maxima whose gradient goes to the senders at which they were found."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, edges: EdgeList) -> Tensor:
        numbers = torch.int32 if len(rows) < 2**31 else torch.int64
        out = rows.new_empty(edges.num_receivers, rows.shape[1])
        places = torch.empty_like(out, dtype=numbers)
        loops.compiled(_gather)(*loops.arrays(rows, edges.pointers, edges.senders, out, places))
        ctx.save_for_backward(places)
        ctx.num_senders = len(rows)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (grad,), (places,) = grads, ctx.saved_tensors
        grad_rows = grad.new_zeros(ctx.num_senders, grad.shape[1])
        if torch.is_grad_enabled():  # a second derivative was asked for: torch's scatter has one
            heard = places >= 0
            return grad_rows.scatter_add(0, places.clamp(min=0).long(), grad * heard), None
        loops.compiled(_scatter)(*loops.arrays(grad, places, grad_rows))
        return grad_rows, None


def _gather(rows: np.ndarray, pointers: np.ndarray, senders: np.ndarray, out: np.ndarray, places: np.ndarray) -> None:
    """The first largest entry of each receiver, or the first that is missing; and its sender, -1 where there is none.

    Two senders at a time, which halves the traffic to the result; the last may stand for itself twice.
    """
    channels, number = rows.shape[1], places.dtype.type
    for receiver in range(len(out)):
        start, stop = pointers[receiver], pointers[receiver + 1]
        first = number(senders[start]) if start < stop else number(-1)
        for channel in range(channels):
            out[receiver, channel] = rows[first, channel] if start < stop else 0
            places[receiver, channel] = first
        for edge in range(start + 1, stop, 2):
            one, two = number(senders[edge]), number(senders[min(edge + 1, stop - 1)])
            for channel in range(channels):
                best, place = out[receiver, channel], places[receiver, channel]
                is_better = not rows[one, channel] <= best and best == best  # noqa: PLR0124  what is missing stays
                best, place = (rows[one, channel], one) if is_better else (best, place)
                is_better = not rows[two, channel] <= best and best == best  # noqa: PLR0124  what is missing stays
                out[receiver, channel] = rows[two, channel] if is_better else best
                places[receiver, channel] = two if is_better else place


def _scatter(grad: np.ndarray, places: np.ndarray, out: np.ndarray) -> None:
    """Add each entry to the row at which its peak was found."""
    for receiver in range(len(grad)):
        if places[receiver, 0] >= 0:
            for channel in range(grad.shape[1]):
                out[places[receiver, channel], channel] += grad[receiver, channel]


def _rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AggregateSpec) or isinstance(spec.neighborhood, Hub):
        return None
    if not any(reduction in PEAKS for reduction in spec.reductions):
        return None
    if spec.message != "sender":
        return f"the message is {spec.message}; peaks are looked for among the sender rows themselves"
    others = [reduction for reduction in spec.reductions if reduction not in PEAKS + SUMS]
    if others:
        return f"{', '.join(others)} is asked for beside max or min"
    if spec.count_padding and "mean" in spec.reductions:
        return "the mean counts padding"
    return loops.refusal(situation) or True


RULES = (Rule(reduce_peaks, _rule),)
