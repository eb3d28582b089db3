"""One step of a recurrent cell for many nodes at once, each of which may hear several states."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.ranges import segment_sum
from geonets.engine.spec import CellWeights, RecurOperands, RecurSpec

State = list[Tensor]


@dataclasses.dataclass(frozen=True, eq=False)
class Hearing:
    """Which nodes hear which of the states that arrived, in the order of the nodes.

    A node has one slot, or one for each relation.

    Args:
        slots: `(E,)` the slot that hears each state, ascending; None where each slot hears the state of its number.
        offsets: `(S+1,)` where each slot's states start.
        count: nodes.
    """

    slots: Tensor | None
    offsets: Tensor
    count: int

    @staticmethod
    def of(slots: Tensor, num_slots: int, count: int) -> Hearing:
        """Look whether every slot hears one state, so that nothing need be summed."""
        offsets = torch.searchsorted(slots, torch.arange(num_slots + 1, device=slots.device))
        alone = len(slots) == num_slots and bool((slots[1:] > slots[:-1]).all())
        return Hearing(None if alone else slots, offsets, count)

    def total(self, states: Tensor) -> Tensor:
        """`(S, ...)` the sum of what each slot hears; 0 where it hears nothing."""
        return states if self.slots is None else segment_sum(states, self.offsets, self.slots)

    def spread(self, rows: Tensor) -> Tensor:
        """`(E, ...)` from rows of slots: each slot's row for all that it hears."""
        return rows if self.slots is None else rows.index_select(0, self.slots)

    def kept(self, slots: Tensor, reduce: str) -> Tensor:
        """`(count, H)` sum or mean over all slots of a node, of the sums of the slots."""
        total = slots if len(slots) == self.count else slots.reshape(self.count, -1, slots.shape[1]).sum(1)
        if reduce == "sum":
            return total
        heard = (self.offsets[1:] - self.offsets[:-1]).reshape(self.count, -1).sum(1, keepdim=True)
        return total / heard.clamp(min=1).to(total.dtype)


Step = Callable[[Tensor, State, Hearing], State]
"""From what the inputs contribute and the states that arrived to the new states of the nodes."""


def step_of(spec: RecurSpec, operands: RecurOperands, weights: CellWeights | None) -> Step:
    """The cell that a spec names, with its weights cut once for all steps."""
    if weights is None:
        return lambda x, heard, who: operands.step(x, [who.kept(who.total(part), spec.reduce) for part in heard])
    hear = _by_relation(weights) if spec.relations else weights.w_hh
    if spec.cell == "gru":
        return _gru(spec, hear, weights.b_hh)
    if spec.cell == "lstm":
        return _relational_lstm(spec, hear, weights) if spec.relations else _lstm(weights)
    activation = torch.tanh if spec.cell == "rnn_tanh" else torch.relu

    def step(inputs: Tensor, heard: State, who: Hearing) -> State:
        return [activation(inputs + functional.linear(_slots(who, heard[0]), hear, weights.b_hh))]

    return step


def _gru(spec: RecurSpec, hear: Tensor, b_hh: Tensor | None) -> Step:
    def step(inputs: Tensor, heard: State, who: Hearing) -> State:
        slots = who.total(heard[0])
        kept = who.kept(slots, spec.reduce)
        (xr, xz, xn), (hr, hz, hn) = (
            inputs.chunk(3, 1),
            functional.linear(slots.reshape(who.count, -1), hear, b_hh).chunk(3, 1),
        )
        candidate = (xn + (xr + hr).sigmoid() * hn).tanh()
        return [candidate + (xz + hz).sigmoid() * (kept - candidate)]

    return step


def _lstm(weights: CellWeights) -> Step:
    """Each predecessor has the forget gate that it opens itself."""
    shared, forget = _without_forget(weights.w_hh), weights.w_hh.chunk(4)[1]
    bias, forget_bias = None, None
    if weights.b_hh is not None:
        bias, forget_bias = _without_forget(weights.b_hh), weights.b_hh.chunk(4)[1]

    def step(inputs: Tensor, heard: State, who: Hearing) -> State:
        xi, xf, xg, xo = inputs.chunk(4, 1)
        hi, hg, ho = functional.linear(who.total(heard[0]), shared, bias).chunk(3, 1)
        opened = functional.linear(heard[0], forget, forget_bias) + who.spread(xf)
        memory = who.total(opened.sigmoid() * heard[1]) + (xi + hi).sigmoid() * (xg + hg).tanh()
        return _shown((xo + ho).sigmoid(), memory, weights.w_hr)

    return step


def _relational_lstm(spec: RecurSpec, hear: Tensor, weights: CellWeights) -> Step:
    """Each relation has a forget gate, which all predecessors open together."""
    relations, size = spec.relations, spec.hidden_size

    def step(inputs: Tensor, heard: State, who: Hearing) -> State:
        xi, xf, xg, xo = (inputs if weights.b_hh is None else inputs + weights.b_hh).chunk(4, 1)
        gates = functional.linear(_slots(who, heard[0]), hear)
        hi, hf, hg, ho = gates.split([size, relations * size, size, size], 1)
        forget = (xf[:, None] + hf.unflatten(1, (relations, size))).sigmoid()  # (n, K, H)
        memory = (forget * who.total(heard[1]).reshape(forget.shape)).sum(1) + (xi + hi).sigmoid() * (xg + hg).tanh()
        return _shown((xo + ho).sigmoid(), memory, weights.w_hr)

    return step


def _shown(gate: Tensor, memory: Tensor, w_hr: Tensor | None) -> State:
    hidden = gate * memory.tanh()
    return [hidden if w_hr is None else functional.linear(hidden, w_hr), memory]


def _slots(who: Hearing, states: Tensor) -> Tensor:
    """`(count, K * H)`: what each node hears, its slots side by side."""
    return who.total(states).reshape(who.count, -1)


def _by_relation(weights: CellWeights) -> Tensor:
    """`(G, K * H)` from `(K, G, H)`: one product for all relations."""
    return weights.w_hh.transpose(0, 1).flatten(1)


def _without_forget(gates: Tensor) -> Tensor:
    """The input, cell and output parts of `(4H, ...)` gates: the forget gate is per predecessor and computed apart."""
    i, _, g, o = gates.chunk(4)
    return torch.cat([i, g, o])
