"""`aggregate` on edges in receiver order: sparse products and sorted segment reductions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geonets.core.neighborhoods import Hub, Stencil
from geonets.core.ranges import joined, segment_reduce, spread
from geonets.core.topology import EdgeList
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AggregateOperands, AggregateSpec


def reduce_hub(call: Call) -> Tensor:
    """All nodes of an item at once: an axis of the view where items have one size, else a segment reduction."""
    rows, topology = call.operands.senders, call.structure.topology
    rows = rows if call.operands.tail is None else call.operands.tail(rows)
    if topology.uniform is None or not topology.num_nodes:
        return _reduced(call, rows, topology.node_offsets, topology.item_ids)
    grouped = rows.reshape(topology.num_items, -1, *rows.shape[1:])
    return joined([_over_axis(grouped, reduction, call) for reduction in call.spec.reductions])


def sparse_product(call: Call) -> Tensor:
    """Sum or mean of (weighted) sender rows as a CSR product; the gradient is the product with the transpose."""
    spec, operands = call.spec, call.operands
    edges = spec.neighborhood.edges(call.structure, call.source)
    weights = operands.edges if spec.message == "weighted" else None
    sums = product(operands.senders, weights, edges, operands.own)
    if spec.reduce == "sum":
        return sums
    return means_of(sums, edges)


def means_of(sums: Tensor, edges: EdgeList) -> Tensor:
    """`(N_r, ...)` sums over the edges of each receiver, divided by their number; 0 where there are none."""
    counts = edges.degrees.clamp(min=1).to(sums.dtype)
    return sums / counts.reshape(-1, *[1] * (sums.ndim - 1))


def reduce_segments(call: Call) -> Tensor:
    """One message an edge, reduced over the sorted segments of the receivers."""
    spec, operands = call.spec, call.operands
    edges = spec.neighborhood.edges(call.structure, call.source)
    messages = messages_of(spec, operands, edges)
    messages = messages if operands.tail is None else operands.tail(messages)
    rows = _reduced(call, messages, edges.pointers, edges.receivers)
    return rows if operands.own is None else rows + operands.own * operands.senders


def product(rows: Tensor, weights: Tensor | None, edges: EdgeList, own: Tensor | None = None) -> Tensor:
    """`y_i = a_i x_i + sum_{j -> i} w_ij x_j`.

    Args:
        rows: `(N_s, ...)`.
        weights: `(E,)` or None for ones.
        edges: who hears whom.
        own: `(N, 1)` or `(1,)` weights `a_i`, or None for no such term.

    Returns:
        `(N_r, ...)`.
    """
    if not edges.num_edges or not rows.numel():
        nothing = connected_zeros((edges.num_receivers, *rows.shape[1:]), rows, weights)
        return nothing if own is None else nothing + own * rows
    if rows.ndim != 2:
        return product(rows.flatten(1), weights, edges, own).reshape(edges.num_receivers, *rows.shape[1:])
    learned = [part for part in (rows, weights, own) if part is not None and part.requires_grad]
    if not (learned and torch.is_grad_enabled()):
        return bag(rows, weights, edges.senders, edges.pointers, own)
    if rows.requires_grad:
        edges.receivers_by_sender  # noqa: B018  derived here, so that a traced backward pass only reads it
    sums = _Product.apply(rows, weights, edges, own)
    assert isinstance(sums, Tensor)
    return sums


class _Product(torch.autograd.Function):
    """A CSR product with differentiable gradients: a product with the transpose, and gathered dot products."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weights: Tensor | None, edges: EdgeList, own: Tensor | None) -> Tensor:
        ctx.save_for_backward(rows, weights, own)
        ctx.edges = edges
        return bag(rows, weights, edges.senders, edges.pointers, own)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None, Tensor | None]:
        (grad,), (rows, weights, own), edges = grads, ctx.saved_tensors, ctx.edges
        grad_rows = grad_weights = grad_own = None
        if ctx.needs_input_grad[0]:
            back = None if weights is None else weights.index_select(0, edges.transpose.rows)
            if torch.is_grad_enabled():  # a second derivative was asked for
                grad_rows = product(grad.contiguous(), back, edges.reversed, own)
            else:
                pointers = edges.transpose.pointers
                grad_rows = bag(grad.contiguous(), back, edges.receivers_by_sender, pointers, own)
        if ctx.needs_input_grad[1]:
            grad_weights = (grad.index_select(0, edges.receivers) * rows.index_select(0, edges.senders)).sum(1)
        if ctx.needs_input_grad[3]:
            grad_own = (grad * rows).sum(1, keepdim=True).sum_to_size(own.shape)
        return grad_rows, grad_weights, None, grad_own


