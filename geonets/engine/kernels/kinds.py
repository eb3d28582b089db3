"""`convolve` with one weight an edge: compiled loops sum what is heard of one kind, and each kind meets its weights.

A receiver that hears a kind has a slot there. Slots of one kind lie together, so that no row is multiplied in vain.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.topology import EdgeList
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.loops import arrays, compiled, composed_gradients, refusal
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import ConvolveSpec


def convolve_by_kind(call: Call) -> Tensor:
    """`sum_k W_k s_ik` with `s_ik = sum_{j -> i} a_ij x_j` over the edges of kind `k`, where there are any."""
    spec, operands = call.spec, call.operands
    edges = spec.neighborhood.edges(call.structure, call.source)
    x, weight = operands.x, operands.weight.flatten(2)  # (C_out, C_in, K)
    shares = operands.influence if spec.influence == "weighted" else None
    if not edges.num_edges or not x.numel() or not weight.numel():
        rows = connected_zeros((edges.num_receivers, len(weight)), x, weight, shares)
    else:
        num_kinds = weight.shape[2]
        if spec.influence == "chosen":
            slots = _slots(edges, operands.influence, num_kinds)
        else:
            slots = edges.remember(("slots of kinds", num_kinds), lambda: _slots(edges, edges.edge_type, num_kinds))
        shares = None if shares is None else shares.to(x.dtype)
        rows = _OfKinds.apply(x, weight.permute(2, 1, 0).to(x.dtype), shares, slots, edges)
        assert isinstance(rows, Tensor)
    return rows if operands.bias is None else rows + operands.bias


@dataclasses.dataclass(frozen=True, eq=False)
class _Slots:
    """Pairs of a kind and a receiver that hears it, sorted by kind.

    Args:
        of_edges: `(E,)` the slot of each edge.
        receivers: `(S,)`.
        spans: of each kind that is heard: which, and its slots.
    """

    of_edges: Tensor
    receivers: Tensor
    spans: list[tuple[int, slice]]


def _slots(edges: EdgeList, kinds: Tensor | None, num_kinds: int) -> _Slots:
    assert kinds is not None
    if int(kinds.max()) >= num_kinds:
        raise StructureError(
            f"`edge_type` must be below {num_kinds}, the number of weights; got {int(kinds.max())}. "
            "Pass a weight for every type of edge."
        )
    of_edges, receivers = torch.empty_like(kinds), torch.empty_like(kinds)
    starts = np.zeros(num_kinds + 1, np.int64)
    compiled(_number)(*arrays(edges.pointers, kinds, of_edges, receivers), starts)
    spans = [(kind, slice(*starts[kind : kind + 2].tolist())) for kind in range(num_kinds)]
    return _Slots(of_edges, receivers[: starts[-1]], [(kind, span) for kind, span in spans if span.start < span.stop])


class _OfKinds(torch.autograd.Function):
    """Weights are `(K, C_in, C_out)`, shares `(E,)` or None."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor, shares: Tensor | None, slots: _Slots, edges: EdgeList) -> Tensor:
        sums = x.new_zeros(len(slots.receivers), x.shape[1])
        compiled(_add)(*arrays(x, shares, edges.senders, slots.of_edges, sums))
        transformed = x.new_empty(len(sums), weights.shape[2])
        for kind, span in slots.spans:
            torch.mm(sums[span], weights[kind], out=transformed[span])
        rows = x.new_zeros(edges.num_receivers, weights.shape[2])
        compiled(_gather)(*arrays(transformed, slots.receivers, rows))
        ctx.save_for_backward(x, weights, shares, sums)
        ctx.slots, ctx.edges = slots, edges
        return rows

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,), (x, weights, shares, sums), needed = grads, ctx.saved_tensors, ctx.needs_input_grad
        slots, edges = ctx.slots, ctx.edges
        if torch.is_grad_enabled():
            return tuple(composed_gradients(_composed, (x, weights, shares, slots, edges), needed, grad))
        heard = grad.index_select(0, slots.receivers)  # (S, C_out)
        of_x = torch.zeros_like(x, memory_format=torch.contiguous_format) if needed[0] else None
        of_weights = torch.zeros_like(weights, memory_format=torch.contiguous_format) if needed[1] else None
        of_shares = torch.empty_like(shares, memory_format=torch.contiguous_format) if needed[2] else None
        of_sums = torch.empty_like(sums) if needed[0] or needed[2] else None
        for kind, span in slots.spans:
            if of_weights is not None:
                torch.mm(sums[span].T, heard[span], out=of_weights[kind])
            if of_sums is not None:
                torch.mm(heard[span], weights[kind].T, out=of_sums[span])
        if of_sums is not None:
            compiled(_spread)(*arrays(x, shares, edges.senders, slots.of_edges, of_sums, of_x, of_shares))
        return of_x, of_weights, of_shares, None, None


