"""`recur`: torch's fused recurrences on chains, one batched step a level on trees and other acyclic graphs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.neighborhoods import Predecessors
from geonets.core.ranges import concatenated_ranges, offsets_of, segment_sum
from geonets.core.topology import Chain, EdgeList, Topology
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import RecurOperands, RecurSpec

FUSED: dict[str, Callable[..., tuple[Tensor, ...]]] = {
    "rnn_tanh": torch.rnn_tanh,
    "rnn_relu": torch.rnn_relu,
    "lstm": torch.lstm,
    "gru": torch.gru,
}
State = tuple[Tensor, ...]


def fused_recurrence(call: Call) -> tuple[Tensor, State]:
    """One call of torch's fused RNN for all chains."""
    spec, operands, num_items = call.spec, call.operands, len(call.structure)
    state = _initial(spec, operands, num_items)
    if not len(operands.x):
        return _nothing(spec, operands), state
    rows = operands.x.reshape(num_items, -1, operands.x.shape[1])
    hx = list(state) if spec.cell == "lstm" else state[0]
    out, *final = FUSED[spec.cell](rows, hx, operands.weights, *_options(call), True)
    return out.reshape(len(operands.x), -1), tuple(final)


def packed_recurrence(call: Call) -> tuple[Tensor, State]:
    """One call of torch's fused RNN on chains of different lengths, longest first, without padding."""
    spec, operands, topology = call.spec, call.operands, call.structure.topology
    state = _initial(spec, operands, len(call.structure))
    if not len(operands.x):
        return _nothing(spec, operands), state
    order, items, batch_sizes = topology.remember("packing", lambda: _packing(topology))
    chosen = [part.index_select(1, items) for part in state]
    hx = chosen if spec.cell == "lstm" else chosen[0]
    packed = operands.x.index_select(0, order)
    out, *final = FUSED[spec.cell](packed, batch_sizes, hx, operands.weights, *_options(call))
    rows = torch.empty_like(order).index_copy_(0, order, torch.arange(len(order), device=order.device))
    ends = [part.index_copy(1, items, last) for part, last in zip(state, final, strict=True)]
    return out.index_select(0, rows), tuple(ends)


def level_recurrence(call: Call) -> tuple[Tensor, None]:
    """One batched step for each topological level; all inputs are projected beforehand."""
    spec, operands, structure = call.spec, call.operands, call.structure
    rows = operands.x
    for layer in range(spec.num_layers):
        if layer:
            rows = functional.dropout(rows, spec.dropout, call.training)
        sweeps = []
        for direction in range(spec.num_directions):
            number = layer * spec.num_directions + direction
            edges = Predecessors(reverse=direction == 1).edges(structure)
            start = None if operands.state is None else [part[number] for part in operands.state]
            sweeps.append(_sweep(spec, structure.topology, edges, rows, operands.layer(spec, number), start))
        rows = torch.cat(sweeps, 1) if len(sweeps) > 1 else sweeps[0]
    return rows, None


@dataclasses.dataclass(frozen=True, eq=False)
class _Step:
    """The edges into one level, by places in level order.

    Args:
        count: nodes of the level.
        senders: `(E,)` places of the senders.
        segments: `(E,)` which node of the level hears.
        offsets: `(count+1,)` where each node's edges start.
    """

    count: int
    senders: Tensor
    segments: Tensor
    offsets: Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class _Schedule:
    """Nodes in level order and the steps from level to level."""

    order: Tensor
    places: Tensor
    first: int
    steps: list[_Step]


def _sweep(
    spec: RecurSpec,
    topology: Topology,
    edges: EdgeList,
    rows: Tensor,
    weights: list[Tensor | None],
    start: list[Tensor] | None,
) -> Tensor:
    w_ih, w_hh, b_ih, b_hh = weights
    assert w_ih is not None and w_hh is not None
    if not len(rows):
        return connected_zeros((0, spec.hidden_size), rows, *weights)
    schedule = edges.remember("schedule", lambda: _schedule(edges))
    inputs = functional.linear(rows.index_select(0, schedule.order), w_ih, b_ih)
    items = topology.item_ids.index_select(0, schedule.order[: schedule.first])
    roots = [rows.new_zeros(schedule.first, spec.hidden_size)] * (2 if spec.cell == "lstm" else 1)
    if start is not None:
        roots = [part.index_select(0, items) for part in start]
    alone = torch.arange(schedule.first, device=rows.device)
    first = _Step(schedule.first, alone, alone, torch.arange(schedule.first + 1, device=rows.device))
    state = _cell(spec, inputs[: schedule.first], roots, first, w_hh, b_hh)
    done = schedule.first
    for step in schedule.steps:
        heard = [part.index_select(0, step.senders) for part in state]
        new = _cell(spec, inputs[done : done + step.count], heard, step, w_hh, b_hh)
        state = [torch.cat([part, update]) for part, update in zip(state, new, strict=True)]
        done += step.count
    return state[0].index_select(0, schedule.places)


