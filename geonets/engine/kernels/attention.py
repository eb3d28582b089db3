"""`attend`: torch's dense attention where everybody hears everybody, a softmax over sorted segments elsewhere."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.neighborhoods import Complete, Cross
from geonets.core.ranges import segment_sum
from geonets.core.topology import EdgeList
from geonets.engine.kernels.groups import SizeGroup, by_size, connected_zeros, size_groups
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AttendOperands, AttendSpec


def dense_attention(call: Call) -> Tensor:
    """One scaled-dot-product attention for all items."""
    operands = call.operands
    return _dense(call, operands.query, operands.key, operands.value, len(call.structure))


def dense_attention_by_size(call: Call) -> Tensor:
    """One scaled-dot-product attention for each pair of item sizes that occurs."""
    operands = call.operands
    groups = size_groups(call.structure.topology, call.source.topology)
    if not groups:
        return connected_zeros((0, *operands.value.shape[1:]), operands.query, operands.key, operands.value)

    def run(group: SizeGroup) -> Tensor:
        receivers, senders = group.rows
        query = operands.query.index_select(0, receivers)
        key, value = operands.key.index_select(0, senders), operands.value.index_select(0, senders)
        return _dense(call, query, key, value, group.num_items)

    return by_size(groups, run, [group.rows[0] for group in groups])


def segment_attention(call: Call) -> Tensor:
    """Scores on edges in receiver order, normalised over the sorted segments of the receivers."""
    spec, operands = call.spec, call.operands
    edges = spec.neighborhood.edges(call.structure, call.source)
    if not edges.num_edges:
        shape = edges.num_receivers, *operands.value.shape[1:]
        parts = [getattr(operands, field.name) for field in dataclasses.fields(operands)]
        return connected_zeros(shape, *[part for part in parts if isinstance(part, Tensor)])
    weights = _softmax(_scores(spec, operands, edges), edges)
    weights = functional.dropout(weights, spec.dropout, call.training)
    values = operands.value.index_select(0, edges.senders)
    values = values if operands.edge_values is None else values + operands.edge_values
    return segment_sum(weights[..., None] * values, edges.pointers, edges.receivers)


def _scores(spec: AttendSpec, operands: AttendOperands, edges: EdgeList) -> Tensor:
    reads = spec.reads if spec.score == "opaque" else ("query", "key")
    query = operands.query.index_select(0, edges.receivers) if "query" in reads else None
    key = operands.key.index_select(0, edges.senders) if "key" in reads else None
    key = key if key is None or operands.edge_keys is None else key + operands.edge_keys
    if spec.score == "opaque":
        assert operands.score is not None
        read = {"query": query, "key": key, "edge": operands.edges}
        scores = operands.score(*[read[part] for part in reads])
    else:
        assert query is not None and key is not None
        scores = _known_scores(spec, operands, query, key)
    return scores if operands.bias is None else scores + operands.bias


def _known_scores(spec: AttendSpec, operands: AttendOperands, query: Tensor, key: Tensor) -> Tensor:
    if spec.score == "dot":
        return (query * key).sum(-1) * query.shape[-1] ** -0.5
    raw = query + key if spec.score == "gatv2" else (query + key).squeeze(-1)
    raw = raw if operands.edges is None else raw + operands.edges
    scores = functional.leaky_relu(raw, spec.negative_slope)
    return scores if operands.attention is None else (scores * operands.attention).sum(-1)


def _softmax(scores: Tensor, edges: EdgeList) -> Tensor:
    with torch.no_grad():
        index = edges.receivers[:, None].expand_as(scores)
        peaks = scores.new_zeros(edges.num_receivers, scores.shape[1])
        peaks = peaks.scatter_reduce(0, index, scores, "amax", include_self=False)
        peaks = peaks.masked_fill(peaks == -torch.inf, 0)
    weights = (scores - peaks.index_select(0, edges.receivers)).exp()
    totals = segment_sum(weights, edges.pointers, edges.receivers)
    return weights / totals.masked_fill(totals == 0, 1).index_select(0, edges.receivers)


def _dense(call: Call, query: Tensor, key: Tensor, value: Tensor, num_items: int) -> Tensor:
    if not len(query) or not len(key):
        return connected_zeros((len(query), *value.shape[1:]), query, key, value)
    query, key, value = (t.reshape(num_items, -1, *t.shape[1:]).transpose(1, 2) for t in (query, key, value))
    spec = call.spec
    causal = isinstance(spec.neighborhood, Complete) and spec.neighborhood.causal
    dropout = spec.dropout if call.training else 0.0
    rows = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout, is_causal=causal)
    return rows.transpose(1, 2).flatten(0, 1)


def _dense_rule(situation: Situation, uniform: bool) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AttendSpec):
        return None
    if not isinstance(spec.neighborhood, Complete | Cross):
        return f"edges come from {type(spec.neighborhood).__name__}; here everybody hears everybody"
    if spec.score != "dot":
        return f"the score is {spec.score}, not a dot product"
    if spec.edge_terms:
        return f"edges add {' and '.join(spec.edge_terms)} of their own"
    if uniform and not (situation.uniform and situation.source_uniform):
        return "items differ in size"
    return True


RULES = (
    Rule(dense_attention, lambda situation: _dense_rule(situation, uniform=True)),
    Rule(dense_attention_by_size, lambda situation: _dense_rule(situation, uniform=False)),
    Rule(segment_attention, lambda situation: True if isinstance(situation.spec, AttendSpec) else None),
)
