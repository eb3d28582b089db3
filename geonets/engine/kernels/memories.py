"""`recur` of an LSTM on acyclic graphs: one step a level, and one backward pass over all levels.

What bounds it are the products. So nodes that hear nothing are multiplied with nothing, and the inputs' product and the
gradients of the weights are one product each for all nodes. Torch multiplies and opens the gates of a level; compiled
loops carry states along its edges. Gates lie in the order f, i, o, g: one call opens two, and f is open for each edge.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from geonets.core.topology import EdgeList, Topology
from geonets.engine.kernels.cells import State
from geonets.engine.kernels.levels import in_layers, level_by_level
from geonets.engine.kernels.loops import arrays, compiled, composed_gradients, refusal
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import CellWeights, RecurOperands, RecurSpec


def level_memories(call: Call) -> tuple[Tensor, tuple[Tensor, ...] | None]:
    """`c_i = sum_j f_ij c_j + i_i g_i` and `h_i = o_i tanh c_i`, all nodes of a level at once."""
    return in_layers(call, _swept)


@dataclasses.dataclass(frozen=True, eq=False)
class _Levels:
    """Nodes level by level, and the rows of states that they hear; initial states, if any, are the first rows.

    Args:
        order: `(N,)` nodes in the order of the levels.
        places: `(N,)` where each node stands in it.
        sizes: nodes of each level.
        counts: edges of each level.
        pointers: `(N+1,)` where the edges of each node start.
        senders: `(E,)` the row that each edge carries, by receiver.
        first: how many initial states there are.
        silent: how many nodes hear nothing; they are the first.
    """

    order: Tensor
    places: Tensor
    sizes: list[int]
    counts: list[int]
    pointers: Tensor
    senders: Tensor
    first: int
    silent: int

    @staticmethod
    def of(edges: EdgeList, items: Tensor | None, num_items: int) -> _Levels:
        """Work it out; `items` are given where nodes without predecessors hear an initial state."""
        order, sizes = torch.cat(edges.levels), [len(level) for level in edges.levels]
        places, first = torch.empty_like(order), 0 if items is None else num_items
        places[order] = torch.arange(len(order))
        degrees, senders, receivers = edges.degrees[order], places[edges.senders] + first, places[edges.receivers]
        if items is not None:
            sources = (degrees == 0).nonzero().squeeze(1)
            senders, receivers = torch.cat([senders, items[order[sources]]]), torch.cat([receivers, sources])
            degrees = degrees.clamp(min=1)
        pointers = torch.cat([degrees.new_zeros(1), degrees.cumsum(0)])
        counts = pointers[torch.tensor([0, *sizes]).cumsum(0)].diff().tolist()
        senders = senders[receivers.argsort(stable=True)]
        return _Levels(order, places, sizes, counts, pointers, senders, first, 0 if first else sizes[0])


def _swept(
    spec: RecurSpec,
    operands: RecurOperands,
    weights: CellWeights | None,
    topology: Topology,
    edges: EdgeList,
    rows: Tensor,
    start: State | None,
) -> State:
    assert weights is not None
    items, num_items = None if start is None else topology.item_ids, topology.num_items
    levels = edges.remember(("memories", start is None), lambda: _Levels.of(edges, items, num_items))
    bias = None if weights.b_ih is None or weights.b_hh is None else weights.b_ih + weights.b_hh

    def composed(x: Tensor, w_ih: Tensor, w_hh: Tensor, bias: Tensor | None, *start: Tensor | None) -> Tensor:
        own, known = CellWeights(w_ih, w_hh, bias), [part for part in start if part is not None]
        return torch.stack(level_by_level(spec, operands, own, topology, edges, x, known or None))

    given = weights.w_ih, weights.w_hh, bias, *(start or (None, None))
    with torch.autocast("cpu", enabled=False):  # memories add up over many nodes
        given = [None if part is None else part.to(rows.dtype) for part in given]
        states = _Sweep.apply(levels, composed, rows, *given)
    assert isinstance(states, Tensor)
    return list(states)


class _Sweep(torch.autograd.Function):
    """`(2, N, H)` hidden states and memories; the bias is `(4H,)` or None, and so are initial states, `(B, H)`."""

    @staticmethod
    def forward(
        ctx: Any,
        levels: _Levels,
        composed: Callable[..., Tensor],
        x: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        bias: Tensor | None,
        *start: Tensor | None,
    ) -> Tensor:
        size, first, silent = w_hh.shape[1], levels.first, levels.silent
        w_x, w_h, b = _forget_first(w_ih), _forget_first(w_hh), x.new_zeros(4 * size)
        b = b if bias is None else _forget_first(bias)
        rows = x.index_select(0, levels.order)
        gates, states = rows.new_empty(len(rows), 4 * size), rows.new_empty(2, first + len(rows), size)
        torch.addmm(b[size:], rows[:silent], w_x[size:].t(), out=gates[:silent, size:])
        torch.addmm(b, rows[silent:], w_x.t(), out=gates[silent:])
        for part, known in zip(states, start, strict=True):
            if known is not None:
                part[:first] = known
        sums, shown = rows.new_empty(2, len(rows), size)
        past, forget = rows.new_empty(2, len(levels.senders), size)
        hidden, memory = states
        across = arrays(levels.pointers, levels.senders, gates, hidden, memory, sums, past, forget)
        views = gates[:, size:], gates[:, size : 3 * size], *gates.split(size, 1)[2:], sums, shown
        by_node = zip(*(part.split(levels.sizes) for part in (*views, hidden[first:], memory[first:])), strict=True)
        by_edge = zip(past.split(levels.counts), forget.split(levels.counts), strict=True)
        w_own, w_forget, begin = w_h[size:].t(), w_h[:size].t(), 0
        for (own, opening, o, g, total, seen, h, c), (heard, kept) in zip(by_node, by_edge, strict=True):
            end = begin + len(h)
            if len(heard):
                compiled(_hear)(begin, end, *across)
                own.addmm_(total, w_own)
                kept.addmm_(heard, w_forget).sigmoid_()
            opening.sigmoid_()
            g.tanh_()
            compiled(_keep)(begin, end, *across)
            torch.mul(o, torch.tanh(c, out=seen), out=h)
            begin = end
        ctx.save_for_backward(x, w_ih, w_hh, bias, *start, rows, gates, memory, sums, shown, past, forget)
        ctx.levels, ctx.composed = levels, composed
        return states[:, first:].index_select(1, levels.places)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        inputs, (rows, gates, memory, sums, shown, past, forget) = ctx.saved_tensors[:6], ctx.saved_tensors[6:]
        levels, needed = ctx.levels, ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            return None, None, *composed_gradients(ctx.composed, inputs, needed, grads[0])
        w_x, w_h = _forget_first(inputs[1]), _forget_first(inputs[2])
        size, first, silent = memory.shape[1], levels.first, levels.silent
        of_states = memory.new_zeros(2, *memory.shape)
        of_states[:, first:] = grads[0].index_select(1, levels.order)
        of_gates, of_forget = torch.empty_like(gates), torch.empty_like(forget)
        of_sums, of_past = torch.empty_like(sums), torch.empty_like(past)
        known = arrays(levels.pointers, levels.senders, gates, memory, shown, forget)
        wanted = arrays(*of_states, of_gates, of_forget, of_sums, of_past)
        by_node = zip(of_gates[:, size:].split(levels.sizes), of_sums.split(levels.sizes), strict=True)
        by_edge = zip(of_forget.split(levels.counts), of_past.split(levels.counts), strict=True)
        end = len(rows)
        for (own, total), (kept, heard) in reversed(list(zip(by_node, by_edge, strict=True))):
            begin = end - len(own)
            compiled(_release)(begin, end, *known, *wanted)
            if len(heard):
                torch.mm(own, w_h[size:], out=total)
                torch.mm(kept, w_h[:size], out=heard)
                compiled(_answer)(begin, end, *known, *wanted)
            end = begin
        own, heard = of_gates[:, size:], of_gates[silent:, :size]
        of_x = of_w_x = of_w_h = of_bias = None
        if needed[0]:
            of_x = torch.empty_like(rows)
            torch.mm(own[:silent], w_x[size:], out=of_x[:silent])
            torch.mm(of_gates[silent:], w_x, out=of_x[silent:])
            of_x = of_x.index_select(0, levels.places)
        if needed[1]:
            of_w_x = _input_first(heard.t() @ rows[silent:], own.t() @ rows)
        if needed[2]:
            of_w_h = _input_first(of_forget.t() @ past, own[silent:].t() @ sums[silent:])
        if needed[3]:
            of_bias = _input_first(heard.sum(0), own.sum(0))
        of_start = of_states[:, :first] if first else (None, None)
        return None, None, of_x, of_w_x, of_w_h, of_bias, *of_start


def _forget_first(gates: Tensor) -> Tensor:
    """f, i, o, g from torch's i, f, g, o."""
    i, f, g, o = gates.chunk(4)
    return torch.cat([f, i, o, g])


