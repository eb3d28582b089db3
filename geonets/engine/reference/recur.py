"""The law of `recur`."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from geonets.core.topology import Chain, EdgeList
from geonets.engine.rules import Call
from geonets.engine.spec import CellWeights, RecurOperands, RecurSpec, relations_of

State = list[Tensor]


class _Heard(NamedTuple):
    """States that some nodes hear: which node hears each, and by which relation."""

    state: State
    by: Tensor
    relation: Tensor


def recur(call: Call, spec: RecurSpec, operands: RecurOperands) -> tuple[Tensor, tuple[Tensor, ...] | None]:
    """`h_i = cell(x_i, reduce_{j -> i} (h_j, c_j))`, level by level, or round by round where the spec counts rounds."""
    rows, last = operands.x, []
    for layer in range(spec.num_layers):
        if layer and call.training and spec.dropout:
            rows = rows * (torch.rand_like(rows) >= spec.dropout) / (1 - spec.dropout)
        sweeps = []
        for direction in range(spec.num_directions):
            number = layer * spec.num_directions + direction
            edges = spec.edges(direction, call.structure)
            start = _start(call, spec, operands, number)
            hidden, final = _sweep(call, spec, operands, edges, rows, number, start)
            sweeps.append(hidden)
            last.append(final)
        rows = torch.cat(sweeps, 1)
    if not isinstance(call.structure.topology, Chain):  # only a chain has one last node
        return rows, None
    return rows, tuple(torch.stack(parts) for parts in zip(*last, strict=True))


def _start(call: Call, spec: RecurSpec, operands: RecurOperands, number: int) -> State:
    """What each item knows before its first node."""
    if operands.state is not None:
        return [part[number] for part in operands.state]
    return [operands.x.new_zeros(len(call.structure), size) for size in spec.parts]


def _sweep(
    call: Call, spec: RecurSpec, operands: RecurOperands, edges: EdgeList, rows: Tensor, number: int, start: State
) -> tuple[Tensor, State]:
    """One direction of one layer: the rows, and the state of each item after its last node."""
    weights, items = operands.layer(spec, number), call.structure.topology.item_ids
    state, final = [rows.new_zeros(len(rows), size) for size in spec.parts], list(start)
    if not len(rows):  # still a function of the weights
        ties = [rows, *(weight for weight in weights or () if weight is not None)]
        return state[0] + sum(0 * tensor.sum() for tensor in ties), final
    relation = relations_of(spec, edges)
    everyone = torch.arange(len(rows), device=rows.device)
    for nodes in [everyone] * spec.rounds or edges.levels:
        hears = torch.isin(edges.receivers, nodes)
        first = (edges.degrees[nodes] == 0).nonzero().squeeze(1)  # they hear the initial state of their item
        before = [
            torch.cat([part[edges.senders[hears]], begin[items[nodes[first]]]])
            for part, begin in zip(state, start, strict=True)
        ]
        by = torch.cat([torch.searchsorted(nodes, edges.receivers[hears]), first])
        heard = _Heard(before, by, torch.cat([relation[hears], torch.zeros_like(first)]))
        new = _cell(spec, operands, rows[nodes], heard, weights)
        state = [part.index_copy(0, nodes, update) for part, update in zip(state, new, strict=True)]
        ends = torch.isin(nodes, edges.senders, invert=True)
        final = [part.index_copy(0, items[nodes[ends]], update[ends]) for part, update in zip(final, new, strict=True)]
    return state[0], final


def _cell(
    spec: RecurSpec, operands: RecurOperands, x: Tensor, heard: _Heard, weights: CellWeights | None
) -> list[Tensor]:
    """One step for several nodes, each of which may hear several states."""

    def total(rows: Tensor) -> Tensor:
        return rows.new_zeros(len(x), rows.shape[1]).index_add(0, heard.by, rows)

    def kept(rows: Tensor) -> Tensor:
        counts = total(torch.ones_like(rows[:, :1]))
        return total(rows) if spec.reduce == "sum" else total(rows) / counts.clamp(min=1)

    if weights is None:
        return operands.step(x, [kept(part) for part in heard.state])
    hidden = heard.state[0]
    if spec.relations:
        from_each = (weights.w_hh[heard.relation] @ hidden[:, :, None]).squeeze(2)
    else:
        from_each = hidden @ weights.w_hh.T
    from_x, from_h = _biased(x @ weights.w_ih.T, weights.b_ih), total(from_each)
    if spec.cell == "lstm":
        return _forgetting(spec, from_x, from_each, from_h, heard, weights)
    from_h = _biased(from_h, weights.b_hh)
    if spec.cell == "gru":
        (xr, xz, xn), (hr, hz, hn) = from_x.chunk(3, 1), from_h.chunk(3, 1)
        reset, update = (xr + hr).sigmoid(), (xz + hz).sigmoid()
        return [(1 - update) * (xn + reset * hn).tanh() + update * kept(hidden)]
    raw = from_x + from_h
    return [raw.tanh() if spec.cell == "rnn_tanh" else torch.where(raw > 0, raw, 0)]


def _forgetting(
    spec: RecurSpec, from_x: Tensor, from_each: Tensor, from_h: Tensor, heard: _Heard, weights: CellWeights
) -> list[Tensor]:
    """A forget gate for each predecessor: of what it says itself, or, with relations, of its relation."""
    xi, xf, xg, xo = _biased(from_x, weights.b_hh).chunk(4, 1)
    num_forgets = max(spec.relations, 1)
    gates = from_h.unflatten(1, (3 + num_forgets, spec.hidden_size))
    i, g, o = (xi + gates[:, 0]).sigmoid(), (xg + gates[:, -2]).tanh(), (xo + gates[:, -1]).sigmoid()
    opened = gates[heard.by, 1 + heard.relation] if spec.relations else from_each.chunk(4, 1)[1]
    forget = (xf[heard.by] + opened).sigmoid()
    memory = torch.zeros_like(i).index_add(0, heard.by, forget * heard.state[1]) + i * g
    hidden = o * memory.tanh()
    return [hidden if weights.w_hr is None else hidden @ weights.w_hr.T, memory]


def _biased(rows: Tensor, bias: Tensor | None) -> Tensor:
    return rows if bias is None else rows + bias
