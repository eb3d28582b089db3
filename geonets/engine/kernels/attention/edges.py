"""`attend` with dot products by loops over the edges in receiver order: what is kept of an edge is one number a head.

Bound by the gathers of sender rows: one for the values, one for the keys, and as many again behind it along the
transpose, so that no gradient is scattered.
"""

from __future__ import annotations

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
    shares = applied(_Softmax, _scores(spec, operands, edges, relation), edges)
    weights = functional.dropout(shares, spec.dropout, call.training)
    rows = mix(weights, operands.value, edges)
    if operands.edge_values is not None:
        rows = rows + mix(weights, _like(operands.edge_values, operands.value), _from_edges(edges))
    return (rows, shares) if spec.return_weights else rows


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
    scores = dots(query, key, edges)
    if operands.edge_keys is not None:
        scores = scores + dots(query, _like(operands.edge_keys, key), _from_edges(edges))
    if relation is not None and operands.relation_keys is not None:
        products = torch.einsum("nhd,rhd->nrh", query, operands.relation_keys).flatten(0, 1)
        scores = scores + products.index_select(0, edges.receivers * len(operands.relation_keys) + relation)
    scores = scores * query.shape[-1] ** -0.5
    if relation is not None and operands.relation_bias is not None:
        scores = scores + operands.relation_bias.index_select(0, relation)
    return scores if operands.bias is None else scores + operands.bias


def _from_edges(edges: EdgeList) -> EdgeList:
    """The same receivers, who hear the edges themselves."""

    def derive() -> EdgeList:
        rows = torch.arange(edges.num_edges + 1, device=edges.pointers.device)
        transpose = Transpose(rows[:-1], rows)
        return EdgeList(
            rows[:-1], edges.receivers, None, edges.num_edges, edges.num_receivers, edges.pointers, None, transpose
        )

    return edges.remember("from_edges", derive)


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


def _rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AttendSpec):
        return None
    if spec.score != "dot":
        return f"the score is {spec.score}; the loop multiplies"
    return loops.refusal(situation) or True


RULES = (Rule(edge_attention, _rule),)
