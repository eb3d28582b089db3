"""`attend` by loops over the edges in receiver order: what is kept of an edge is one number a head.

Bound by the gathers of sender rows: one for the values, one for the keys unless their score is one number a head, and
as many again behind it along the transpose, so that no gradient is scattered.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.ranges import segment_sum
from geonets.core.topology import EdgeList, Transpose
from geonets.engine.kernels import loops
from geonets.engine.kernels.attention.segments import nothing_heard
from geonets.engine.kernels.attention.sums import applied, dots, mix, of_one_type
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AttendOperands, AttendSpec


def edge_attention(call: Call) -> Any:
    """Scores of the edges, a softmax over those of each receiver, and the mean of what its senders say."""
    spec, operands = call.spec, call.operands
    edges = spec.neighborhood.edges(call.structure, call.source)
    operands.check(edges.num_edges)
    if not edges.num_edges:
        return nothing_heard(spec, operands, edges)
    relation = None
    if spec.relation is not None:
        relation = spec.relation.between(call.structure, edges.receivers, edges.senders)
    shares = _softmax(_scores(spec, operands, edges, relation), edges)
    weights = functional.dropout(shares, spec.dropout, call.training)
    rows = mix(weights, operands.value, edges)
    if operands.edge_values is not None:
        rows = rows + mix(weights, _like(operands.edge_values, operands.value), _from_edges(edges))
    return (rows, shares) if spec.return_weights else rows


class _Bent(torch.autograd.Function):
    """`a . leaky_relu(q_i + k_j + e_ij)` in every head; without `a` the sum over the channels."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, terms: Tensor | None, vector: Tensor | None, slope: float, edges: EdgeList
    ) -> Tensor:
        ctx.save_for_backward(query, key, terms, vector)
        ctx.slope, ctx.edges = slope, edges
        out = query.new_empty(edges.num_edges, query.shape[1])
        given = loops.arrays(edges.pointers, edges.senders, query, key, terms, vector)
        loops.compiled(_bend)(*given, slope, *loops.arrays(out))
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,), saved, slope, edges = grads, ctx.saved_tensors, ctx.slope, ctx.edges
        if torch.is_grad_enabled():  # a second derivative was asked for
            composed = functools.partial(_bent, slope=slope, edges=edges)
            return *loops.composed_gradients(composed, saved, ctx.needs_input_grad[:4], grad), None, None
        query, key, terms, vector = saved
        of_query, of_key, of_terms, of_vector = (None if part is None else _zeros_like(part) for part in saved)
        operands = loops.arrays(query, key, terms, vector, grad)
        along = loops.arrays(edges.pointers, edges.senders)
        loops.compiled(_unbend)(*along, *operands, slope, *loops.arrays(of_query, of_terms, of_vector))
        transpose = edges.transpose
        along = loops.arrays(transpose.pointers, edges.receivers_by_sender, transpose.rows)
        loops.compiled(_unbend_back)(*along, *operands, slope, *loops.arrays(of_key))
        return of_query, of_key, of_terms, of_vector, None, None


