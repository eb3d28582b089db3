"""The law of `aggregate`."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.neighborhoods import Stencil
from geonets.core.topology import EdgeList
from geonets.engine.rules import Call
from geonets.engine.spec import AggregateOperands, AggregateSpec


def aggregate(call: Call, spec: AggregateSpec, operands: AggregateOperands) -> Tensor:
    """`m_i = reduce_{j -> i} psi(x_i, x_j, e_ij)`, one reduction after another, joined along the channels."""
    edges = spec.neighborhood.edges(call.structure, call.source)
    messages = messages_of(spec, operands, edges)
    messages = messages if operands.tail is None else operands.tail(messages)
    parts = [_reduce(reduction, messages, edges, call, operands.temperature) for reduction in spec.reductions]
    if len(parts) > 1:
        return torch.cat(parts, -1) if messages.ndim > 1 else torch.stack(parts, -1)
    if operands.update is not None:
        return operands.update(parts[0])
    return parts[0] + operands.own * operands.senders if spec.own and operands.own is not None else parts[0]


def messages_of(spec: AggregateSpec, operands: AggregateOperands, edges: EdgeList) -> Tensor:
    """`psi(x_i, x_j, e_ij)`, one row an edge."""
    if spec.message == "sender":
        return operands.senders[edges.senders]
    if spec.message == "difference":
        return operands.senders[edges.senders] - operands.senders[edges.receivers]
    if spec.message == "weighted":
        assert operands.edges is not None
        rows = operands.senders[edges.senders]
        return operands.edges.reshape(-1, *[1] * (rows.ndim - 1)) * rows
    if spec.message == "filtered":
        assert operands.edges is not None
        filters = operands.edges if operands.edge_rows is None else operands.edges[operands.edge_rows]
        return filters * operands.senders[edges.senders]
    if spec.message == "gated":
        assert operands.receivers is not None
        heard = operands.senders[edges.senders]
        queries, values = (heard if operands.edges is None else heard + operands.edges).chunk(2, 1)
        return (operands.receivers[edges.receivers] + queries).sigmoid() * values
    assert operands.message is not None
    receivers = operands.senders if operands.receivers is None else operands.receivers
    read = {
        "sender": lambda: operands.senders[edges.senders],
        "receiver": lambda: receivers[edges.receivers],
        "edge": lambda: operands.edges,
    }
    return operands.message(*[read[part]() for part in spec.reads])


def _reduce(reduction: str, messages: Tensor, edges: EdgeList, call: Call, temperature: Tensor | float) -> Tensor:
    match reduction:
        case "sum":
            return _sum(messages, edges)
        case "mean":
            return _mean(messages, edges, call)
        case "max" | "min":
            return _first_extreme(messages, edges, "a" + reduction)
        case "softmax":
            return _softmax(messages, edges, temperature)
        case _:
            return _spread(messages, edges, call, root=reduction == "std")


def _sum(messages: Tensor, edges: EdgeList) -> Tensor:
    return messages.new_zeros(edges.num_receivers, *messages.shape[1:]).index_add(0, edges.receivers, messages)


def _mean(messages: Tensor, edges: EdgeList, call: Call) -> Tensor:
    if call.spec.count_padding:
        assert isinstance(call.spec.neighborhood, Stencil)
        counts = call.spec.neighborhood.window_counts(call.structure.topology)
    else:
        counts = torch.zeros_like(edges.degrees).index_add(0, edges.receivers, torch.ones_like(edges.receivers))
    return _sum(messages, edges) / counts.clamp(min=1).to(messages.dtype).reshape(-1, *[1] * (messages.ndim - 1))


def _spread(messages: Tensor, edges: EdgeList, call: Call, root: bool) -> Tensor:
    """Mean square distance from the mean, in two passes, or its root; the root of what rounding left is 0."""
    mean = _mean(messages, edges, call)
    with torch.no_grad():
        lost = _mean(messages - mean[edges.receivers], edges, call)
    var = _mean((messages - (mean + lost)[edges.receivers]) ** 2, edges, call)
    if not root:
        return var
    rounding = torch.finfo(var.dtype).eps * mean.detach().abs()
    nothing = var <= torch.where(rounding > call.spec.least_std, rounding, call.spec.least_std) ** 2
    return torch.where(nothing, 0, torch.where(nothing, 1, var).sqrt())


def _softmax(messages: Tensor, edges: EdgeList, temperature: Tensor | float) -> Tensor:
    """`sum_j softmax_j(t m_j) m_j` in each channel."""
    scores = temperature * messages
    with torch.no_grad():  # a softmax stays the same when its scores are shifted
        peaks = _first_extreme(scores, edges, "amax")
    weights = (scores - peaks[edges.receivers]).exp()
    return _sum(weights / _sum(weights, edges)[edges.receivers] * messages, edges)


def _first_extreme(messages: Tensor, edges: EdgeList, reduce: str) -> Tensor:
    """Largest or smallest message of each receiver, gathered from the first edge that has it; 0 where none is heard."""
    shape, flat = messages.shape[1:], messages.reshape(len(messages), -1) if len(messages) else messages
    if not len(flat):
        return messages.sum() + messages.new_zeros(edges.num_receivers, *shape)
    with torch.no_grad():
        extreme = flat.new_zeros(edges.num_receivers, flat.shape[1])
        receivers = edges.receivers[:, None].expand_as(flat)
        extreme = extreme.scatter_reduce(0, receivers, flat, reduce, include_self=False)
        is_extreme = (flat == extreme[edges.receivers]) | flat.isnan()
        numbers = torch.arange(len(flat), device=flat.device)[:, None].expand_as(flat)
        candidates = torch.where(is_extreme, numbers, len(flat) - 1)
        first = torch.full_like(extreme, len(flat) - 1, dtype=torch.long)
        first = first.scatter_reduce(0, receivers, candidates, "amin")
    out = flat.gather(0, first)
    return torch.where((edges.degrees > 0)[:, None], out, out.new_zeros(())).reshape(edges.num_receivers, *shape)
