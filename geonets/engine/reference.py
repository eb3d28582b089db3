"""The law: each operation in its message-passing form. Slow, obvious, and what every kernel is tested against.

Only gather, matmul, elementwise functions, `index_add` and `scatter_reduce` occur here: no convolution, no fused
recurrence, no attention of torch's, so that comparing a kernel with this file never compares torch with itself.
"""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.neighborhoods import Predecessors, Stencil
from geonets.core.topology import Chain, EdgeList
from geonets.engine.rules import Call
from geonets.engine.spec import (
    AggregateOperands,
    AggregateSpec,
    AttendOperands,
    AttendSpec,
    ConvolveOperands,
    ConvolveSpec,
    RecurOperands,
    RecurSpec,
)


def reference(call: Call) -> object:
    """Compute any operation in its message-passing form."""
    match call.spec:
        case ConvolveSpec():
            return convolve(call, call.spec, call.operands)
        case AggregateSpec():
            return aggregate(call, call.spec, call.operands)
        case AttendSpec():
            return attend(call, call.spec, call.operands)
        case RecurSpec():
            return recur(call, call.spec, call.operands)
        case _:
            raise TypeError(type(call.spec).__name__)


def convolve(call: Call, spec: ConvolveSpec, operands: ConvolveOperands) -> Tensor:
    """`y_i = b + sum_k sum_{j -> i, type k} W_k x_j`."""
    edges = spec.neighborhood.edges(call.structure, call.source)
    assert edges.edge_type is not None
    weight = operands.weight.flatten(2)  # (C_out, C_in / groups, K)
    x = operands.x.unflatten(1, (spec.groups, -1))  # (N, groups, C_in / groups)
    by_group = weight.reshape(spec.groups, -1, *weight.shape[1:])  # (groups, C_out / groups, C_in / groups, K)
    out = operands.x.new_zeros(edges.num_receivers, len(weight))
    for offset in range(weight.shape[2]):
        chosen = edges.edge_type == offset
        messages = x[edges.senders[chosen]].transpose(0, 1) @ by_group[..., offset].transpose(1, 2)
        out = out.index_add(0, edges.receivers[chosen], messages.transpose(0, 1).flatten(1))
    return out if operands.bias is None else out + operands.bias


def aggregate(call: Call, spec: AggregateSpec, operands: AggregateOperands) -> Tensor:
    """`m_i = reduce_{j -> i} psi(x_i, x_j, e_ij)`."""
    edges = spec.neighborhood.edges(call.structure, call.source)
    messages = messages_of(spec, operands, edges)
    if spec.reduce in ("max", "min"):
        return _first_extreme(messages, edges, spec.reduce)
    sums = messages.new_zeros(edges.num_receivers, *messages.shape[1:]).index_add(0, edges.receivers, messages)
    if spec.reduce == "sum":
        return sums + operands.own * operands.senders if spec.own and operands.own is not None else sums
    if spec.count_padding:
        assert isinstance(spec.neighborhood, Stencil)
        counts = spec.neighborhood.window_counts(call.structure.topology)
    else:
        counts = torch.zeros_like(edges.degrees).index_add(0, edges.receivers, torch.ones_like(edges.receivers))
    return sums / counts.clamp(min=1).to(sums.dtype).reshape(-1, *[1] * (sums.ndim - 1))


def messages_of(spec: AggregateSpec, operands: AggregateOperands, edges: EdgeList) -> Tensor:
    """`psi(x_i, x_j, e_ij)`, one row an edge."""
    if spec.message == "sender":
        return operands.senders[edges.senders]
    if spec.message == "weighted":
        assert operands.edges is not None
        rows = operands.senders[edges.senders]
        return operands.edges.reshape(-1, *[1] * (rows.ndim - 1)) * rows
    assert operands.message is not None
    receivers = operands.senders if operands.receivers is None else operands.receivers
    read = {
        "sender": lambda: operands.senders[edges.senders],
        "receiver": lambda: receivers[edges.receivers],
        "edge": lambda: operands.edges,
    }
    return operands.message(*[read[part]() for part in spec.reads])


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


def recur(call: Call, spec: RecurSpec, operands: RecurOperands) -> tuple[Tensor, tuple[Tensor, ...] | None]:
    """`h_i = cell(x_i, sum_{j -> i} (h_j, c_j))`, level by level; an LSTM forgets each child by a gate of its own."""
    rows, last = operands.x, []
    for layer in range(spec.num_layers):
        if layer and call.training and spec.dropout:
            rows = rows * (torch.rand_like(rows) >= spec.dropout) / (1 - spec.dropout)
        sweeps = []
        for direction in range(spec.num_directions):
            number = layer * spec.num_directions + direction
            edges = Predecessors(reverse=direction == 1).edges(call.structure)
            start = None if operands.state is None else [part[number] for part in operands.state]
            hidden, final = _sweep(call, spec, edges, rows, operands.layer(spec, number), start)
            sweeps.append(hidden)
            last.append(final)
        rows = torch.cat(sweeps, 1)
    if not isinstance(call.structure.topology, Chain):  # only a chain has one last node
        return rows, None
    return rows, tuple(torch.stack(parts) for parts in zip(*last, strict=True))


