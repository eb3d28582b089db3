"""`attend` where everybody in an item hears everybody: torch's scaled-dot-product attention."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from geonets.core.neighborhoods import Complete, Cross
from geonets.core.topology import Topology
from geonets.engine.kernels.attention.pairs import attend_blocks, attend_rows
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AttendSpec

MOST_BUCKETS = 8


def dense_attention(call: Call) -> Tensor:
    """One scaled-dot-product attention for all items; their rows are viewed, not copied."""
    operands, num_items = call.operands, len(call.structure)
    query, key, value = operands.query, operands.key, operands.value
    if not len(query) or not len(key):
        return _unheard(call)
    receivers = torch.arange(len(query), device=query.device).reshape(num_items, -1)
    senders = torch.arange(len(key), device=query.device).reshape(num_items, -1)
    return attend_rows(call, query, key, value, receivers, senders, None, _causal(call))


def dense_attention_by_length(call: Call) -> Tensor:
    """Items of similar length at once, at most eight times: shorter ones are padded, and the padding is not heard."""
    structure, source = call.structure.topology, call.source.topology
    buckets, places = structure.remember(("length_buckets", source), lambda: _length_buckets(structure, source))
    if not buckets:
        return _unheard(call)
    rows = [attend_blocks(call, b.receivers, b.senders, b.heard, _causal(call)) for b in buckets]
    nobody = rows[0].new_zeros(1, *rows[0].shape[1:])
    return torch.cat([*rows, nobody]).index_select(0, places)


@dataclasses.dataclass(frozen=True, eq=False)
class Bucket:
    """Items of similar length.

    Args:
        receivers: `(b, n)` node numbers; an item that is shorter repeats its first.
        senders: `(b, m)` likewise.
        heard: `(b, 1, m)` False where a sender is such a repetition; None where all items have `m` senders.
    """

    receivers: Tensor
    senders: Tensor
    heard: Tensor | None


def _length_buckets(target: Topology, source: Topology) -> tuple[list[Bucket], Tensor]:
    """Buckets of similar length, and each receiver's place among their rows: behind the last if it hears nobody."""
    alive = ((target.node_counts > 0) & (source.node_counts > 0)).nonzero().squeeze(1)
    buckets, inside, places, start = [], [], [], 0
    for items in _alike(alive, target.node_counts[alive], source.node_counts[alive]):
        receivers, real = _padded(target, items)
        senders, heard = _padded(source, items)
        buckets.append(Bucket(receivers, senders, None if bool(heard.all()) else heard[:, None]))
        inside.append(receivers[real])
        places.append(start + real.flatten().nonzero().squeeze(1))
        start += real.numel()
    found = torch.full((target.num_nodes,), start, device=target.device)
    return buckets, found.index_copy_(0, torch.cat(inside), torch.cat(places)) if buckets else found


def _alike(items: Tensor, receivers: Tensor, senders: Tensor) -> list[Tensor]:
    """Items of one size each where few sizes occur; else sorted by size and split into equal shares of all nodes."""
    if not len(items):
        return []
    size = senders * (receivers.amax() + 1) + receivers
    distinct, group = torch.unique(size, return_inverse=True)
    order = group.argsort(stable=True)
    if len(distinct) > MOST_BUCKETS:
        load = (receivers + senders)[order].double().cumsum(0)
        shares = (load / load[-1] * MOST_BUCKETS).ceil().long() - 1
        counts = torch.bincount(shares, minlength=MOST_BUCKETS)
    else:
        counts = torch.bincount(group)
    return [part for part in items[order].split(counts.tolist()) if len(part)]


def _padded(topology: Topology, items: Tensor) -> tuple[Tensor, Tensor]:
    """The nodes of some items, filled up with each item's first to the longest, and which of them are real."""
    counts = topology.node_counts[items][:, None]
    steps = torch.arange(int(counts.amax()), device=items.device)
    real = steps < counts
    return topology.node_offsets[items][:, None] + steps * real, real


def _unheard(call: Call) -> Tensor:
    operands = call.operands
    parts = operands.query, operands.key, operands.value, operands.bias, operands.relation_bias, operands.relation_keys
    return connected_zeros((len(operands.query), *operands.value.shape[1:]), *parts)


def _causal(call: Call) -> bool:
    hears = call.spec.neighborhood
    return isinstance(hears, Complete) and hears.causal


def _dense_rule(situation: Situation, uniform: bool) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AttendSpec):
        return None
    if not isinstance(spec.neighborhood, Complete | Cross):
        return f"edges come from {type(spec.neighborhood).__name__}; here everybody hears everybody"
    refusal = refusal_of_blocks(spec)
    if refusal:
        return refusal
    if uniform and not (situation.uniform and situation.source_uniform):
        return "items differ in size"
    return True


def refusal_of_blocks(spec: AttendSpec) -> str | None:
    """Why attention without an edge list cannot do what is asked for, or None if it can."""
    if spec.score != "dot":
        return f"the score is {spec.score}, not a dot product"
    rows = [f"edge_{term}" for term in spec.edge_terms if term != "bias"]
    if rows:
        return f"{' and '.join(rows)} belong to single edges"
    return "the weights of single edges are asked for" if spec.return_weights else None


RULES = (
    Rule(dense_attention, lambda situation: _dense_rule(situation, uniform=True)),
    Rule(dense_attention_by_length, lambda situation: _dense_rule(situation, uniform=False)),
)
