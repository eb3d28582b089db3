"""The law of `attend`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geonets.core.topology import EdgeList
from geonets.engine.rules import Call
from geonets.engine.spec import AttendOperands, AttendSpec


def attend(call: Call, spec: AttendSpec, operands: AttendOperands) -> Any:
    """`y_i = sum_{j -> i} softmax_j(score(q_i, k_j + f_ij, e_ij) + b_ij) (v_j + u_ij)`."""
    edges = spec.neighborhood.edges(call.structure, call.source)
    operands.check(edges.num_edges)
    relation = None
    if spec.relation is not None:
        relation = spec.relation.between(call.structure, edges.receivers, edges.senders)
    shares = weights = softmax_of(scores_of(spec, operands, edges, relation), edges)
    if call.training and spec.dropout:
        weights = weights * (torch.rand_like(weights) >= spec.dropout) / (1 - spec.dropout)
    values = operands.value[edges.senders]
    values = values if operands.edge_values is None else values + operands.edge_values
    messages = weights[..., None] * values
    rows = messages.new_zeros(edges.num_receivers, *messages.shape[1:]).index_add(0, edges.receivers, messages)
    return (rows, shares) if spec.return_weights else rows


def scores_of(spec: AttendSpec, operands: AttendOperands, edges: EdgeList, relation: Tensor | None) -> Tensor:
    """`score(q_i, k_j + f_ij, e_ij) + b_ij`: `(E, H)`."""
    query, key, vectors = operands.query, operands.key, operands.attention
    if spec.score == "additive" and vectors is not None:
        query, key = (query * vectors[0]).sum(-1, keepdim=True), (key * vectors[1]).sum(-1, keepdim=True)
        vectors = None
    query, key = query[edges.receivers], key[edges.senders]
    key = key if operands.edge_keys is None else key + operands.edge_keys
    if operands.relation_keys is not None:
        key = key + operands.relation_keys[relation]
    if spec.score == "dot":
        scores = (query * key).sum(-1) / query.shape[-1] ** 0.5
    elif spec.score == "opaque":
        assert operands.score is not None
        read = {"query": query, "key": key, "edge": operands.edges}
        scores = operands.score(*[read[part] for part in spec.reads])
    else:
        raw = query + key if spec.score == "gatv2" else (query + key).squeeze(-1)
        raw = raw if operands.edges is None else raw + operands.edges
        scores = torch.where(raw > 0, raw, spec.negative_slope * raw)
        scores = scores if vectors is None else (scores * vectors).sum(-1)
    if operands.relation_bias is not None:
        scores = scores + operands.relation_bias[relation]
    return scores if operands.bias is None else scores + operands.bias


def softmax_of(scores: Tensor, edges: EdgeList) -> Tensor:
    """`exp(s_ij) / sum_j exp(s_ij)` over the edges of a receiver; all 0 where every score is `-inf`."""
    with torch.no_grad():
        peaks = scores.new_zeros(edges.num_receivers, scores.shape[1])
        receivers = edges.receivers[:, None].expand_as(scores)
        peaks = peaks.scatter_reduce(0, receivers, scores, "amax", include_self=False)
        peaks = torch.where(peaks == -torch.inf, 0, peaks)
    weights = (scores - peaks[edges.receivers]).exp()
    totals = weights.new_zeros(peaks.shape).index_add(0, edges.receivers, weights)
    return weights / torch.where(totals > 0, totals, 1)[edges.receivers]
