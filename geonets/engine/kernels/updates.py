"""`aggregate` by sums and means that a linear map then meets, for one block of receivers after another.

What a block hears, its own rows and its results stay in the second cache until the products are done, so that memory is
read for the gathers and written for the result. No sum is kept: behind the products the transposed gather `h = A^T g`
gives all gradients, `h W + g V` of the rows and `h^T x`, `g^T x` of the weights. Bound by six products and two gathers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from geonets.core.topology import EdgeList
from geonets.engine.kernels.loops import DTYPES, composed_gradients
from geonets.engine.kernels.segments import bag, means_of, product
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AggregateSpec, Update

BLOCK = 2**16
"""Numbers that a block hears: 256 KB in single precision."""
LEAST = 16
"""Rows of a block, however wide."""


def updates_by_block(call: Call) -> Tensor:
    """`W m_i + b + V x_i`, with a sum or a mean `m_i` of sender rows; whole tensors at once where blocks cannot be."""
    rows, update = call.operands.senders, call.operands.update
    assert update is not None
    is_mean, edges = call.spec.reduce == "mean", call.spec.neighborhood.edges(call.structure, call.source)
    inputs = rows, update.weight, update.bias, update.own_weight
    if not _has_blocks(rows, update, inputs, edges):
        return _composed(*inputs, update.own, is_mean, edges)
    if not torch.is_grad_enabled():
        return _updated(*inputs, is_mean, edges)
    found = _Updates.apply(*inputs, is_mean, edges)
    assert isinstance(found, Tensor)
    return found


def _has_blocks(rows: Tensor, update: Update, inputs: tuple[Tensor | None, ...], edges: EdgeList) -> bool:
    """Whether blocks are faster, and nobody but autograd looks on; rows that do not learn keep their sums."""
    if update.own is not rows or len(rows) != edges.num_receivers or rows.ndim != 2 or not rows.numel():
        return False
    if rows.device.type != "cpu" or (torch.is_grad_enabled() and not rows.requires_grad):
        return False
    if torch.compiler.is_compiling() or torch.is_autocast_enabled("cpu") or torch._C._are_functorch_transforms_active():
        return False
    return rows.dtype in DTYPES and all(part is None or part.dtype == rows.dtype for part in inputs)


def _composed(
    rows: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    own_weight: Tensor | None,
    own: Tensor | None,
    is_mean: bool,
    edges: EdgeList,
) -> Tensor:
    sums = product(rows, None, edges)
    return Update(weight, bias, own_weight, own)(means_of(sums, edges) if is_mean else sums)


class _Updates(torch.autograd.Function):
    """One pass over the receivers ahead, one over the senders back."""

    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        own_weight: Tensor,
        is_mean: bool,
        edges: EdgeList,
    ) -> Tensor:
        ctx.save_for_backward(rows, weight, bias, own_weight)
        ctx.is_mean, ctx.edges = is_mean, edges
        return _updated(rows, weight, bias, own_weight, is_mean, edges)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        inputs, needed = ctx.saved_tensors, ctx.needs_input_grad[:4]
        if torch.is_grad_enabled():  # a second derivative was asked for

            def again(rows: Tensor, weight: Tensor, bias: Tensor | None, own_weight: Tensor) -> Tensor:
                return _composed(rows, weight, bias, own_weight, rows, ctx.is_mean, ctx.edges)

            return *composed_gradients(again, inputs, needed, grads[0]), None, None
        rows, weight, _, own_weight = inputs
        return *_gradients(rows, weight, own_weight, needed, grads[0].contiguous(), ctx.is_mean, ctx.edges), None, None


def _updated(
    rows: Tensor, weight: Tensor, bias: Tensor | None, own_weight: Tensor, is_mean: bool, edges: EdgeList
) -> Tensor:
    rows, turned, own_turned = rows.detach().contiguous(), weight.detach().T, own_weight.detach().T
    out = rows.new_empty(edges.num_receivers, len(weight))
    counts = edges.degrees.clamp(min=1).to(rows.dtype)[:, None]
    for start, stop, first, last in _blocks(edges.pointers, rows.shape[1]):
        heard = bag(rows, None, edges.senders[first:last], edges.pointers[start : stop + 1] - first)
        heard = heard.div_(counts[start:stop]) if is_mean else heard
        here = torch.mm(heard, turned, out=out[start:stop])
        here.addmm_(rows[start:stop], own_turned)
        if bias is not None:
            here += bias.detach()
    return out


def _gradients(
    rows: Tensor,
    weight: Tensor,
    own_weight: Tensor,
    needed: tuple[bool, ...],
    grad: Tensor,
    is_mean: bool,
    edges: EdgeList,
) -> list[Tensor | None]:
    of_rows, of_bias = rows.new_empty(rows.shape), weight.new_zeros(len(weight))
    of_weight, of_own = torch.zeros_like(weight), torch.zeros_like(own_weight)
    receivers, pointers = edges.receivers_by_sender, edges.transpose.pointers
    shares = edges.degrees.clamp(min=1).to(rows.dtype).reciprocal() if is_mean else None
    for start, stop, first, last in _blocks(pointers, grad.shape[1]):
        heard_by, given, own = receivers[first:last], grad[start:stop], rows[start:stop]
        weights = None if shares is None else shares.index_select(0, heard_by)
        back = bag(grad, weights, heard_by, pointers[start : stop + 1] - first)
        if needed[0]:
            torch.mm(back, weight, out=of_rows[start:stop]).addmm_(given, own_weight)
        if needed[1]:
            of_weight.addmm_(back.T, own)
        if needed[2]:
            of_bias += given.sum(0)
        if needed[3]:
            of_own.addmm_(given.T, own)
    found = of_rows, of_weight, of_bias, of_own
    return [part if is_needed else None for part, is_needed in zip(found, needed, strict=True)]


def _blocks(pointers: Tensor, channels: int) -> Iterator[tuple[int, int, int, int]]:
    """`(start, stop, first, last)`: some rows of a product, and their edges."""
    total, step = len(pointers) - 1, max(BLOCK // max(channels, 1), LEAST)
    bounds = [*range(0, total, step), total]
    ends = pointers[bounds].tolist()
    yield from zip(bounds, bounds[1:], ends, ends[1:], strict=False)


def _rule(situation: Situation) -> bool | str | None:
    return True if isinstance(situation.spec, AggregateSpec) and situation.spec.update else None


RULES = (Rule(updates_by_block, _rule),)
