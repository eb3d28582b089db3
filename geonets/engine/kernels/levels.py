"""`recur` on any acyclic graph, one batched step a level; and in rounds, in which all nodes step at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.topology import Chain, EdgeList, Topology
from geonets.engine.kernels.cells import Hearing, State, step_of
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.schedule import Schedule
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import CellWeights, RecurOperands, RecurSpec, relations_of

Sweep = Callable[[RecurSpec, RecurOperands, CellWeights | None, Topology, EdgeList, Tensor, State | None], State]


def level_recurrence(call: Call) -> tuple[Tensor, tuple[Tensor, ...] | None]:
    """One batched step for each topological level; all inputs are projected beforehand."""
    return in_layers(call, level_by_level)


def round_recurrence(call: Call) -> tuple[Tensor, tuple[Tensor, ...] | None]:
    """One batched step of all nodes for each round; cycles are allowed."""
    return in_layers(call, _round_by_round)


def in_layers(call: Call, sweep: Sweep) -> tuple[Tensor, tuple[Tensor, ...] | None]:
    """Stacked layers in all directions, each swept in a way of its own; of chains also the final states."""
    spec, operands, topology = call.spec, call.operands, call.structure.topology
    rows, last = operands.x, []
    for layer in range(spec.num_layers):
        if layer:
            rows = functional.dropout(rows, spec.dropout, call.training)
        sweeps = []
        for direction in range(spec.num_directions):
            number = layer * spec.num_directions + direction
            start = None if operands.state is None else [part[number] for part in operands.state]
            weights, edges = operands.layer(spec, number), spec.edges(direction, call.structure)
            if len(rows):
                states = sweep(spec, operands, weights, topology, edges, rows, start)
            else:
                states = [connected_zeros((0, size), rows, *(weights or ())) for size in spec.parts]
            sweeps.append(states[0])
            if isinstance(topology, Chain):  # only a chain has one last node
                last.append(_final(topology, edges, states, start))
        rows = torch.cat(sweeps, 1) if len(sweeps) > 1 else sweeps[0]
    return rows, tuple(torch.stack(parts) for parts in zip(*last, strict=True)) or None


def level_by_level(
    spec: RecurSpec,
    operands: RecurOperands,
    weights: CellWeights | None,
    topology: Topology,
    edges: EdgeList,
    rows: Tensor,
    start: State | None,
) -> State:
    """The states of all nodes. Levels hand on their states by post, so that the cost is linear in nodes and edges."""
    relations, items = max(spec.relations, 1), None if start is None else topology.item_ids
    key = "schedule", relations, start is None
    schedule = edges.remember(key, lambda: Schedule.of(edges, relations_of(spec, edges), relations, items))
    step, nothing = step_of(spec, operands, weights), [rows.new_zeros(0, size) for size in spec.parts]
    inputs = _projected(rows.index_select(0, schedule.order), weights).split(schedule.sizes)
    inbox: list[list[State]] = [[] for _ in schedule.sizes]
    schedule.posts[0].send(nothing if start is None else start, inbox)
    states = []
    for level, hearing in enumerate(schedule.hearings):
        parcels, arrival = inbox[level] or [nothing], schedule.arrivals[level]
        heard = [parts[0] if len(parts) == 1 else torch.cat(parts) for parts in zip(*parcels, strict=True)]
        heard = heard if arrival is None else [part.index_select(0, arrival) for part in heard]
        states.append(step(inputs[level], heard, hearing))
        schedule.posts[level + 1].send(states[-1], inbox)
    return [torch.cat(parts).index_select(0, schedule.places) for parts in zip(*states, strict=True)]


def _round_by_round(
    spec: RecurSpec,
    operands: RecurOperands,
    weights: CellWeights | None,
    topology: Topology,
    edges: EdgeList,
    rows: Tensor,
    start: State | None,
) -> State:
    """The states of all nodes, zeros before the first round; nodes without predecessors hear the initial states."""
    relations, items = max(spec.relations, 1), None if start is None else topology.item_ids
    key = "rounds", relations, start is None
    senders, hearing = edges.remember(key, lambda: _everyone(edges, relations_of(spec, edges), relations, items))
    step, inputs = step_of(spec, operands, weights), _projected(rows, weights)
    state = [rows.new_zeros(len(rows), size) for size in spec.parts]
    for _ in range(spec.rounds):
        known = state if start is None else [torch.cat(parts) for parts in zip(state, start, strict=True)]
        state = step(inputs, [part.index_select(0, senders) for part in known], hearing)
    return state


def _everyone(edges: EdgeList, relation: Tensor, num_relations: int, items: Tensor | None) -> tuple[Tensor, Hearing]:
    """Whom all nodes hear at once; the initial state of an item counts as a node after all others."""
    senders, slots, count = edges.senders, edges.receivers * num_relations + relation, edges.num_receivers
    if items is not None:
        first = (edges.degrees == 0).nonzero().squeeze(1)
        senders, slots = torch.cat([senders, count + items[first]]), torch.cat([slots, first * num_relations])
    order = slots.argsort(stable=True)
    return senders[order], Hearing.of(slots[order], count * num_relations, count)


def _projected(rows: Tensor, weights: CellWeights | None) -> Tensor:
    """What the inputs contribute to the gates; the rows themselves for an opaque cell."""
    return rows if weights is None else functional.linear(rows, weights.w_ih, weights.b_ih)


def _final(topology: Topology, edges: EdgeList, states: State, start: State | None) -> State:
    """The state after the last node of each chain; what it was before where there is no node."""
    pointers = edges.transpose.pointers
    ends = (pointers[1:] == pointers[:-1]).nonzero().squeeze(1)
    items = topology.item_ids.index_select(0, ends)
    before = [part.new_zeros(topology.num_items, part.shape[1]) for part in states] if start is None else start
    return [part.index_copy(0, items, state.index_select(0, ends)) for part, state in zip(before, states, strict=True)]


def _rule(situation: Situation, rounds: bool) -> bool | None:
    spec = situation.spec
    return True if isinstance(spec, RecurSpec) and (spec.rounds > 0) == rounds else None


RULES = (
    Rule(level_recurrence, lambda situation: _rule(situation, rounds=False)),
    Rule(round_recurrence, lambda situation: _rule(situation, rounds=True)),
)
