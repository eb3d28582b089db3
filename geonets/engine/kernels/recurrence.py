"""`recur` on chains by torch's fused recurrences: one call for chains of one length, a few for chains of several."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.topology import Chain, Topology
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import CellWeights, RecurOperands, RecurSpec
from geonets.engine.spec.recur import BOTH, FORWARD

FUSED: dict[str, Callable[..., tuple[Tensor, ...]]] = {
    "rnn_tanh": torch.rnn_tanh,
    "rnn_relu": torch.rnn_relu,
    "lstm": torch.lstm,
    "gru": torch.gru,
}
HOLD = {"rnn_tanh": (-1,), "rnn_relu": (-1,), "gru": (0, 1, 0), "lstm": (-1, 1, 0, 0)}
"""Which gates to close (-1) and to open (1) so that a cell keeps its state: i, f, g, o of an LSTM; r, z, n of a GRU."""
FIRMLY = 1e4
"""An input at which a sigmoid is 0 or 1 exactly, in every dtype."""
CALL, STEP = 50, 1
"""What a call of torch's RNN costs, and each of its steps, in steps of a chain: measured with 64 -> 128 channels."""
FINE = 1.02
"""Lengths that differ by less than this factor are not told apart."""
State = tuple[Tensor, ...]


def fused_recurrence(call: Call) -> tuple[Tensor, State]:
    """One call of torch's fused RNN for all chains."""
    spec, operands, num_items = call.spec, call.operands, len(call.structure)
    state = _initial(spec, operands, num_items)
    if not len(operands.x):
        return _nothing(spec, operands), state
    rows = operands.x.reshape(num_items, -1, operands.x.shape[1])
    dropout = spec.dropout if call.training else 0.0
    out, *final = _run(spec, rows, state, operands.weights, spec.num_layers, dropout, spec.directions == BOTH)
    return out.reshape(len(operands.x), -1), tuple(final)


def bucketed_recurrence(call: Call) -> tuple[Tensor, State]:
    """Calls of torch's fused RNN on chains of similar lengths; a step after a chain's end keeps its state."""
    return layer_by_layer(call, bucketed_sweep)


Sweep = Callable[[RecurSpec, Topology, bool, Tensor, CellWeights, Sequence[Tensor]], tuple[Tensor, list[Tensor]]]
"""One direction of one layer, backwards or not: from rows, weights and the state before to rows and the last state."""


def layer_by_layer(call: Call, sweep: Sweep) -> tuple[Tensor, State]:
    """Layers upon each other, each in all directions."""
    spec, operands, topology = call.spec, call.operands, call.structure.topology
    state = _initial(spec, operands, len(call.structure))
    if not len(operands.x):
        return _nothing(spec, operands), state
    rows, last = operands.x, []
    for layer in range(spec.num_layers):
        if layer:
            rows = functional.dropout(rows, spec.dropout, call.training)
        sweeps = []
        for direction, predecessors in enumerate(spec.directions):
            number = layer * spec.num_directions + direction
            start, weights = [part[number] for part in state], operands.layer(spec, number)
            hidden, final = sweep(spec, topology, bool(predecessors.reverse), rows, weights, start)
            sweeps.append(hidden)
            last.append(final)
        rows = torch.cat(sweeps, 1) if len(sweeps) > 1 else sweeps[0]
    return rows, tuple(torch.stack(parts) for parts in zip(*last, strict=True))


@dataclasses.dataclass(frozen=True, eq=False)
class _Bucket:
    """Chains of similar lengths.

    Args:
        items: `(b,)` which ones.
        steps: `T` of the longest.
        ends: `(b,)` where the last step of each stands among the `T * b`.
    """

    items: Tensor
    steps: int
    ends: Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class _Buckets:
    """All chains that are not empty, and how their steps lie in memory.

    Args:
        parts: the buckets.
        sizes: `T * b` of each.
        rows: of all buckets, the row of each step and chain, in the order of time or against it; `N` after an end.
        places: `(N,)` where each row stands among these.
    """

    parts: list[_Bucket]
    sizes: list[int]
    rows: Tensor
    places: Tensor