def _composed(x: Tensor, weights: Tensor, shares: Tensor | None, slots: _Slots, edges: EdgeList) -> Tensor:
    messages = x.index_select(0, edges.senders)
    if shares is not None:
        messages = shares[:, None] * messages
    sums = messages.new_zeros(len(slots.receivers), x.shape[1]).index_add(0, slots.of_edges, messages)
    transformed = torch.cat([sums[span] @ weights[kind] for kind, span in slots.spans])
    return transformed.new_zeros(edges.num_receivers, weights.shape[2]).index_add(0, slots.receivers, transformed)


def _number(pointers: Any, kinds: Any, of_edges: Any, receivers: Any, starts: Any) -> None:
    """Count the slots of each kind, then fill them; `latest` says where a receiver's slot of a kind is."""
    latest, numbers = np.full(len(starts), -1), np.zeros(len(starts), np.int64)
    for receiver in range(len(pointers) - 1):
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            kind = kinds[edge]
            if latest[kind] != receiver:
                latest[kind] = receiver
                starts[kind + 1] += 1
    for kind in range(len(starts) - 1):
        starts[kind + 1] += starts[kind]
        numbers[kind] = starts[kind] - 1
        latest[kind] = -1
    for receiver in range(len(pointers) - 1):
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            kind = kinds[edge]
            if latest[kind] != receiver:
                latest[kind] = receiver
                numbers[kind] += 1
                receivers[numbers[kind]] = receiver
            of_edges[edge] = numbers[kind]


def _add(x: Any, shares: Any, senders: Any, slots: Any, sums: Any) -> None:
    for edge in range(len(senders)):
        sender, slot = senders[edge], slots[edge]
        if shares is None:
            for channel in range(x.shape[1]):
                sums[slot, channel] += x[sender, channel]
        else:
            share = shares[edge]
            for channel in range(x.shape[1]):
                sums[slot, channel] += share * x[sender, channel]


def _gather(transformed: Any, receivers: Any, rows: Any) -> None:
    for slot in range(len(receivers)):
        receiver = receivers[slot]
        for channel in range(rows.shape[1]):
            rows[receiver, channel] += transformed[slot, channel]


def _spread(x: Any, shares: Any, senders: Any, slots: Any, of_sums: Any, of_x: Any, of_shares: Any) -> None:
    for edge in range(len(senders)):
        sender, slot = senders[edge], slots[edge]
        if of_shares is not None:
            total = of_sums[slot, 0] * x[sender, 0]
            for channel in range(1, x.shape[1]):
                total += of_sums[slot, channel] * x[sender, channel]
            of_shares[edge] = total
        if of_x is not None:
            if shares is None:
                for channel in range(x.shape[1]):
                    of_x[sender, channel] += of_sums[slot, channel]
            else:
                share = shares[edge]
                for channel in range(x.shape[1]):
                    of_x[sender, channel] += share * of_sums[slot, channel]


def _rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, ConvolveSpec) or spec.influence == "soft":
        return None
    if spec.groups > 1:
        return f"the channels are in {spec.groups} groups"
    return refusal(situation) or True


RULES = (Rule(convolve_by_kind, _rule),)
