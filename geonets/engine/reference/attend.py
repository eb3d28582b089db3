"""The law of `attend`."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.engine.rules import Call
from geonets.engine.spec import AttendOperands, AttendSpec


def attend(call: Call, spec: AttendSpec, operands: AttendOperands) -> Tensor:
    """`y_i = sum_{j -> i} softmax_j(score(q_i, k_j) + b_ij) v_j`."""
    edges = spec.neighborhood.edges(call.structure, call.source)
    query, key = operands.query[edges.receivers], operands.key[edges.senders]
    if spec.score == "dot":
        scores = (query * key).sum(-1) / query.shape[-1] ** 0.5  # (E, H)
    else:
        raw = (query + key).squeeze(-1)
        raw = raw if operands.edges is None else raw + operands.edges
        scores = torch.where(raw > 0, raw, spec.negative_slope * raw)
    with torch.no_grad():
        peaks = scores.new_zeros(edges.num_receivers, scores.shape[1])
        receivers = edges.receivers[:, None].expand_as(scores)
        peaks = peaks.scatter_reduce(0, receivers, scores, "amax", include_self=False)
    weights = (scores - peaks[edges.receivers]).exp()
    totals = torch.zeros_like(peaks).index_add(0, edges.receivers, weights)
    weights = weights / totals[edges.receivers]
    if call.training and spec.dropout:
        weights = weights * (torch.rand_like(weights) >= spec.dropout) / (1 - spec.dropout)
    values = operands.value
    out = values.new_zeros(edges.num_receivers, *values.shape[1:])
    return out.index_add(0, edges.receivers, weights[..., None] * values[edges.senders])
