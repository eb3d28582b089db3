"""The law of `recur`."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.neighborhoods import Predecessors
from geonets.core.topology import Chain, EdgeList
from geonets.engine.rules import Call
from geonets.engine.spec import RecurOperands, RecurSpec


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
        return [raw.tanh() if spec.cell == "rnn_tanh" else torch.where(raw > 0, raw, 0)]
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
