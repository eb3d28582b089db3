"""The law of `aggregate`."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.neighborhoods import Stencil
from geonets.core.topology import EdgeList
from geonets.engine.rules import Call
from geonets.engine.spec import AggregateOperands, AggregateSpec


def aggregate(call: Call, spec: AggregateSpec, operands: AggregateOperands) -> Tensor:
    """`m_i = reduce_{j -> i} psi(x_i, x_j, e_ij)`."""
    edges = spec.neighborhood.edges(call.structure, call.source)
    messages = messages_of(spec, operands, edges)
    if spec.reduce in ("max", "min"):
        return _first_extreme(messages, edges, spec.reduce)
    sums = messages.new_zeros(edges.num_receivers, *messages.shape[1:]).index_add(0, edges.receivers, messages)
    if spec.reduce == "sum":
        return sums + operands.own * operands.senders if spec.own and operands.own is not None else sums
    if spec.count_padding:
        assert isinstance(spec.neighborhood, Stencil)
        counts = spec.neighborhood.window_counts(call.structure.topology)
    else:
        counts = torch.zeros_like(edges.degrees).index_add(0, edges.receivers, torch.ones_like(edges.receivers))
    return sums / counts.clamp(min=1).to(sums.dtype).reshape(-1, *[1] * (sums.ndim - 1))


def messages_of(spec: AggregateSpec, operands: AggregateOperands, edges: EdgeList) -> Tensor:
    """`psi(x_i, x_j, e_ij)`, one row an edge."""
    if spec.message == "sender":
        return operands.senders[edges.senders]
    if spec.message == "weighted":
        assert operands.edges is not None
        rows = operands.senders[edges.senders]
        return operands.edges.reshape(-1, *[1] * (rows.ndim - 1)) * rows
    assert operands.message is not None
    receivers = operands.senders if operands.receivers is None else operands.receivers
    read = {
        "sender": lambda: operands.senders[edges.senders],
        "receiver": lambda: receivers[edges.receivers],
        "edge": lambda: operands.edges,
    }
    return operands.message(*[read[part]() for part in spec.reads])


def _first_extreme(messages: Tensor, edges: EdgeList, reduce: str) -> Tensor:
    """Largest or smallest message of each receiver, gathered from the first edge that has it; 0 where none is heard."""
    shape, flat = messages.shape[1:], messages.flatten(1)
    if not len(flat):
        return messages.sum() + messages.new_zeros(edges.num_receivers, *shape)
    with torch.no_grad():
        extreme = flat.new_zeros(edges.num_receivers, flat.shape[1])
        receivers = edges.receivers[:, None].expand_as(flat)
        extreme = extreme.scatter_reduce(0, receivers, flat, "a" + reduce, include_self=False)
        is_extreme = (flat == extreme[edges.receivers]) | flat.isnan()
        numbers = torch.arange(len(flat), device=flat.device)[:, None].expand_as(flat)
        candidates = torch.where(is_extreme, numbers, len(flat) - 1)
        first = torch.full_like(extreme, len(flat) - 1, dtype=torch.long)
        first = first.scatter_reduce(0, receivers, candidates, "amin")
    out = flat.gather(0, first)
    return torch.where((edges.degrees > 0)[:, None], out, out.new_zeros(())).reshape(edges.num_receivers, *shape)