def _sweep(
    call: Call, spec: RecurSpec, edges: EdgeList, rows: Tensor, weights: list[Tensor | None], start: list[Tensor] | None
) -> tuple[Tensor, list[Tensor]]:
    """One direction of one layer: the rows, and the state of each item after its last node."""
    topology = call.structure.topology
    num_parts = 2 if spec.cell == "lstm" else 1
    state = [rows.new_zeros(len(rows), spec.hidden_size) for _ in range(num_parts)]
    starts = start or [rows.new_zeros(len(call.structure), spec.hidden_size) for _ in range(num_parts)]
    final = list(starts)
    if not len(rows):  # still a function of the weights
        state = [part + sum(0 * weight.sum() for weight in [rows, *weights] if weight is not None) for part in state]
    for level, nodes in enumerate(edges.levels):
        hears = torch.isin(edges.receivers, nodes)
        senders = edges.senders[hears]
        places = torch.searchsorted(nodes, edges.receivers[hears])
        if level == 0:  # nodes without predecessors hear the initial state of their item
            before, heard_by = (
                [part[topology.item_ids[nodes]] for part in starts],
                torch.arange(len(nodes), device=nodes.device),
            )
        else:
            before, heard_by = [part[senders] for part in state], places
        new = _cell(spec, rows[nodes], before, heard_by, weights)
        state = [part.index_copy(0, nodes, update) for part, update in zip(state, new, strict=True)]
        items = topology.item_ids[nodes]
        final = [part.index_copy(0, items, update) for part, update in zip(final, new, strict=True)]
    return state[0], final


def _cell(
    spec: RecurSpec, x: Tensor, before: list[Tensor], heard_by: Tensor, weights: list[Tensor | None]
) -> list[Tensor]:
    """One step of torch's cells for several nodes, each of which may hear several states."""
    w_ih, w_hh, b_ih, b_hh = weights
    assert w_ih is not None and w_hh is not None

    def total(rows: Tensor) -> Tensor:
        return rows.new_zeros(len(x), rows.shape[1]).index_add(0, heard_by, rows)

    def biased(rows: Tensor, bias: Tensor | None) -> Tensor:
        return rows if bias is None else rows + bias

    from_x = biased(x @ w_ih.T, b_ih)
    hidden = total(before[0])
    if spec.cell in ("rnn_tanh", "rnn_relu"):
        raw = from_x + biased(hidden @ w_hh.T, b_hh)
        return [raw.tanh() if spec.cell == "rnn_tanh" else raw.clamp(min=0)]
    from_h = biased(hidden @ w_hh.T, b_hh)
    if spec.cell == "gru":
        (xr, xz, xn), (hr, hz, hn) = from_x.chunk(3, 1), from_h.chunk(3, 1)
        reset, update = (xr + hr).sigmoid(), (xz + hz).sigmoid()
        return [(1 - update) * (xn + reset * hn).tanh() + update * hidden]
    i, _, g, o = (from_x + from_h).chunk(4, 1)
    size = spec.hidden_size
    per_child = biased(before[0] @ w_hh.T[:, size : 2 * size], None if b_hh is None else b_hh[size : 2 * size])
    forget = (from_x[heard_by, size : 2 * size] + per_child).sigmoid()
    memory = total(forget * before[1]) + i.sigmoid() * g.tanh()
    return [o.sigmoid() * memory.tanh(), memory]


def _first_extreme(messages: Tensor, edges: EdgeList, reduce: str) -> Tensor:
    """Largest or smallest message of each receiver, gathered from the first edge that has it; 0 where none is heard."""
    shape, flat = messages.shape[1:], messages.flatten(1)
    if not len(flat):
        return messages.sum() + messages.new_zeros(edges.num_receivers, *shape)
    with torch.no_grad():
        extreme = flat.new_zeros(edges.num_receivers, flat.shape[1])
        receivers = edges.receivers[:, None].expand_as(flat)
        extreme = extreme.scatter_reduce(0, receivers, flat, "a" + reduce, include_self=False)
        is_extreme = (flat == extreme[edges.receivers]) | flat.isnan()
        numbers = torch.arange(len(flat), device=flat.device)[:, None].expand_as(flat)
        candidates = torch.where(is_extreme, numbers, len(flat) - 1)
        first = torch.full_like(extreme, len(flat) - 1, dtype=torch.long)
        first = first.scatter_reduce(0, receivers, candidates, "amin")
    out = flat.gather(0, first)
    return torch.where((edges.degrees > 0)[:, None], out, out.new_zeros(())).reshape(edges.num_receivers, *shape)
