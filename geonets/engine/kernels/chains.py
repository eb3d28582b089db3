"""`recur` of an LSTM on chains of several lengths: all chains at once, step by step, without a row after any end.

The longest chains come first and rows lie in order of time, so that the chains that are alive are the first rows of the
step before. What a step hears, its input and the state before it, are one row, so that a step is one product there and
one back, and the gradients of all weights are one product for all rows. Bound by the products; a row keeps seven times
its hidden state and its input, where torch's own recurrence keeps fifteen.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.topology import Topology
from geonets.engine.kernels.loops import arrays, compiled, composed_gradients, refusal
from geonets.engine.kernels.recurrence import State, bucketed_recurrence, bucketed_sweep, chain_rule, layer_by_layer
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import CellWeights, RecurOperands, RecurSpec

WORTH = 2**21
"""Products that an average step must have to be worth its calls; the fused kernel's steps cost less, its rows more."""

LARGEST = np.float32(7.90531110763549805)
"""Where a hyperbolic tangent is one, in single precision."""
ABOVE = tuple(
    map(
        np.float32,
        (
            4.89352455891786e-03,
            6.37261928875436e-04,
            1.48572235717979e-05,
            5.12229709037114e-08,
            -8.60467152213735e-11,
            2.00018790482477e-13,
            -2.76076847742355e-16,
        ),
    )
)
BELOW = tuple(map(np.float32, (4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06)))


def chain_memories(call: Call) -> tuple[Tensor, State]:
    """Steps of an LSTM; where they are small, and in bfloat16, torch's own calls."""
    if torch.is_autocast_enabled("cpu") or not _is_worth(call.spec, call.operands, call.structure.topology):
        return bucketed_recurrence(call)
    return layer_by_layer(call, _sweep)


def _is_worth(spec: RecurSpec, operands: RecurOperands, topology: Topology) -> bool:
    if not topology.num_nodes:
        return False
    longest = topology.remember("longest", lambda: int(topology.node_counts.max()))
    products = 4 * spec.hidden_size * (spec.hidden_size + operands.x.shape[1])
    return topology.num_nodes * products >= WORTH * longest


@dataclasses.dataclass(frozen=True, eq=False)
class _Steps:
    """Chains that are not empty, the longest first, and their rows in order of time.

    Args:
        order: `(B,)` the chains.
        sizes: how many make each step.
        rows: `(N,)` the row of each step and chain.
        before: `(N,)` where the state before each stands among all states, of which the first `B` are the initial ones.
        after: `(N,)` where the next step of the same chain stands among `rows`, or -1.
        last: `(B,)` where each chain's last state stands among all states.
    """

    order: Tensor
    sizes: list[int]
    rows: Tensor
    before: Tensor
    after: Tensor
    last: Tensor

    @staticmethod
    def of(topology: Topology, reverse: bool) -> _Steps:
        """Counted from the ends of chains if `reverse`."""
        counts = topology.node_counts
        order = counts.argsort(descending=True, stable=True)
        order = order[: int((counts > 0).sum())]
        lengths, firsts = counts[order], topology.node_offsets[order]
        times = torch.arange(int(lengths[0]))[:, None]
        is_there = times < lengths
        rows = (firsts + (lengths - 1 - times if reverse else times))[is_there]
        sizes = is_there.sum(1)
        starts = torch.cat([torch.zeros(1, dtype=torch.long), len(order) + sizes.cumsum(0) - sizes])  # of states
        column = torch.arange(len(order)).expand_as(is_there)
        before = (starts[:-1, None] + column)[is_there]
        after, first = torch.full_like(rows, -1), len(order)
        after[before[first:] - first] = torch.arange(first, len(rows))
        return _Steps(order, sizes.tolist(), rows, before, after, starts[lengths] + column[0])