class _Softmax(torch.autograd.Function):
    """`exp(s_ij) / sum_j exp(s_ij)` over the edges of a receiver; all 0 where every score is `-inf`."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, edges: EdgeList) -> Tensor:
        shares = torch.empty_like(scores, memory_format=torch.contiguous_format)
        pointers, given, out = loops.arrays(edges.pointers, scores, shares)
        loops.compiled(_shift)(pointers, given, out)
        shares.exp_()
        loops.compiled(_normalise)(pointers, out)
        ctx.save_for_backward(shares)
        ctx.edges = edges
        return shares

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (grad,), (shares,), edges = grads, ctx.saved_tensors, ctx.edges
        if torch.is_grad_enabled():  # a second derivative was asked for
            means = segment_sum(shares * grad, edges.pointers, edges.receivers)
            return shares * (grad - means.index_select(0, edges.receivers)), None
        out = torch.empty_like(shares)
        loops.compiled(_centre)(*loops.arrays(edges.pointers, shares, grad, out))
        return out, None


def _scores(spec: AttendSpec, operands: AttendOperands, edges: EdgeList, relation: Tensor | None) -> Tensor:
    query, key = of_one_type(operands.query, operands.key)
    if spec.score == "dot":
        scores = dots(query, key, edges)
        if operands.edge_keys is not None:
            scores = scores + dots(query, _like(operands.edge_keys, key), _from_edges(edges))
        if relation is not None and operands.relation_keys is not None:
            products = torch.einsum("nhd,rhd->nrh", query, operands.relation_keys).flatten(0, 1)
            scores = scores + products.index_select(0, edges.receivers * len(operands.relation_keys) + relation)
        scores = scores * query.shape[-1] ** -0.5
    else:
        edge_rows, vectors = operands.edges, operands.attention
        if spec.score == "additive":
            edge_rows = edge_rows if edge_rows is None else edge_rows[..., None]
            if vectors is not None:
                query, key, vectors = _narrow(query, vectors[0], edges), _narrow(key, vectors[1], edges), None
        terms = [part for part in (edge_rows, operands.edge_keys) if part is not None]
        if relation is not None and operands.relation_keys is not None:
            terms.append(operands.relation_keys.index_select(0, relation))
        total = _like(sum(terms[1:], terms[0]), key) if terms else None
        scores = applied(_Bent, query, key, total, vectors, spec.negative_slope, edges)
    if relation is not None and operands.relation_bias is not None:
        scores = scores + operands.relation_bias.index_select(0, relation)
    return scores if operands.bias is None else scores + operands.bias


def _bent(
    query: Tensor, key: Tensor, terms: Tensor | None, vector: Tensor | None, slope: float, edges: EdgeList
) -> Tensor:
    raw = query.index_select(0, edges.receivers) + key.index_select(0, edges.senders)
    bent = functional.leaky_relu(raw if terms is None else raw + terms, slope)
    return (bent if vector is None else bent * vector).sum(-1)


def _softmax(scores: Tensor, edges: EdgeList) -> Tensor:
    return applied(_Softmax, scores, edges)


def _narrow(rows: Tensor, vector: Tensor, edges: EdgeList) -> Tensor:
    """`(N, H, 1)`: each row's product with one vector a head, as if that heard all the rows."""
    count = len(rows)

    def derive() -> EdgeList:
        numbers = torch.arange(count + 1, device=rows.device)
        nobody = numbers.new_zeros(count)
        transpose = Transpose(numbers[:-1], numbers)
        return EdgeList(numbers[:-1], nobody, None, count, 1, numbers[[0, -1]], None, transpose)

    return dots(vector[None], rows, edges.remember(("all of", count), derive))[..., None]


def _from_edges(edges: EdgeList) -> EdgeList:
    """The same receivers, who hear the edges themselves."""

    def derive() -> EdgeList:
        rows = torch.arange(edges.num_edges + 1, device=edges.pointers.device)
        transpose = Transpose(rows[:-1], rows)
        return EdgeList(
            rows[:-1], edges.receivers, None, edges.num_edges, edges.num_receivers, edges.pointers, None, transpose
        )

    return edges.remember("from_edges", derive)


def _zeros_like(rows: Tensor) -> Tensor:
    return torch.zeros_like(rows, memory_format=torch.contiguous_format)


def _like(rows: Tensor, nodes: Tensor) -> Tensor:
    return rows.to(nodes.dtype).expand(len(rows), *nodes.shape[1:])


def _shift(pointers: np.ndarray, scores: np.ndarray, out: np.ndarray) -> None:
    """Subtract each receiver's largest score, unless that is `-inf`."""
    for receiver in range(len(pointers) - 1):
        start, stop = pointers[receiver], pointers[receiver + 1]
        for head in range(scores.shape[1]):
            peak = scores.dtype.type(-np.inf)
            for edge in range(start, stop):
                peak = max(peak, scores[edge, head])
            peak = scores.dtype.type(0) if peak == -np.inf else peak
            for edge in range(start, stop):
                out[edge, head] = scores[edge, head] - peak


