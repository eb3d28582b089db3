"""`attend` with the scores of graph attention networks: one loop in front of the exponentials, one after, one back.

Bound by the gathers of sender rows, one ahead and one back. What a softmax takes from its gradients, the mean
`sum_j a_ij g_ij`, is the product of a receiver's row with the row's gradient, so that an edge is read once; what
belongs to senders is added where they stand, so that no transpose is needed.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.ranges import segment_sum
from geonets.core.topology import EdgeList
from geonets.engine.kernels import loops
from geonets.engine.kernels.attention.segments import edge_scores, edge_softmax, nothing_heard
from geonets.engine.kernels.attention.sums import applied
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AttendOperands, AttendSpec

CALM = 16
"""Scores up to this, of either sign, need not be lowered: their exponentials have room in single precision."""


def additive_attention(call: Call) -> Tensor:
    """`sum_j softmax_j(s_ij) v_j`; `s` is `leaky_relu(a . q_i + a' . k_j + e)` or `a . leaky_relu(q_i + k_j + e)`."""
    spec, operands = call.spec, call.operands
    edges = spec.neighborhood.edges(call.structure, call.source)
    operands.check(edges.num_edges)
    if not edges.num_edges:
        return nothing_heard(spec, operands, edges)
    query, key, value, terms, vectors = operands.query, operands.key, operands.value, operands.edges, operands.attention
    if not query.dtype == key.dtype == value.dtype:  # mixed precision leaves some operands narrower than others
        dtype = torch.promote_types(torch.promote_types(query.dtype, key.dtype), value.dtype)
        query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
    terms = None if terms is None else terms.to(value.dtype).expand(-1, *key.shape[1 : terms.ndim])
    vectors = None if vectors is None else vectors.to(value.dtype)
    kept = None
    if spec.dropout and call.training:
        kept = functional.dropout(value.new_ones(edges.num_edges, value.shape[1]), spec.dropout)
    return applied(_Wide if spec.score == "gatv2" else _Narrow, query, key, value, terms, vectors, kept, spec, edges)


class _Narrow(torch.autograd.Function):
    """`leaky_relu(a . q_i + a' . k_j + e_ij)`: both products are numbers of a node."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        query, key, value, terms, vectors, kept, ctx.spec, ctx.edges = given
        ctx.is_one = query is key is value
        if vectors is None:
            asked, told = query.flatten(1), key.flatten(1)
        elif ctx.is_one:
            asked, told = _products(value, vectors)
        else:
            (asked,), (told,) = _products(query, vectors[:1]), _products(key, vectors[1:])
        weights = value.new_empty(ctx.edges.num_edges, value.shape[1])
        read = loops.arrays(ctx.edges.senders, told, terms)
        others = *read, ctx.spec.negative_slope, *loops.arrays(weights)
        loops.by_receivers(loops.compiled(_score), ctx.edges, weights.shape[1], loops.arrays(asked), others)
        rows, scales = _heard(weights.exp_(), kept, value, ctx.edges)
        ctx.save_for_backward(query, key, value, terms, vectors, kept, asked, told, weights, scales, rows)
        return rows

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, terms, vectors, kept, asked, told, weights, scales, rows = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _composed_back(ctx, *grads)
        edges, of_value = ctx.edges, _zeros_like(value)
        both = told.new_zeros(2, *told.shape) if ctx.is_one else None
        of_asked, of_told = (_zeros_like(asked), _zeros_like(told)) if both is None else both
        of_terms = None if terms is None else torch.empty_like(weights)
        read = loops.arrays(edges.pointers, edges.senders, asked, told, terms)
        behind = loops.arrays(weights, kept, scales, value, rows, *grads)
        written = loops.arrays(of_asked, of_told, of_terms, of_value)
        given = *read, ctx.spec.negative_slope, *behind, *written
        _by_heads(_score_back, value, edges, given)
        if vectors is None:
            return of_asked.view_as(query), of_told.view_as(key), of_value, of_terms, *[None] * 4
        of_vectors = _zeros_like(vectors)
        if both is not None:
            _products_back(value, vectors, both, of_value, of_vectors)
            return None, None, of_value, of_terms, of_vectors, *[None] * 3
        of_query, of_key = _zeros_like(query), _zeros_like(key)
        _products_back(query, vectors[:1], of_asked[None], of_query, of_vectors[:1])
        _products_back(key, vectors[1:], of_told[None], of_key, of_vectors[1:])
        return of_query, of_key, of_value, of_terms, of_vectors, *[None] * 3