def bucketed_sweep(
    spec: RecurSpec, topology: Topology, reverse: bool, rows: Tensor, weights: CellWeights, start: Sequence[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """A `Sweep`. An input channel of its own, 1 after a chain's end, holds the state there."""
    buckets = topology.remember(("buckets", reverse), lambda: _buckets(topology, reverse))
    hold = torch.tensor(HOLD[spec.cell], dtype=rows.dtype, device=rows.device).repeat_interleave(spec.hidden_size)
    held = weights._replace(w_ih=torch.cat([weights.w_ih, FIRMLY * hold[:, None]], 1))
    flat = [weight for weight in held if weight is not None]
    after = functional.pad(rows.new_ones(1, 1), (rows.shape[1], 0))  # the row of every step after an end
    padded, hidden, final = torch.cat([functional.pad(rows, (0, 1)), after]), [], list(start)
    taken = padded.index_select(0, buckets.rows).split(buckets.sizes)
    for bucket, own in zip(buckets.parts, taken, strict=True):
        state = tuple(part.index_select(0, bucket.items)[None] for part in start)
        steps = own.reshape(bucket.steps, len(bucket.items), -1)
        out, *ends = _run(spec, steps, state, flat, batch_first=False)
        hidden.append(out.flatten(0, 1))
        reached = [hidden[-1].index_select(0, bucket.ends), *(part[0] for part in ends[1:])]
        final = [part.index_copy(0, bucket.items, new) for part, new in zip(final, reached, strict=True)]
    return torch.cat(hidden).index_select(0, buckets.places), final


def _buckets(topology: Topology, reverse: bool) -> _Buckets:
    """Chains cut into calls by their lengths, the longest first; the first step of all chains first."""
    counts, total = topology.node_counts, topology.num_nodes
    order = counts.argsort(descending=True, stable=True)
    order = order[: int((counts > 0).sum())]
    parts, sizes, every, places, before = [], [], [], counts.new_empty(total), 0
    for items in order.split(_cuts(counts[order])):
        lengths = counts[items]
        steps = torch.arange(int(lengths[0]), device=counts.device)[:, None]
        rows = topology.node_offsets[items] + (lengths - 1 - steps if reverse else steps)
        inside = steps < lengths
        places[rows[inside]] = before + inside.flatten().nonzero().squeeze(1)
        ends = (lengths - 1) * len(items) + torch.arange(len(items), device=counts.device)
        parts.append(_Bucket(items, len(steps), ends))
        sizes.append(rows.numel())
        every.append(torch.where(inside, rows, total).flatten())
        before += sizes[-1]
    return _Buckets(parts, sizes, torch.cat(every), places)


def _cuts(counts: Tensor) -> list[int]:
    """How many chains each call takes, so that all calls together cost least, from descending lengths.

    A call on `b` chains of at most `T` steps costs `CALL + T * (b + STEP)`; the cheapest way to do the first chains is
    found from the cheapest ways to do fewer.
    """
    alike = (counts.double().log() / math.log(FINE)).long()
    _, numbers = torch.unique_consecutive(alike, return_counts=True)
    ends = np.cumsum([0, *numbers.tolist()])
    longest = np.array(counts.tolist())[ends[:-1]]
    costs, sources = np.zeros(len(ends)), np.zeros(len(ends), np.int64)
    for place in range(1, len(ends)):
        ways = costs[:place] + CALL + longest[:place] * (ends[place] - ends[:place] + STEP)
        sources[place] = ways.argmin()
        costs[place] = ways[sources[place]]
    cuts, place = [], len(ends) - 1
    while place:
        cuts.append(int(ends[place] - ends[sources[place]]))
        place = int(sources[place])
    return cuts[::-1]


def _run(
    spec: RecurSpec,
    rows: Tensor,
    state: State,
    weights: list[Tensor],
    num_layers: int = 1,
    dropout: float = 0.0,
    both: bool = False,
    batch_first: bool = True,
) -> tuple[Tensor, ...]:
    """Torch's recurrence on `(B, T, C)`, or on `(T, B, C)`."""
    hx = list(state) if spec.cell == "lstm" else state[0]
    training = dropout > 0 or torch.is_grad_enabled()  # a backward pass needs what training keeps
    return FUSED[spec.cell](rows, hx, weights, spec.bias, num_layers, dropout, training, both, batch_first)


def _initial(spec: RecurSpec, operands: RecurOperands, num_items: int) -> State:
    if operands.state is not None:
        return operands.state
    count = spec.num_layers * spec.num_directions
    return tuple(operands.x.new_zeros(count, num_items, size) for size in spec.parts)


def _nothing(spec: RecurSpec, operands: RecurOperands) -> Tensor:
    return connected_zeros((0, spec.num_directions * spec.out_size), operands.x, *operands.weights)


def chain_rule(situation: Situation, uniform: bool) -> bool | str | None:
    """Whether these are chains, of one length if `uniform`, and a recurrence that torch has."""
    spec = situation.spec
    if not isinstance(spec, RecurSpec):
        return None
    if situation.kind is not Chain:
        return f"the topology is a {situation.kind.__name__}, not a Chain"
    if situation.periodic:
        return "the chains are rings, which have no first node"
    if spec.cell == "opaque":
        return "the cell is the user's own: nothing is known but its steps"
    if spec.rounds or spec.relations or spec.directions not in (FORWARD, BOTH):
        return f"torch has no such recurrence: {spec}"
    if uniform and not situation.uniform:
        return "chains differ in length"
    return True


RULES = (
    Rule(fused_recurrence, lambda situation: chain_rule(situation, uniform=True)),
    Rule(bucketed_recurrence, lambda situation: chain_rule(situation, uniform=False)),
)