def _normalise(pointers: np.ndarray, shares: np.ndarray) -> None:
    for receiver in range(len(pointers) - 1):
        start, stop = pointers[receiver], pointers[receiver + 1]
        for head in range(shares.shape[1]):
            total = shares.dtype.type(0)
            for edge in range(start, stop):
                total += shares[edge, head]
            if total != 0:
                for edge in range(start, stop):
                    shares[edge, head] /= total


def _centre(pointers: np.ndarray, shares: np.ndarray, grad: np.ndarray, out: np.ndarray) -> None:
    """`a_ij (g_ij - sum_j a_ij g_ij)`."""
    for receiver in range(len(pointers) - 1):
        start, stop = pointers[receiver], pointers[receiver + 1]
        for head in range(shares.shape[1]):
            mean = shares.dtype.type(0)
            for edge in range(start, stop):
                mean += shares[edge, head] * grad[edge, head]
            for edge in range(start, stop):
                out[edge, head] = shares[edge, head] * (grad[edge, head] - mean)


def _bend(
    pointers: np.ndarray,
    senders: np.ndarray,
    query: np.ndarray,
    key: np.ndarray,
    terms: np.ndarray | None,
    vector: np.ndarray | None,
    slope: float,
    out: np.ndarray,
) -> None:
    _, heads, channels = query.shape
    bent = out.dtype.type(slope)
    for receiver in range(len(query)):
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender = senders[edge]
            for head in range(heads):
                total = out.dtype.type(0)
                for channel in range(channels):
                    raw = query[receiver, head, channel] + key[sender, head, channel]
                    if terms is not None:
                        raw += terms[edge, head, channel]
                    raw = raw if raw > 0 else bent * raw
                    total += raw if vector is None else raw * vector[head, channel]
                out[edge, head] = total


def _unbend(
    pointers: np.ndarray,
    senders: np.ndarray,
    query: np.ndarray,
    key: np.ndarray,
    terms: np.ndarray | None,
    vector: np.ndarray | None,
    grad: np.ndarray,
    slope: float,
    of_query: np.ndarray,
    of_terms: np.ndarray | None,
    of_vector: np.ndarray | None,
) -> None:
    """The gradients of the receivers, the edges and the vector; they start at 0."""
    _, heads, channels = query.shape
    straight, bent = grad.dtype.type(1), grad.dtype.type(slope)
    for receiver in range(len(query)):
        for edge in range(pointers[receiver], pointers[receiver + 1]):
            sender = senders[edge]
            for head in range(heads):
                share = grad[edge, head]
                for channel in range(channels):
                    raw = query[receiver, head, channel] + key[sender, head, channel]
                    if terms is not None:
                        raw += terms[edge, head, channel]
                    slant = share * (straight if raw > 0 else bent)
                    if vector is not None and of_vector is not None:
                        of_vector[head, channel] += slant * raw
                        slant *= vector[head, channel]
                    of_query[receiver, head, channel] += slant
                    if of_terms is not None:
                        of_terms[edge, head, channel] = slant


def _unbend_back(
    pointers: np.ndarray,
    receivers: np.ndarray,
    places: np.ndarray,
    query: np.ndarray,
    key: np.ndarray,
    terms: np.ndarray | None,
    vector: np.ndarray | None,
    grad: np.ndarray,
    slope: float,
    of_key: np.ndarray,
) -> None:
    """The gradient of the senders, along the transpose; it starts at 0."""
    _, heads, channels = key.shape
    straight, bent = grad.dtype.type(1), grad.dtype.type(slope)
    for sender in range(len(key)):
        for row in range(pointers[sender], pointers[sender + 1]):
            receiver, edge = receivers[row], places[row]
            for head in range(heads):
                share = grad[edge, head]
                for channel in range(channels):
                    raw = query[receiver, head, channel] + key[sender, head, channel]
                    if terms is not None:
                        raw += terms[edge, head, channel]
                    slant = share * (straight if raw > 0 else bent)
                    of_key[sender, head, channel] += slant if vector is None else slant * vector[head, channel]


def _rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AttendSpec):
        return None
    if spec.score == "opaque":
        return "the score is opaque: a loop needs to see inside"
    return loops.refusal(situation) or True


RULES = (Rule(edge_attention, _rule),)
