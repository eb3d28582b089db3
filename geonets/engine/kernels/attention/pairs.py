"""Dot products between blocks of receivers and blocks of senders, and what is added to them; no edge list is built."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.neighborhoods import Complete
from geonets.core.ranges import offsets_of
from geonets.core.topology import Lattice
from geonets.engine.kernels.attention.dot_product import dot_product
from geonets.engine.rules import Call


def attend_blocks(
    call: Call,
    receivers: Tensor,
    senders: Tensor,
    heard: Tensor | None = None,
    causal: bool = False,
) -> Tensor:
    """Attention of each block's receivers over its senders.

    Args:
        call: what is computed.
        receivers: `(b, n)` node numbers, one item a block.
        senders: `(b, m)` likewise.
        heard: what broadcasts to `(b, n, m)`: False where a pair does not count; None if all do.
        causal: receiver `i` of a block hears its senders up to `i` only.

    Returns:
        `(b * n, H, D_v)`.
    """
    operands = call.operands
    query = operands.query.index_select(0, receivers.flatten())
    key, value = (rows.index_select(0, senders.flatten()) for rows in (operands.key, operands.value))
    return attend_rows(call, query, key, value, receivers, senders, heard, causal)


def attend_rows(
    call: Call,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    receivers: Tensor,
    senders: Tensor,
    heard: Tensor | None,
    causal: bool,
) -> Tensor:
    """As `attend_blocks`, with the rows of the blocks one after another: `(b * n, H, D)`, `(b * m, H, D)`."""
    blocks = len(receivers)
    query, key, value = (rows.unflatten(0, (blocks, -1)).transpose(1, 2) for rows in (query, key, value))
    bias = _added(call, query, receivers, senders)
    if heard is not None:
        bias = query.new_zeros(()) if bias is None else bias
        bias = bias.masked_fill(~heard[:, None], -torch.inf)
    dropout = call.spec.dropout if call.training else 0.0
    return dot_product(query, key, value, bias, causal, dropout).transpose(1, 2).flatten(0, 1)


def _added(call: Call, query: Tensor, receivers: Tensor, senders: Tensor) -> Tensor | None:
    """What edges and relations add to the scores: `(b, H, n, m)` or what broadcasts to it."""
    spec, operands, parts = call.spec, call.operands, []
    if operands.bias is not None:
        rows = _edge_rows(call, receivers[:, :, None], senders[:, None])
        parts.append(_looked_up(operands.bias, rows))
    if spec.relation is not None:
        alike = spec.relation.of_places and _are_whole_lattices(call)
        blocks = slice(0, 1) if alike else slice(None)
        relation = spec.relation.between(call.structure, receivers[blocks, :, None], senders[blocks, None])  # (b, n, m)
        if operands.relation_bias is not None:
            parts.append(_looked_up(operands.relation_bias, relation))
        if operands.relation_keys is not None:
            scores = torch.einsum("bhnd,rhd->bhnr", query, operands.relation_keys) * query.shape[-1] ** -0.5
            index = relation[:, None].expand(*scores.shape[:3], relation.shape[2])
            parts.append(scores.gather(-1, index))
    return sum(parts[1:], parts[0]) if parts else None


def _are_whole_lattices(call: Call) -> bool:
    """Whether blocks are full lattices of one size, in which every node has the same place in all of them."""
    topology = call.structure.topology
    whole = isinstance(call.spec.neighborhood, Complete)
    return whole and isinstance(topology, Lattice) and topology.uniform is not None


def _looked_up(table: Tensor, rows: Tensor) -> Tensor:
    """`(b, n, m)` rows of a table `(R, H)` as `(b, H, n, m)`."""
    return table.index_select(0, rows.flatten()).reshape(*rows.shape, -1).movedim(-1, 1)


def _edge_rows(call: Call, receivers: Tensor, senders: Tensor) -> Tensor:
    """The row that each pair has among the edges of `Complete` or `Cross`; for pairs that are none, of another."""
    target, source = call.structure.topology, call.source.topology
    causal = isinstance(call.spec.neighborhood, Complete) and call.spec.neighborhood.causal
    counts, heard = target.node_counts, source.node_counts
    starts = offsets_of(counts * (counts + 1) // 2 if causal else counts * heard)
    call.operands.check(int(starts[-1]))
    items = target.item_ids[receivers]
    receiver, sender = receivers - target.node_offsets[items], senders - source.node_offsets[items]
    if causal:
        return starts[items] + receiver * (receiver + 1) // 2 + torch.minimum(sender, receiver)
    return starts[items] + receiver * heard[items] + sender