class _Wide(torch.autograd.Function):
    """`a . leaky_relu(q_i + k_j + e_ij)`: what is bent has all channels; without `a` their sum."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        query, key, value, terms, vectors, kept, ctx.spec, ctx.edges = given
        weights = value.new_empty(ctx.edges.num_edges, value.shape[1])
        vector = key.new_ones(key.shape[1:]) if vectors is None else vectors
        read = loops.arrays(ctx.edges.senders, key, terms, vector)
        others = *read, ctx.spec.negative_slope, *loops.arrays(weights)
        loops.by_receivers(loops.compiled(_bend), ctx.edges, vector.numel(), loops.arrays(query), others)
        rows, scales = _heard(weights.exp_(), kept, value, ctx.edges)
        ctx.save_for_backward(query, key, value, terms, vectors, kept, vector, weights, scales, rows)
        return rows

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, terms, vectors, kept, vector, weights, scales, rows = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _composed_back(ctx, *grads)
        of_query, of_key, of_value, of_vector = (_zeros_like(part) for part in (query, key, value, vector))
        of_terms = None if terms is None else _zeros_like(terms)
        read = loops.arrays(ctx.edges.pointers, ctx.edges.senders, query, key, terms, vector)
        behind = loops.arrays(weights, kept, scales, value, rows, *grads)
        written = loops.arrays(of_query, of_key, of_terms, of_vector, of_value)
        given = *read, ctx.spec.negative_slope, *behind, *written
        _by_heads(_bend_back, value, ctx.edges, given)
        return of_query, of_key, of_value, of_terms, None if vectors is None else of_vector, *[None] * 3


def _composed_back(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    """A second derivative was asked for."""
    composed = functools.partial(_composed, spec=ctx.spec, edges=ctx.edges)
    return *loops.composed_gradients(composed, ctx.saved_tensors[:6], ctx.needs_input_grad[:6], grad), None, None


def _composed(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    terms: Tensor | None,
    vectors: Tensor | None,
    kept: Tensor | None,
    spec: AttendSpec,
    edges: EdgeList,
) -> Tensor:
    operands = AttendOperands(query, key, value, edges=terms, attention=vectors)
    shares = edge_softmax(edge_scores(spec, operands, edges, None), edges)
    weights = shares if kept is None else shares * kept
    return segment_sum(weights[..., None] * value.index_select(0, edges.senders), edges.pointers, edges.receivers)


def _products(rows: Tensor, vectors: Tensor) -> Tensor:
    """`(V, N, H)`: rows `(N, H, D)` times vectors `(V, H, D)`."""
    out = rows.new_empty(len(vectors), *rows.shape[:2])
    loops.compiled(_multiply)(*loops.arrays(rows, vectors, out))
    return out


def _products_back(*given: Tensor) -> None:
    """Add to the gradients of rows and vectors, which come last."""
    loops.compiled(_multiply_back)(*loops.arrays(*given))


def _heard(weights: Tensor, kept: Tensor | None, value: Tensor, edges: EdgeList) -> tuple[Tensor, Tensor]:
    """The rows, and one over the sum of each receiver's weights."""
    rows = value.new_empty(edges.num_receivers, *value.shape[1:])
    scales = value.new_empty(rows.shape[:2])
    own, others = loops.arrays(rows, scales), loops.arrays(edges.senders, weights, kept, value)
    loops.by_receivers(loops.compiled(_hear), edges, rows[:1].numel(), own, others)
    return rows, scales


