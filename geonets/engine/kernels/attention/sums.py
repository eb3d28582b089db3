"""Weighted sums of sender rows, and products of the rows at both ends of an edge: each is the other's gradient.

Bound by the gather of the sender rows; behind a sum they are gathered along the transpose, and nothing is scattered.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.topology import EdgeList
from geonets.engine.kernels import loops


def mix(weights: Tensor, values: Tensor, edges: EdgeList) -> Tensor:
    """`y_i = sum_{j -> i} w_ij v_j` in every head.

    Args:
        weights: `(E, H)`.
        values: `(N_s, H, D)`.
        edges: who hears whom.

    Returns:
        `(N_r, H, D)`.
    """
    weights, values = of_one_type(weights, values)
    if _is_recorded(weights, values):
        return applied(_Mix, weights, values, edges)
    return _mixed(weights, values, edges.pointers, edges.senders, None)


def dots(query: Tensor, key: Tensor, edges: EdgeList) -> Tensor:
    """`(E, H)`: the product `q_i . k_j` of an edge's ends, `(N_r, H, D)` and `(N_s, H, D)`, in every head."""
    query, key = of_one_type(query, key)
    if _is_recorded(query, key):
        return applied(_Dots, query, key, edges)
    out = query.new_empty(edges.num_edges, query.shape[1])
    loops.compiled(_dot)(*loops.arrays(edges.pointers, edges.senders, query, key, out))
    return out


def applied(function: type[torch.autograd.Function], *given: Any) -> Tensor:
    """What an autograd function gives."""
    found = function.apply(*given)
    assert isinstance(found, Tensor)
    return found


def of_one_type(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """What torch's own operations would compute in: mixed precision leaves some operands narrower than others."""
    if first.dtype == second.dtype:
        return first, second
    dtype = torch.promote_types(first.dtype, second.dtype)
    return first.to(dtype), second.to(dtype)


class _Mix(torch.autograd.Function):
    """A weighted sum of sender rows, whose gradients are products along the edges and a sum along the transpose."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor, values: Tensor, edges: EdgeList) -> Tensor:
        ctx.save_for_backward(weights, values)
        ctx.edges = edges
        return mix(weights, values, edges)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        (grad,), (weights, values), edges = grads, ctx.saved_tensors, ctx.edges
        grad_weights = dots(grad, values, edges) if ctx.needs_input_grad[0] else None
        return grad_weights, _mixed_back(weights, grad, edges) if ctx.needs_input_grad[1] else None, None


class _Dots(torch.autograd.Function):
    """Products along the edges, whose gradients are weighted sums along the edges and along the transpose."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, edges: EdgeList) -> Tensor:
        ctx.save_for_backward(query, key)
        ctx.edges = edges
        return dots(query, key, edges)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        (grad,), (query, key), edges = grads, ctx.saved_tensors, ctx.edges
        grad_query = mix(grad, key, edges) if ctx.needs_input_grad[0] else None
        return grad_query, _mixed_back(grad, query, edges) if ctx.needs_input_grad[1] else None, None


def _mixed(weights: Tensor, values: Tensor, pointers: Tensor, senders: Tensor, places: Tensor | None) -> Tensor:
    out = values.new_empty(len(pointers) - 1, *values.shape[1:])
    loops.compiled(_sum)(*loops.arrays(pointers, senders, places, weights, values, out))
    return out


def _mixed_back(weights: Tensor, rows: Tensor, edges: EdgeList) -> Tensor:
    """`sum_{j -> i} w_ij x_i` for every sender."""
    transpose = edges.transpose
    if torch.is_grad_enabled():  # a second derivative was asked for
        return mix(weights.index_select(0, transpose.rows), rows, edges.reversed)
    return _mixed(weights, rows, transpose.pointers, edges.receivers_by_sender, transpose.rows)


def _is_recorded(*tensors: Tensor) -> bool:
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)


def _sum(
    pointers: np.ndarray,
    senders: np.ndarray,
    places: np.ndarray | None,
    weights: np.ndarray,
    values: np.ndarray,
    out: np.ndarray,
) -> None:
    _, heads, channels = out.shape
    for receiver in range(len(out)):
        out[receiver] = 0
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender, place = senders[edge], edge if places is None else places[edge]
            for head in range(heads):
                weight = weights[place, head]
                for channel in range(channels):
                    out[receiver, head, channel] += weight * values[sender, head, channel]


def _dot(pointers: np.ndarray, senders: np.ndarray, query: np.ndarray, key: np.ndarray, out: np.ndarray) -> None:
    _, heads, channels = query.shape
    for receiver in range(len(query)):
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender = senders[edge]
            for head in range(heads):
                total = out.dtype.type(0)
                for channel in range(channels):
                    total += query[receiver, head, channel] * key[sender, head, channel]
                out[edge, head] = total