def _cell(
    spec: RecurSpec, inputs: Tensor, heard: list[Tensor], step: _Step, w_hh: Tensor, b_hh: Tensor | None
) -> list[Tensor]:
    hidden = segment_sum(heard[0], step.offsets, step.segments)
    if spec.cell == "lstm":
        own, forget = _without_forget(inputs), inputs.chunk(4, 1)[1]
        forget_weight = w_hh.chunk(4)[1]
        bias, forget_bias = (None, None) if b_hh is None else (_without_forget(b_hh[None])[0], b_hh.chunk(4)[1])
        i, g, o = (own + functional.linear(hidden, _without_forget(w_hh.T).T, bias)).chunk(3, 1)
        kept = functional.linear(heard[0], forget_weight, forget_bias) + forget.index_select(0, step.segments)
        memory = segment_sum(kept.sigmoid() * heard[1], step.offsets, step.segments) + i.sigmoid() * g.tanh()
        return [o.sigmoid() * memory.tanh(), memory]
    from_hidden = functional.linear(hidden, w_hh, b_hh)
    if spec.cell == "gru":
        (xr, xz, xn), (hr, hz, hn) = inputs.chunk(3, 1), from_hidden.chunk(3, 1)
        update = (xz + hz).sigmoid()
        candidate = (xn + (xr + hr).sigmoid() * hn).tanh()
        return [candidate + update * (hidden - candidate)]
    total = inputs + from_hidden
    return [total.tanh() if spec.cell == "rnn_tanh" else total.relu()]


def _without_forget(gates: Tensor) -> Tensor:
    """The input, cell and output parts of `(..., 4H)` gates: the forget gate is per child and computed apart."""
    i, _, g, o = gates.chunk(4, 1)
    return torch.cat([i, g, o], 1)


def _schedule(edges: EdgeList) -> _Schedule:
    levels = edges.levels
    order = torch.cat(levels)
    places = torch.empty_like(order).index_copy_(0, order, torch.arange(len(order), device=order.device))
    steps = []
    for nodes in levels[1:]:
        counts = edges.degrees.index_select(0, nodes)
        rows = concatenated_ranges(edges.pointers.index_select(0, nodes), counts)
        senders = places.index_select(0, edges.senders.index_select(0, rows))
        steps.append(_Step(len(nodes), senders, torch.repeat_interleave(counts), offsets_of(counts)))
    return _Schedule(order, places, len(levels[0]), steps)


def _packing(topology: Topology) -> tuple[Tensor, Tensor, Tensor]:
    """Rows step by step, longest chain first; the items that have a step at all; and how many have each step."""
    lengths, items = topology.node_counts.sort(descending=True, stable=True)
    items, lengths = items[lengths > 0], lengths[lengths > 0]
    steps = torch.arange(int(lengths[0]), device=lengths.device)
    batch_sizes = torch.searchsorted(-lengths, -steps)  # how many chains are longer than each step
    batch = concatenated_ranges(torch.zeros_like(batch_sizes), batch_sizes)
    step = torch.repeat_interleave(batch_sizes)
    order = topology.node_offsets.index_select(0, items).index_select(0, batch) + step
    return order, items, batch_sizes.cpu()


def _initial(spec: RecurSpec, operands: RecurOperands, num_items: int) -> State:
    if operands.state is not None:
        return operands.state
    shape = spec.num_layers * spec.num_directions, num_items, spec.hidden_size
    zeros = operands.x.new_zeros(shape)
    return (zeros, zeros) if spec.cell == "lstm" else (zeros,)


def _options(call: Call) -> tuple[bool, int, float, bool, bool]:
    spec = call.spec
    return spec.bias, spec.num_layers, spec.dropout, call.training, spec.bidirectional


def _nothing(spec: RecurSpec, operands: RecurOperands) -> Tensor:
    return connected_zeros((0, spec.num_directions * spec.hidden_size), operands.x, *operands.weights)


def _chain_rule(situation: Situation, uniform: bool) -> bool | str | None:
    if not isinstance(situation.spec, RecurSpec):
        return None
    if situation.kind is not Chain:
        return f"the topology is a {situation.kind.__name__}, not a Chain"
    if situation.periodic:
        return "the chains are rings, which have no first node"
    if uniform and not situation.uniform:
        return "chains differ in length"
    return True


RULES = (
    Rule(fused_recurrence, lambda situation: _chain_rule(situation, uniform=True)),
    Rule(packed_recurrence, lambda situation: _chain_rule(situation, uniform=False)),
    Rule(level_recurrence, lambda situation: True if isinstance(situation.spec, RecurSpec) else None),
)
