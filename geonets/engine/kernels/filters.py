"""`aggregate` of sender rows that edges weigh channel by channel: filters that edges bring, gates that both ends open.

One pass over the edges in front, one behind; no message is written. Bound by reading the filters, or by the sigmoids.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geonets.core.ranges import segment_sum
from geonets.core.topology import EdgeList
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.loops import arrays, compiled, composed_gradients, refusal
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AggregateSpec


def filtered_sums(call: Call) -> Tensor:
    """`sum_{j -> i} w_ij * x_j` with a number for each channel on every edge, or on every row that edges share."""
    operands = call.operands
    edges, rows, filters = call.spec.neighborhood.edges(call.structure, call.source), operands.senders, operands.edges
    if not edges.num_edges or not rows.numel():
        return connected_zeros((edges.num_receivers, rows.shape[1]), rows, filters)
    sums = _Filtered.apply(rows, filters.to(rows.dtype), operands.edge_rows, edges)
    assert isinstance(sums, Tensor)
    return sums


def gated_sums(call: Call) -> Tensor:
    """`sum_{j -> i} sigmoid(k_i + q_j) * v_j`; the gates are kept for the gradients."""
    operands = call.operands
    edges, keys, spoken = (
        call.spec.neighborhood.edges(call.structure, call.source),
        operands.receivers,
        operands.senders,
    )
    if not edges.num_edges or not keys.numel():
        return connected_zeros((edges.num_receivers, keys.shape[1]), keys, spoken, operands.edges)
    added = None if operands.edges is None else operands.edges.to(keys.dtype)
    sums = _Gated.apply(keys, spoken.to(keys.dtype), added, edges)
    assert isinstance(sums, Tensor)
    return sums


class _Filtered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, filters: Tensor, shared: Tensor | None, edges: EdgeList) -> Tensor:
        ctx.save_for_backward(rows, filters, shared)
        ctx.edges = edges
        sums = rows.new_zeros(edges.num_receivers, rows.shape[1])
        compiled(_filter)(*arrays(rows, filters, shared, edges.senders, edges.pointers, sums))
        return sums

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,), (rows, filters, shared), edges, needed = grads, ctx.saved_tensors, ctx.edges, ctx.needs_input_grad
        if torch.is_grad_enabled():
            return tuple(composed_gradients(_composed_filters, (rows, filters, shared, edges), needed, grad))
        of_rows, of_filters = (
            _zeros_like(part) if wanted else None for part, wanted in zip((rows, filters), needed[:2], strict=True)
        )
        read = arrays(rows, filters, shared, edges.senders, edges.pointers, grad)
        compiled(_filter_back)(*read, *arrays(of_rows, of_filters))
        return of_rows, of_filters, None, None


class _Gated(torch.autograd.Function):
    """What is spoken, and what edges add to it, are `(., 2 C)`: queries and values side by side."""

    @staticmethod
    def forward(ctx: Any, keys: Tensor, spoken: Tensor, added: Tensor | None, edges: EdgeList) -> Tensor:
        gates, sums = keys.new_empty(edges.num_edges, keys.shape[1]), torch.zeros_like(keys)
        read = arrays(keys, spoken, added, edges.senders, edges.pointers)
        compiled(_open)(*read, *arrays(gates))
        gates.sigmoid_()
        compiled(_let_through)(*read[1:], *arrays(gates, sums))
        ctx.save_for_backward(keys, spoken, added, gates)
        ctx.edges = edges
        return sums

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,), (keys, spoken, added, gates), edges, needed = grads, ctx.saved_tensors, ctx.edges, ctx.needs_input_grad
        if torch.is_grad_enabled():
            return tuple(composed_gradients(_composed_gates, (keys, spoken, added, edges), needed, grad))
        of_keys, of_spoken = _zeros_like(keys), _zeros_like(spoken)
        of_added = torch.empty_like(added, memory_format=torch.contiguous_format) if needed[2] else None
        read = arrays(spoken, added, edges.senders, edges.pointers, gates, grad)
        compiled(_gate_back)(*read, *arrays(of_keys, of_spoken, of_added))
        return of_keys, of_spoken, of_added, None


def _composed_filters(rows: Tensor, filters: Tensor, shared: Tensor | None, edges: EdgeList) -> Tensor:
    own = filters if shared is None else filters.index_select(0, shared)
    return segment_sum(own * rows.index_select(0, edges.senders), edges.pointers, edges.receivers)


def _composed_gates(keys: Tensor, spoken: Tensor, added: Tensor | None, edges: EdgeList) -> Tensor:
    heard = spoken.index_select(0, edges.senders)
    queries, values = (heard if added is None else heard + added).chunk(2, 1)
    gates = (keys.index_select(0, edges.receivers) + queries).sigmoid()
    return segment_sum(gates * values, edges.pointers, edges.receivers)


def _zeros_like(rows: Tensor) -> Tensor:
    return torch.zeros_like(rows, memory_format=torch.contiguous_format)


def _filter(rows: Any, filters: Any, shared: Any, senders: Any, pointers: Any, sums: Any) -> None:
    for receiver in range(len(sums)):
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender, row = senders[edge], edge
            if shared is not None:
                row = shared[edge]
            for channel in range(sums.shape[1]):
                sums[receiver, channel] += filters[row, channel] * rows[sender, channel]


def _filter_back(
    rows: Any, filters: Any, shared: Any, senders: Any, pointers: Any, grad: Any, of_rows: Any, of_filters: Any
) -> None:
    for receiver in range(len(grad)):
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender, row = senders[edge], edge
            if shared is not None:
                row = shared[edge]
            if of_rows is not None:
                for channel in range(grad.shape[1]):
                    of_rows[sender, channel] += filters[row, channel] * grad[receiver, channel]
            if of_filters is not None:
                for channel in range(grad.shape[1]):
                    of_filters[row, channel] += rows[sender, channel] * grad[receiver, channel]


def _open(keys: Any, spoken: Any, added: Any, senders: Any, pointers: Any, gates: Any) -> None:
    for receiver in range(len(keys)):
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender = senders[edge]
            for channel in range(keys.shape[1]):
                gates[edge, channel] = keys[receiver, channel] + spoken[sender, channel]
            if added is not None:
                for channel in range(keys.shape[1]):
                    gates[edge, channel] += added[edge, channel]


def _let_through(spoken: Any, added: Any, senders: Any, pointers: Any, gates: Any, sums: Any) -> None:
    width = sums.shape[1]
    for receiver in range(len(sums)):
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            values = spoken[senders[edge], width:]
            for channel in range(width):
                sums[receiver, channel] += gates[edge, channel] * values[channel]
            if added is not None:
                for channel in range(width):
                    sums[receiver, channel] += gates[edge, channel] * added[edge, width + channel]


def _gate_back(
    spoken: Any,
    added: Any,
    senders: Any,
    pointers: Any,
    gates: Any,
    grad: Any,
    of_keys: Any,
    of_spoken: Any,
    of_added: Any,
) -> None:
    width = grad.shape[1]
    for receiver in range(len(grad)):
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender = senders[edge]
            values = spoken[sender, width:]
            of_queries, of_values = of_spoken[sender, :width], of_spoken[sender, width:]
            for channel in range(width):
                gate, through = gates[edge, channel], grad[receiver, channel]
                value = values[channel]
                if added is not None:
                    value += added[edge, width + channel]
                passed = gate * through
                of_gate = passed * value * (1 - gate)
                of_keys[receiver, channel] += of_gate
                of_queries[channel] += of_gate
                of_values[channel] += passed
                if of_added is not None:
                    of_added[edge, channel] = of_gate
                    of_added[edge, width + channel] = passed


def _rule(message: str) -> Any:
    def accepts(situation: Situation) -> bool | str | None:
        spec = situation.spec
        if not isinstance(spec, AggregateSpec) or spec.message != message:
            return None
        if spec.reduce != "sum":
            return f"the reduction is {', '.join(spec.reductions)}; the loop sums"
        return "messages go through a network" if spec.tail else refusal(situation) or True

    return accepts


RULES = (Rule(filtered_sums, _rule("filtered")), Rule(gated_sums, _rule("gated")))
