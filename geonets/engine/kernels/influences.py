"""`convolve` with a number of each weight on an edge: compiled loops sum, products with the weights do the rest.

`sum_k W_k (sum_j a_ijk x_j)` needs a product with all weights once a receiver, not once an edge. The sums of a block of
receivers stay in the cache until they have met the weights, and are summed anew for the gradients.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from geonets.core.ranges import segment_sum
from geonets.core.topology import EdgeList
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.loops import arrays, compiled, composed_gradients, refusal
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import ConvolveSpec

BLOCK = 2**18
"""How many numbers the sums of a block of receivers may be."""


def convolve_by_influence(call: Call) -> Tensor:
    """`W [s_i1, ..., s_iK]` with `s_ik = sum_{j -> i} a_ijk x_j`, a block of receivers at a time."""
    spec, operands = call.spec, call.operands
    edges = spec.neighborhood.edges(call.structure, call.source)
    x, influence, weight = operands.x, operands.influence, operands.weight.flatten(2)  # (C_out, C_in, K)
    assert influence is not None
    if not edges.num_edges or not x.numel() or not weight.numel():
        rows = connected_zeros((edges.num_receivers, len(weight)), x, weight, influence)
    else:
        matrix = weight.permute(2, 1, 0).flatten(0, 1).to(x.dtype)  # (K * C_in, C_out)
        rows = _Influenced.apply(x, matrix, influence.to(x.dtype), edges)
        assert isinstance(rows, Tensor)
    return rows if operands.bias is None else rows + operands.bias


class _Influenced(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, matrix: Tensor, influence: Tensor, edges: EdgeList) -> Tensor:
        ctx.save_for_backward(x, matrix, influence)
        ctx.edges = edges
        rows = x.new_empty(edges.num_receivers, matrix.shape[1])
        for start, stop, sums, _ in _blocks(x, matrix, influence, edges):
            torch.mm(sums, matrix, out=rows[start:stop])
        return rows

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,), (x, matrix, influence), edges, needed = grads, ctx.saved_tensors, ctx.edges, ctx.needs_input_grad
        if torch.is_grad_enabled():
            inputs = x, matrix, influence, edges
            return tuple(composed_gradients(_composed, inputs, needed, grad))
        grad = grad.contiguous()
        of_x = torch.zeros_like(x, memory_format=torch.contiguous_format) if needed[0] else None
        of_matrix = torch.zeros_like(matrix) if needed[1] else None
        of_influence = torch.empty_like(influence, memory_format=torch.contiguous_format) if needed[2] else None
        read = arrays(x, influence, edges.senders, edges.pointers)
        found = arrays(of_x, of_influence)
        spread, turned = compiled(_spread), matrix.T
        for start, stop, sums, numbers in _blocks(x, matrix, influence, edges, of_matrix is not None):
            heard = grad[start:stop]
            if of_matrix is not None:
                of_matrix.addmm_(sums.T, heard)
            if of_x is not None or of_influence is not None:
                torch.mm(heard, turned, out=sums)
                spread(*read, start, numbers, *found)
        return of_x, of_matrix, of_influence, None


def _blocks(
    x: Tensor, matrix: Tensor, influence: Tensor, edges: EdgeList, summed: bool = True
) -> Iterator[tuple[int, int, Tensor, Any]]:
    """The receivers of each block, first and last, and their sums `(n, K * C_in)` or room for them, as a tensor and as
    an array `(n, K, C_in)` over the same memory; the next block overwrites it.
    """
    width, count = len(matrix), edges.num_receivers
    step = max(BLOCK // width, 16)
    room = x.new_empty(min(step, count), width)
    whole, *read = arrays(room, x, influence, edges.senders, edges.pointers)
    numbers = whole.reshape(len(room), -1, x.shape[1])
    add = compiled(_add)
    for start in range(0, count, step):
        size = min(step, count - start)
        if summed:
            add(*read, start, numbers[:size])
        yield start, start + size, room[:size], numbers[:size]


def _composed(x: Tensor, matrix: Tensor, influence: Tensor, edges: EdgeList) -> Tensor:
    messages = (influence[:, :, None] * x.index_select(0, edges.senders)[:, None]).flatten(1)
    return segment_sum(messages, edges.pointers, edges.receivers) @ matrix


def _add(x: Any, influence: Any, senders: Any, pointers: Any, start: int, sums: Any) -> None:
    """Two edges at a time, which halves the traffic of the sums; the first or the first two write them."""
    for receiver in range(len(sums)):
        edge, stop = pointers[start + receiver], pointers[start + receiver + 1]
        if edge == stop:
            sums[receiver] = 0
        elif (stop - edge) % 2:
            one = senders[edge]
            for kind in range(sums.shape[1]):
                share = influence[edge, kind]
                for channel in range(sums.shape[2]):
                    sums[receiver, kind, channel] = share * x[one, channel]
            edge += 1
        else:
            one, other = senders[edge], senders[edge + 1]
            for kind in range(sums.shape[1]):
                share, another = influence[edge, kind], influence[edge + 1, kind]
                for channel in range(sums.shape[2]):
                    sums[receiver, kind, channel] = share * x[one, channel] + another * x[other, channel]
            edge += 2
        while edge < stop:
            one, other = senders[edge], senders[edge + 1]
            for kind in range(sums.shape[1]):
                share, another = influence[edge, kind], influence[edge + 1, kind]
                for channel in range(sums.shape[2]):
                    sums[receiver, kind, channel] += share * x[one, channel] + another * x[other, channel]
            edge += 2


def _spread(
    x: Any, influence: Any, senders: Any, pointers: Any, start: int, of_sums: Any, of_x: Any, of_influence: Any
) -> None:
    for receiver in range(len(of_sums)):
        for edge in range(pointers[start + receiver], pointers[start + receiver + 1]):
            sender = senders[edge]
            for kind in range(of_sums.shape[1]):
                if of_influence is not None:
                    total = x.dtype.type(0)
                    for channel in range(of_sums.shape[2]):
                        total += of_sums[receiver, kind, channel] * x[sender, channel]
                    of_influence[edge, kind] = total
                if of_x is not None:
                    share = influence[edge, kind]
                    for channel in range(of_sums.shape[2]):
                        of_x[sender, channel] += share * of_sums[receiver, kind, channel]


def _rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, ConvolveSpec) or spec.influence != "soft":
        return None
    if spec.groups > 1:
        return f"the channels are in {spec.groups} groups"
    return refusal(situation) or True


RULES = (Rule(convolve_by_influence, _rule),)
