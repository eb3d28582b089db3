"""`aggregate` by the largest entry of what a network makes of messages, `max_j act(norm(W z_j + b))`.

A monotone `act` and a norm's scale leave the order of the rows `W z_j` as it is, or turn it around; so one product
finds the winners, and only they go on. The norm's moments over all rows follow from those of `z`: mean `W m + b`,
variance `diag(W C W^T)`. No row of the result's width is kept, and the gradient has one entry for each winner.

Bound by the one product in front, of the three that training costs elsewhere, and by the look at its result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from geonets.core.neighborhoods import Hub
from geonets.engine.kernels import loops
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.segments import messages_of
from geonets.engine.moments import remember_moments
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AggregateSpec, Tail

PIECE = 1 << 21
"""Entries of a part of the product that is looked at while it is still in the cache."""


def maxima_of_tail(call: Call) -> Tensor:
    """The largest (or smallest) entry over each receiver's messages, which their tail makes of the winners alone."""
    spec, operands = call.spec, call.operands
    if isinstance(spec.neighborhood, Hub):
        rows, pointers = operands.senders, call.structure.topology.node_offsets
    else:
        edges = spec.neighborhood.edges(call.structure, call.source)
        rows, pointers = messages_of(spec, operands, edges), edges.pointers
    tail = operands.tail
    assert tail is not None
    if len(rows) < 2:  # too few for a norm, which says so
        made = tail(rows) if len(rows) else connected_zeros((0, tail.linear.out_features), rows, *_parts(tail))
        owner = torch.searchsorted(pointers, torch.arange(len(rows), device=rows.device), right=True) - 1
        return made.new_zeros(len(pointers) - 1, made.shape[1]).index_add(0, owner, made)
    with torch.autocast(rows.device.type, enabled=False):
        dtype = rows.dtype  # of the product; what follows has at least single precision
        rows = rows.float() if dtype == torch.bfloat16 else rows
        found = _Winners.apply(rows, tail.linear.weight.to(rows.dtype), _signs(tail, spec.reduce), pointers, dtype)
        assert isinstance(found, Tensor)
        found = found if tail.linear.bias is None else found + tail.linear.bias.to(found.dtype)
        if tail.norm is not None:
            found = _normalised(tail.norm, found, rows, tail.linear)
        made = (found if tail.act is None else tail.act(found)).to(dtype)
    return made.masked_fill((pointers[1:] == pointers[:-1])[:, None], 0)


def _signs(tail: Tail, reduce: str) -> Tensor:
    """`(C,)` 1 where the largest row is looked for, -1 where the smallest."""
    scale = None if tail.norm is None else tail.norm.weight
    signs = torch.ones_like(tail.linear.weight[:, 0]) if scale is None else torch.where(scale.detach() < 0, -1.0, 1.0)
    return signs.to(tail.linear.weight.dtype) * (1 if reduce == "max" else -1)


def _normalised(norm: nn.BatchNorm1d, found: Tensor, rows: Tensor, linear: nn.Linear) -> Tensor:
    """The norm of all rows `W z + b`, applied to those that were found."""
    if norm.training or norm.running_mean is None or norm.running_var is None:
        middle = rows.mean(0)
        centred = rows - middle
        weight = linear.weight.to(rows.dtype)
        mean = weight @ middle if linear.bias is None else weight @ middle + linear.bias
        var = ((weight @ (centred.T @ centred / len(rows))) * weight).sum(1).clamp(min=0)
        remember_moments(norm, mean.detach(), var.detach(), len(rows))
    else:
        mean, var = norm.running_mean, norm.running_var
    scaled = (found - mean) * (var + norm.eps).rsqrt()
    scaled = scaled if norm.weight is None else scaled * norm.weight
    return scaled if norm.bias is None else scaled + norm.bias


class _Winners(torch.autograd.Function):
    """`(S, C)` for each segment and channel the entry of `rows @ W^T` that is largest when multiplied by its sign."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, signs: Tensor, pointers: Tensor, dtype: torch.dtype) -> Tensor:
        signs = signs.to(rows.dtype)
        best = rows.new_zeros(len(pointers) - 1, len(weight))
        places = torch.full(best.shape, -1, device=best.device)
        signed, look = (weight * signs[:, None]).T.to(dtype).contiguous(), loops.compiled(_look)
        given, step = rows.to(dtype), max(1, PIECE // len(weight))
        for start in range(0, len(rows), step):
            part = (given[start : start + step] @ signed).to(rows.dtype)
            behind = *loops.arrays(part), start, *loops.arrays(pointers, best, places)
            loops.by_columns(look, len(weight), len(part), behind)
        ctx.save_for_backward(rows, weight, places)
        return best.mul_(signs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        (grad,), (rows, weight, places) = grads, ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative was asked for
            inputs, needed = (rows, weight), ctx.needs_input_grad[:2]
            again = loops.composed_gradients(lambda rows, weight: _chosen(rows, weight, places), inputs, needed, grad)
            return again[0], again[1], None, None, None
        grad_rows, grad_weight = torch.zeros_like(rows), torch.zeros_like(weight)
        behind = loops.arrays(grad, places, rows, weight, grad_rows, grad_weight)
        loops.by_columns(loops.compiled(_spread), rows.shape[1], grad.numel(), behind)
        return grad_rows, grad_weight, None, None, None


def _chosen(rows: Tensor, weight: Tensor, places: Tensor) -> Tensor:
    """The winners, once it is known which they are."""
    return (rows @ weight.T).gather(0, places.clamp(min=0)).masked_fill(places < 0, 0)


def _look(
    first: int, last: int, part: np.ndarray, start: int, pointers: np.ndarray, best: np.ndarray, places: np.ndarray
) -> None:
    """Go on with the rows from `start`: the first largest entry of each segment and channel, and its row."""
    segment = np.searchsorted(pointers, start, side="right") - 1
    for number in range(len(part)):
        row = start + number
        while pointers[segment + 1] <= row:
            segment += 1
        values, found = part[number, first:last], best[segment, first:last]
        place = places[segment, first:last]
        if place[0] < 0:
            found[:] = values
            place[:] = row
            continue
        for channel in range(len(found)):
            is_better = not values[channel] <= found[channel] and found[channel] == found[channel]
            found[channel] = values[channel] if is_better else found[channel]
            place[channel] = row if is_better else place[channel]


def _spread(
    first: int,
    last: int,
    grad: np.ndarray,
    places: np.ndarray,
    rows: np.ndarray,
    weight: np.ndarray,
    grad_rows: np.ndarray,
    grad_weight: np.ndarray,
) -> None:
    """Give each winner its gradient: `g W_c` to its row, `g z` to its channel's weights."""
    for segment in range(len(grad)):
        for channel in range(grad.shape[1]):
            row, given = places[segment, channel], grad[segment, channel]
            if row < 0 or given == 0:
                continue
            for column in range(first, last):
                grad_rows[row, column] += given * weight[channel, column]
                grad_weight[channel, column] += given * rows[row, column]


def _parts(tail: Tail) -> list[Tensor]:
    return [*tail.linear.parameters(), *([] if tail.norm is None else tail.norm.parameters())]


def _tail_rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AggregateSpec) or not spec.tail:
        return None
    if spec.reduce not in ("max", "min"):
        return f"the reduction is {', '.join(spec.reductions)}; only the largest or smallest can be found beforehand"
    halves = situation.dtype == torch.bfloat16
    return loops.refusal(situation._replace(dtype=torch.float32) if halves else situation) or True


RULES = (Rule(maxima_of_tail, _tail_rule),)