def _sweep(
    spec: RecurSpec, topology: Topology, reverse: bool, rows: Tensor, weights: CellWeights, start: Sequence[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    steps = topology.remember(("steps", reverse), lambda: _Steps.of(topology, reverse))
    bias = None if weights.b_ih is None or weights.b_hh is None else weights.b_ih + weights.b_hh

    def composed(x: Tensor, w_ih: Tensor, w_hh: Tensor, bias: Tensor | None, *first: Tensor) -> Tensor:
        known = [part.index_copy(0, steps.order, new) for part, new in zip(start, first, strict=True)]
        no_bias = None if bias is None else torch.zeros_like(bias)
        own = CellWeights(w_ih, w_hh, bias, no_bias)
        found, (_, memory) = bucketed_sweep(spec, topology, reverse, x, own, known)
        return torch.cat([found, memory.index_select(0, steps.order)])

    first = [part.index_select(0, steps.order) for part in start]
    made = _Sweep.apply(steps, composed, rows, weights.w_ih, weights.w_hh, bias, *first)
    assert isinstance(made, tuple)
    found, memory = made
    last = found.index_select(0, steps.rows.index_select(0, steps.last - len(first[0]))), memory
    return found, [part.index_copy(0, steps.order, new) for part, new in zip(start, last, strict=True)]


class _Sweep(torch.autograd.Function):
    """`(N, H)` hidden states and `(B, H)` last memories; the bias is `(4H,)` or None."""

    @staticmethod
    def forward(
        ctx: Any,
        steps: _Steps,
        composed: Callable[..., Tensor],
        x: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        bias: Tensor | None,
        *start: Tensor,
    ) -> tuple[Tensor, Tensor]:
        size, num_chains, width = w_hh.shape[1], len(steps.order), x.shape[1]
        weights = torch.cat([_cell_last(w_ih), _cell_last(w_hh)], 1).t().contiguous()
        b = x.new_zeros(4 * size) if bias is None else _cell_last(bias)
        heard, gates = x.new_empty(len(x), width + size), x.new_empty(len(x), 4 * size)
        memory, shown, found = (
            x.new_empty(num_chains + len(x), size),
            x.new_empty(len(x), size),
            x.new_empty(len(x), size),
        )
        heard[:, :width] = x.index_select(0, steps.rows)
        heard[:num_chains, width:], memory[:num_chains] = start
        keep, begin = compiled(_keep), 0
        across = arrays(gates, heard, memory, shown, found, steps.rows, steps.before, steps.after)
        parts = heard, gates, gates[:, : 3 * size]
        for known, own, opening in zip(*(part.split(steps.sizes) for part in parts), strict=True):
            torch.addmm(b, known, weights, out=own)
            opening.sigmoid_()
            end = begin + len(own)
            keep(begin, end, *across)
            begin = end
        ctx.save_for_backward(x, w_ih, w_hh, bias, *start, heard, gates, memory, shown)
        ctx.steps, ctx.composed = steps, composed
        return found, memory.index_select(0, steps.last)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        inputs, (heard, gates, memory, shown) = ctx.saved_tensors[:6], ctx.saved_tensors[6:]
        steps, needed, num_chains = ctx.steps, ctx.needs_input_grad[2:], len(ctx.steps.order)
        if torch.is_grad_enabled():
            return None, None, *composed_gradients(ctx.composed, inputs, needed, torch.cat(grads))
        weights, width = torch.cat([_cell_last(inputs[1]), _cell_last(inputs[2])], 1), inputs[0].shape[1]
        of_memory = grads[1].clone(memory_format=torch.contiguous_format)
        of_gates, of_heard = torch.empty_like(gates), torch.empty_like(heard)
        numbers = steps.rows, steps.before, steps.after
        across = arrays(gates, memory, shown, grads[0], *numbers, of_heard, of_memory, of_gates)
        release, end = compiled(_release), len(gates)
        for own, known in reversed(list(zip(*(part.split(steps.sizes) for part in (of_gates, of_heard)), strict=True))):
            begin = end - len(own)
            release(begin, end, *across)
            torch.mm(own, weights, out=known)
            end = begin
        of_x = of_w_x = of_w_h = of_bias = None
        if needed[0]:
            of_x = torch.empty_like(inputs[0], memory_format=torch.contiguous_format)
            of_x.index_copy_(0, steps.rows, of_heard[:, :width])
        if needed[1] or needed[2]:
            of_w_x, of_w_h = _cell_third((heard.t() @ of_gates).t()).split([width, memory.shape[1]], 1)
        if needed[3]:
            of_bias = _cell_third(of_gates.sum(0))
        return None, None, of_x, of_w_x, of_w_h, of_bias, of_heard[:num_chains, width:], of_memory


def _cell_last(gates: Tensor) -> Tensor:
    """i, f, o, g from torch's i, f, g, o: one call opens three gates."""
    i, f, g, o = gates.chunk(4)
    return torch.cat([i, f, o, g])


def _cell_third(gates: Tensor) -> Tensor:
    """The other way round."""
    i, f, o, g = gates.chunk(4)
    return torch.cat([i, f, g, o])


def _tanh(x: Any) -> Any:
    """In single precision, within some units in the last place: the quotient of polynomials that Eigen uses."""
    x = LARGEST if x > LARGEST else x
    x = -LARGEST if x < -LARGEST else x
    y = x * x
    above = ABOVE[0] + y * (ABOVE[1] + y * (ABOVE[2] + y * (ABOVE[3] + y * (ABOVE[4] + y * (ABOVE[5] + y * ABOVE[6])))))
    return x * above / (BELOW[0] + y * (BELOW[1] + y * (BELOW[2] + y * BELOW[3])))


def _keep(
    begin: int,
    end: int,
    gates: Any,
    heard: Any,
    memory: Any,
    shown: Any,
    found: Any,
    rows: Any,
    before: Any,
    after: Any,
) -> None:
    """The states after a step, from three gates that are open and the cell's that is not."""
    size, first, is_single = memory.shape[1], len(memory) - len(gates), gates.itemsize == 4
    for row in range(begin, end):
        i, f = gates[row, :size], gates[row, size : 2 * size]
        o, g = gates[row, 2 * size : 3 * size], gates[row, 3 * size :]
        known, c, h, seen = memory[before[row]], memory[first + row], found[rows[row]], shown[row]
        for k in range(size):
            g[k] = _tanh(g[k]) if is_single else math.tanh(g[k])
        for k in range(size):
            c[k] = f[k] * known[k] + i[k] * g[k]
        for k in range(size):
            seen[k] = _tanh(c[k]) if is_single else math.tanh(c[k])
        for k in range(size):
            h[k] = o[k] * seen[k]
        if after[row] >= 0:
            later = heard[after[row], heard.shape[1] - size :]
            for k in range(size):
                later[k] = h[k]


def _release(
    begin: int,
    end: int,
    gates: Any,
    memory: Any,
    shown: Any,
    of_found: Any,
    rows: Any,
    before: Any,
    after: Any,
    of_heard: Any,
    of_memory: Any,
    of_gates: Any,
) -> None:
    """The gradients of a step's gates, and of the memories before it in place of those after it."""
    size = memory.shape[1]
    for row in range(begin, end):
        i, f = gates[row, :size], gates[row, size : 2 * size]
        o, g = gates[row, 2 * size : 3 * size], gates[row, 3 * size :]
        of_i, of_f = of_gates[row, :size], of_gates[row, size : 2 * size]
        of_o, of_g = of_gates[row, 2 * size : 3 * size], of_gates[row, 3 * size :]
        seen, known, of_h, of_c = shown[row], memory[before[row]], of_found[rows[row]], of_memory[row - begin]
        for k in range(size):
            of_o[k] = of_h[k]  # of the hidden state, before it is that of the gate
        if after[row] >= 0:
            later = of_heard[after[row], of_heard.shape[1] - size :]
            for k in range(size):
                of_o[k] += later[k]
        for k in range(size):
            of_c[k] += of_o[k] * o[k] * (1 - seen[k] * seen[k])
        for k in range(size):
            of_o[k] *= seen[k] * o[k] * (1 - o[k])
        for k in range(size):
            of_i[k] = of_c[k] * g[k] * i[k] * (1 - i[k])
        for k in range(size):
            of_g[k] = of_c[k] * i[k] * (1 - g[k] * g[k])
        for k in range(size):
            of_f[k] = of_c[k] * known[k] * f[k] * (1 - f[k])
        for k in range(size):
            of_c[k] *= f[k]


def _rule(situation: Situation) -> bool | str | None:
    spec, answer = situation.spec, chain_rule(situation, uniform=False)
    if answer is not True:
        return answer
    if spec.cell != "lstm":
        return f"the cell is {spec.cell}, not lstm"
    if spec.proj_size:
        return "the output is projected"
    return "chains are of one length" if situation.uniform else refusal(situation) or True


RULES = (Rule(chain_memories, _rule),)
