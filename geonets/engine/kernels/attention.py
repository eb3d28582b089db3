"""`attend`: torch's dense attention where everybody hears everybody, a softmax over sorted segments elsewhere."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.neighborhoods import Complete, Cross
from geonets.core.ranges import segment_sum
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
        return connected_zeros(shape, operands.query, operands.key, operands.value, operands.edges)
    scores = _scores(spec, operands, edges.senders, edges.receivers)
    with torch.no_grad():
        index = edges.receivers[:, None].expand_as(scores)
        peaks = scores.new_zeros(edges.num_receivers, scores.shape[1])
        peaks = peaks.scatter_reduce(0, index, scores, "amax", include_self=False)
    weights = (scores - peaks.index_select(0, edges.receivers)).exp()
    totals = segment_sum(weights, edges.pointers, edges.receivers)
    weights = weights / totals.index_select(0, edges.receivers)
    weights = functional.dropout(weights, spec.dropout, call.training)
    messages = weights[..., None] * operands.value.index_select(0, edges.senders)
    return segment_sum(messages, edges.pointers, edges.receivers)


def _scores(spec: AttendSpec, operands: AttendOperands, senders: Tensor, receivers: Tensor) -> Tensor:
    query, key = operands.query.index_select(0, receivers), operands.key.index_select(0, senders)
    if spec.score == "dot":
        return (query * key).sum(-1) * query.shape[-1] ** -0.5
    raw = (query + key).squeeze(-1)
    raw = raw if operands.edges is None else raw + operands.edges
    return functional.leaky_relu(raw, spec.negative_slope)


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
        return "the score is additive, not a dot product"
    if uniform and not (situation.uniform and situation.source_uniform):
        return "items differ in size"
    return True


RULES = (
    Rule(dense_attention, lambda situation: _dense_rule(situation, uniform=True)),
    Rule(dense_attention_by_size, lambda situation: _dense_rule(situation, uniform=False)),
    Rule(segment_attention, lambda situation: True if isinstance(situation.spec, AttendSpec) else None),
)