def _by_heads(loop: Any, value: Tensor, edges: EdgeList, given: tuple[Any, ...]) -> None:
    """Back over all edges: each head has columns of its own in whatever senders are given."""
    heads, channels = value.shape[1:]
    loops.by_columns(loops.compiled(loop), heads, edges.num_edges * channels, given)


def _zeros_like(rows: Tensor) -> Tensor:
    return torch.zeros_like(rows, memory_format=torch.contiguous_format)


def _multiply(rows: Any, vectors: Any, out: Any) -> None:
    for row in range(len(rows)):
        for head in range(rows.shape[1]):
            for place in range(len(vectors)):
                total = out.dtype.type(0)
                for channel in range(rows.shape[2]):
                    total += rows[row, head, channel] * vectors[place, head, channel]
                out[place, row, head] = total


def _multiply_back(rows: Any, vectors: Any, grad: Any, of_rows: Any, of_vectors: Any) -> None:
    for row in range(len(rows)):
        for head in range(rows.shape[1]):
            for place in range(len(vectors)):
                through = grad[place, row, head]
                for channel in range(rows.shape[2]):
                    of_vectors[place, head, channel] += through * rows[row, head, channel]
                for channel in range(rows.shape[2]):
                    of_rows[row, head, channel] += through * vectors[place, head, channel]


def _lower(scores: Any, start: Any, stop: Any) -> None:
    """Subtract the largest score of a receiver, unless that is `-inf`."""
    for head in range(scores.shape[1]):
        peak = scores.dtype.type(-np.inf)
        for edge in range(start, stop):
            peak = max(peak, scores[edge, head])
        if peak != -np.inf:
            for edge in range(start, stop):
                scores[edge, head] -= peak


def _score(pointers: Any, query: Any, senders: Any, key: Any, terms: Any, slope: float, out: Any) -> None:
    bent = out.dtype.type(slope)
    for receiver in range(len(query)):
        most = out.dtype.type(0)
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender = senders[edge]
            for head in range(out.shape[1]):
                raw = query[receiver, head] + key[sender, head]
                if terms is not None:
                    raw += terms[edge, head]
                raw = raw if raw > 0 else bent * raw
                out[edge, head] = raw
                most = max(most, abs(raw))
        if most > CALM:
            _lower(out, pointers[receiver], pointers[receiver + 1])


def _bend(pointers: Any, query: Any, senders: Any, key: Any, terms: Any, vector: Any, slope: float, out: Any) -> None:
    bent = out.dtype.type(slope)
    for receiver in range(len(query)):
        most = out.dtype.type(0)
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender = senders[edge]
            for head in range(out.shape[1]):
                total = out.dtype.type(0)
                for channel in range(query.shape[2]):
                    raw = query[receiver, head, channel] + key[sender, head, channel]
                    if terms is not None:
                        raw += terms[edge, head, channel]
                    total += (raw if raw > 0 else bent * raw) * vector[head, channel]
                out[edge, head] = total
                most = max(most, abs(total))
        if most > CALM:
            _lower(out, pointers[receiver], pointers[receiver + 1])


def _hear(pointers: Any, rows: Any, scales: Any, senders: Any, weights: Any, kept: Any, value: Any) -> None:
    for receiver in range(len(rows)):
        rows[receiver], scales[receiver] = 0, 0
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender = senders[edge]
            for head in range(rows.shape[1]):
                weight = weights[edge, head]
                scales[receiver, head] += weight
                if kept is not None:
                    weight *= kept[edge, head]
                for channel in range(rows.shape[2]):
                    rows[receiver, head, channel] += weight * value[sender, head, channel]
        for head in range(rows.shape[1]):
            if scales[receiver, head] != 0:
                scales[receiver, head] = 1 / scales[receiver, head]
            for channel in range(rows.shape[2]):
                rows[receiver, head, channel] *= scales[receiver, head]


