"""`attend` on edges in receiver order: scores of any kind, a softmax over sorted segments."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.ranges import segment_sum
from geonets.core.topology import EdgeList
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.rules import Call, Rule
from geonets.engine.spec import AttendOperands, AttendSpec


def segment_attention(call: Call) -> Any:
    """Scores on edges in receiver order, normalised over the sorted segments of the receivers."""
    spec, operands = call.spec, call.operands
    edges = spec.neighborhood.edges(call.structure, call.source)
    operands.check(edges.num_edges)
    if not edges.num_edges:
        return nothing_heard(spec, operands, edges)
    relation = None
    if spec.relation is not None:
        relation = spec.relation.between(call.structure, edges.receivers, edges.senders)
    shares = edge_softmax(edge_scores(spec, operands, edges, relation), edges)
    weights = functional.dropout(shares, spec.dropout, call.training)
    values = operands.value.index_select(0, edges.senders)
    values = values if operands.edge_values is None else values + operands.edge_values
    rows = segment_sum(weights[..., None] * values, edges.pointers, edges.receivers)
    return (rows, shares) if spec.return_weights else rows


def edge_scores(spec: AttendSpec, operands: AttendOperands, edges: EdgeList, relation: Tensor | None) -> Tensor:
    """`(E, H)`."""
    reads = spec.reads if spec.score == "opaque" else ("query", "key")
    query, key = operands.query, operands.key
    if spec.score == "additive" and operands.attention is not None:
        query = (query * operands.attention[0]).sum(-1, keepdim=True)
        key = (key * operands.attention[1]).sum(-1, keepdim=True)
    query = query.index_select(0, edges.receivers) if "query" in reads else None
    key = key.index_select(0, edges.senders) if "key" in reads else None
    if key is not None and operands.edge_keys is not None:
        key = key + operands.edge_keys
    if key is not None and relation is not None and operands.relation_keys is not None:
        key = key + operands.relation_keys.index_select(0, relation)
    if spec.score == "opaque":
        assert operands.score is not None
        read = {"query": query, "key": key, "edge": operands.edges}
        scores = operands.score(*[read[part] for part in reads])
    else:
        assert query is not None and key is not None
        scores = _known_scores(spec, operands, query, key)
    if relation is not None and operands.relation_bias is not None:
        scores = scores + operands.relation_bias.index_select(0, relation)
    return scores if operands.bias is None else scores + operands.bias


def _known_scores(spec: AttendSpec, operands: AttendOperands, query: Tensor, key: Tensor) -> Tensor:
    if spec.score == "dot":
        return (query * key).sum(-1) * query.shape[-1] ** -0.5
    raw = query + key if spec.score == "gatv2" else (query + key).squeeze(-1)
    raw = raw if operands.edges is None else raw + operands.edges
    scores = functional.leaky_relu(raw, spec.negative_slope)
    if spec.score == "additive" or operands.attention is None:
        return scores
    return (scores * operands.attention).sum(-1)


def edge_softmax(scores: Tensor, edges: EdgeList) -> Tensor:
    """Over the edges of each receiver; all 0 where every score is `-inf`."""
    with torch.no_grad():
        index = edges.receivers[:, None].expand_as(scores)
        peaks = scores.new_zeros(edges.num_receivers, scores.shape[1])
        peaks = peaks.scatter_reduce(0, index, scores, "amax", include_self=False)
        peaks = peaks.masked_fill(peaks == -torch.inf, 0)
    weights = (scores - peaks.index_select(0, edges.receivers)).exp()
    totals = segment_sum(weights, edges.pointers, edges.receivers)
    return weights / totals.masked_fill(totals == 0, 1).index_select(0, edges.receivers)


def nothing_heard(spec: AttendSpec, operands: AttendOperands, edges: EdgeList) -> Any:
    """The result where there are no edges."""
    shape = edges.num_receivers, *operands.value.shape[1:]
    rows = connected_zeros(shape, *[part for part in operands if isinstance(part, Tensor)])
    return (rows, rows.new_zeros(0, shape[1])) if spec.return_weights else rows


RULES = (Rule(segment_attention, lambda situation: True if isinstance(situation.spec, AttendSpec) else None),)