def _input_first(f: Tensor, others: Tensor) -> Tensor:
    """The other way round, from f and the rest."""
    i, o, g = others.chunk(3)
    return torch.cat([i, f, g, o])


def _hear(
    begin: int,
    end: int,
    pointers: Any,
    senders: Any,
    gates: Any,
    hidden: Any,
    memory: Any,
    sums: Any,
    past: Any,
    forget: Any,
) -> None:
    """Hidden states along edges, their sums, and what the receiver's input contributes to each forget gate."""
    size = hidden.shape[1]
    for node in range(begin, end):
        for k in range(size):
            sums[node, k] = 0
        for edge in range(pointers[node], pointers[node + 1]):
            sender = senders[edge]
            for k in range(size):
                past[edge, k] = hidden[sender, k]
            for k in range(size):
                sums[node, k] += past[edge, k]
            for k in range(size):
                forget[edge, k] = gates[node, k]


def _keep(
    begin: int,
    end: int,
    pointers: Any,
    senders: Any,
    gates: Any,
    hidden: Any,
    memory: Any,
    sums: Any,
    past: Any,
    forget: Any,
) -> None:
    """The memory of nodes, whose rows come after those of initial states."""
    size = hidden.shape[1]
    first = len(memory) - len(gates)
    for node in range(begin, end):
        for k in range(size):
            memory[first + node, k] = gates[node, size + k] * gates[node, 3 * size + k]
        for edge in range(pointers[node], pointers[node + 1]):
            sender = senders[edge]
            for k in range(size):
                memory[first + node, k] += forget[edge, k] * memory[sender, k]