def _mean(rows: Any, grad: Any, receiver: Any, means: Any) -> None:
    for head in range(rows.shape[1]):
        total = grad.dtype.type(0)
        for channel in range(rows.shape[2]):
            total += grad[receiver, head, channel] * rows[receiver, head, channel]
        means[head] = total


def _score_back(
    first: int,
    last: int,
    pointers: Any,
    senders: Any,
    query: Any,
    key: Any,
    terms: Any,
    slope: float,
    weights: Any,
    kept: Any,
    scales: Any,
    value: Any,
    rows: Any,
    grad: Any,
    of_query: Any,
    of_key: Any,
    of_terms: Any,
    of_value: Any,
) -> None:
    nothing, straight, bent = grad.dtype.type(0), grad.dtype.type(1), grad.dtype.type(slope)
    means = np.empty(grad.shape[1], grad.dtype)
    for receiver in range(len(query)):
        _mean(rows, grad, receiver, means)
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender = senders[edge]
            for head in range(first, last):
                total, weight = nothing, weights[edge, head] * scales[receiver, head]
                for channel in range(grad.shape[2]):
                    total += grad[receiver, head, channel] * value[sender, head, channel]
                spoken = weight
                if kept is not None:
                    total *= kept[edge, head]
                    spoken *= kept[edge, head]
                for channel in range(grad.shape[2]):
                    of_value[sender, head, channel] += spoken * grad[receiver, head, channel]
                through = weight * (total - means[head])
                raw = query[receiver, head] + key[sender, head]
                if terms is not None:
                    raw += terms[edge, head]
                through *= straight if raw > 0 else bent
                of_query[receiver, head] += through
                of_key[sender, head] += through
                if of_terms is not None:
                    of_terms[edge, head] = through


def _bend_back(
    first: int,
    last: int,
    pointers: Any,
    senders: Any,
    query: Any,
    key: Any,
    terms: Any,
    vector: Any,
    slope: float,
    weights: Any,
    kept: Any,
    scales: Any,
    value: Any,
    rows: Any,
    grad: Any,
    of_query: Any,
    of_key: Any,
    of_terms: Any,
    of_vector: Any,
    of_value: Any,
) -> None:
    nothing, straight, bent = grad.dtype.type(0), grad.dtype.type(1), grad.dtype.type(slope)
    means = np.empty(grad.shape[1], grad.dtype)
    for receiver in range(len(query)):
        _mean(rows, grad, receiver, means)
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender = senders[edge]
            for head in range(first, last):
                total, weight = nothing, weights[edge, head] * scales[receiver, head]
                for channel in range(grad.shape[2]):
                    total += grad[receiver, head, channel] * value[sender, head, channel]
                spoken = weight
                if kept is not None:
                    total *= kept[edge, head]
                    spoken *= kept[edge, head]
                for channel in range(grad.shape[2]):
                    of_value[sender, head, channel] += spoken * grad[receiver, head, channel]
                through = weight * (total - means[head])
                for channel in range(query.shape[2]):
                    raw = query[receiver, head, channel] + key[sender, head, channel]
                    if terms is not None:
                        raw += terms[edge, head, channel]
                    slant = through * (straight if raw > 0 else bent)
                    of_vector[head, channel] += slant * raw
                    slant *= vector[head, channel]
                    of_query[receiver, head, channel] += slant
                    of_key[sender, head, channel] += slant
                    if of_terms is not None:
                        of_terms[edge, head, channel] = slant


def _rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AttendSpec):
        return None
    if spec.score not in ("additive", "gatv2"):
        return f"the score is {spec.score}; the loop adds"
    if spec.relation is not None or spec.edge_terms:
        return "edges have biases, keys or values of their own"
    if spec.return_weights:
        return "the weights are asked for"
    return loops.refusal(situation) or True


RULES = (Rule(additive_attention, _rule),)