def bag(rows: Tensor, weights: Tensor | None, senders: Tensor, pointers: Tensor, own: Tensor | None = None) -> Tensor:
    """`a_i x_i + sum w_j x_j` over `senders` from each of the `pointers` to the next; no gradients are recorded."""
    if rows.requires_grad:  # else it would find what only a gradient of its own needs
        rows = rows.detach()
    sums = torch.embedding_bag(rows, senders, pointers, False, 0, False, weights, True)[0]
    return sums if own is None else sums.addcmul_(rows, own)


def _reduced(call: Call, rows: Tensor, offsets: Tensor, segments: Tensor) -> Tensor:
    spec = call.spec
    return segment_reduce(spec.reductions, rows, offsets, segments, call.operands.temperature, spec.least_std)


def _over_axis(grouped: Tensor, reduction: str, call: Call) -> Tensor:
    """Reduce axis 1 of `(items, nodes, ...)`."""
    if reduction in ("max", "min"):
        return getattr(grouped, reduction)(1).values
    if reduction == "softmax":
        return ((grouped * call.operands.temperature).softmax(1) * grouped).sum(1)
    if reduction in ("var", "std"):
        var = grouped.var(1, correction=0)
        return var if reduction == "var" else spread(var, grouped.mean(1), call.spec.least_std)
    return getattr(grouped, reduction)(1)


def messages_of(spec: AggregateSpec, operands: AggregateOperands, edges: EdgeList) -> Tensor:
    """One row an edge, before what the spec calls their tail."""
    if spec.message == "opaque":
        assert operands.message is not None
        receivers = operands.senders if operands.receivers is None else operands.receivers
        parts = {
            "sender": lambda: operands.senders.index_select(0, edges.senders),
            "receiver": lambda: receivers.index_select(0, edges.receivers),
            "edge": lambda: operands.edges,
        }
        return operands.message(*[parts[part]() for part in spec.reads])
    rows = operands.senders.index_select(0, edges.senders)
    if spec.message == "sender":
        return rows
    if spec.message == "difference":
        return rows - operands.senders.index_select(0, edges.receivers)
    if spec.message == "gated":
        assert operands.receivers is not None
        queries, values = (rows if operands.edges is None else rows + operands.edges).chunk(2, 1)
        return (operands.receivers.index_select(0, edges.receivers) + queries).sigmoid() * values
    assert operands.edges is not None
    if spec.message == "filtered":
        shared = operands.edge_rows
        return rows * (operands.edges if shared is None else operands.edges.index_select(0, shared))
    return operands.edges.reshape(-1, *[1] * (rows.ndim - 1)) * rows


def _hub_rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AggregateSpec) or not isinstance(spec.neighborhood, Hub):
        return None
    if spec.own:
        return "a node's own row is added to its sum"
    return True if spec.message == "sender" else f"the message is {spec.message}; rows are reduced as they are"


def _product_rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AggregateSpec):
        return None
    if spec.message not in ("sender", "weighted"):
        return f"the message is {spec.message}: a product weighs rows by one number an edge"
    if spec.reduce not in ("sum", "mean"):
        return f"the reduction is {', '.join(spec.reductions)}; a product sums"
    if spec.count_padding:
        return "the mean counts padding"
    return "messages go through a network" if spec.tail else True


def _segment_rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AggregateSpec):
        return None
    if spec.count_padding and isinstance(spec.neighborhood, Stencil):
        return "the mean counts padding"
    return True


RULES = (
    Rule(reduce_hub, _hub_rule),
    Rule(sparse_product, _product_rule),
    Rule(reduce_segments, _segment_rule),
)