def _release(
    begin: int,
    end: int,
    pointers: Any,
    senders: Any,
    gates: Any,
    memory: Any,
    shown: Any,
    forget: Any,
    of_hidden: Any,
    of_memory: Any,
    of_gates: Any,
    of_forget: Any,
    of_sums: Any,
    of_past: Any,
) -> None:
    """The gradients of gates, and of the memories that were heard. Loops of few arrays, so that they are vectorised."""
    size = memory.shape[1]
    first = len(memory) - len(gates)
    for node in range(begin, end):
        row = first + node
        for k in range(size):
            seen = shown[node, k]
            of_memory[row, k] += of_hidden[row, k] * gates[node, 2 * size + k] * (1 - seen * seen)
        for k in range(size):
            o = gates[node, 2 * size + k]
            of_gates[node, 2 * size + k] = of_hidden[row, k] * shown[node, k] * o * (1 - o)
        for k in range(size):
            i, g = gates[node, size + k], gates[node, 3 * size + k]
            of_gates[node, size + k] = of_memory[row, k] * g * i * (1 - i)
        for k in range(size):
            i, g = gates[node, size + k], gates[node, 3 * size + k]
            of_gates[node, 3 * size + k] = of_memory[row, k] * i * (1 - g * g)
        for k in range(size):
            of_gates[node, k] = 0
        for edge in range(pointers[node], pointers[node + 1]):
            sender = senders[edge]
            for k in range(size):
                f = forget[edge, k]
                of_forget[edge, k] = of_memory[row, k] * memory[sender, k] * f * (1 - f)
            for k in range(size):
                of_gates[node, k] += of_forget[edge, k]
            for k in range(size):
                of_memory[sender, k] += of_memory[row, k] * forget[edge, k]


def _answer(
    begin: int,
    end: int,
    pointers: Any,
    senders: Any,
    gates: Any,
    memory: Any,
    shown: Any,
    forget: Any,
    of_hidden: Any,
    of_memory: Any,
    of_gates: Any,
    of_forget: Any,
    of_sums: Any,
    of_past: Any,
) -> None:
    """The gradients of the hidden states that were heard."""
    for node in range(begin, end):
        for edge in range(pointers[node], pointers[node + 1]):
            sender = senders[edge]
            for k in range(of_hidden.shape[1]):
                of_hidden[sender, k] += of_sums[node, k] + of_past[edge, k]


def _rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, RecurSpec) or spec.rounds:
        return None
    if spec.cell != "lstm":
        return f"the cell is {spec.cell}, not lstm"
    if spec.relations or spec.proj_size:
        return "each relation has weights of its own" if spec.relations else "the output is projected"
    return refusal(situation) or True


RULES = (Rule(level_memories, _rule),)
