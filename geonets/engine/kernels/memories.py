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

from geonets.core.topology import Chain, EdgeList, Topology
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
        places[order] = torch.arange(len(order), device=order.device)
        degrees, senders, receivers = edges.degrees[order], places[edges.senders] + first, places[edges.receivers]
        if items is not None:
            sources = (degrees == 0).nonzero().squeeze(1)
            senders, receivers = torch.cat([senders, items[order[sources]]]), torch.cat([receivers, sources])
            degrees = degrees.clamp(min=1)
        pointers = torch.cat([degrees.new_zeros(1), degrees.cumsum(0)])
        counts = pointers[torch.tensor([0, *sizes], device=order.device).cumsum(0)].diff().tolist()
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
        return level_by_level(spec, operands, own, topology, edges, x, known or None)[0]

    given = weights.w_ih, weights.w_hh, bias, *(start or (None, None))
    with torch.autocast("cpu", enabled=False):  # memories add up over many nodes
        given = [None if part is None else part.to(rows.dtype) for part in given]
        hidden = _Sweep.apply(levels, composed, rows, *given)
    assert isinstance(hidden, Tensor)
    return [hidden]


class _Sweep(torch.autograd.Function):
    """`(N, H)` hidden states; the bias is `(4H,)` or None, and so are initial states, `(B, H)`."""

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
        gates, (hidden, memory) = rows.new_empty(len(rows), 4 * size), rows.new_empty(2, first + len(rows), size)
        torch.addmm(b[size:], rows[:silent], w_x[size:].t(), out=gates[:silent, size:])
        torch.addmm(b, rows[silent:], w_x.t(), out=gates[silent:])
        for part, known in zip((hidden, memory), start, strict=True):
            if known is not None:
                part[:first] = known
        sums, shown = rows.new_empty(2, len(rows), size)
        past, forget = rows.new_empty(2, len(levels.senders), size)
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
        return hidden[first:].index_select(0, levels.places)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        inputs, (rows, gates, memory, sums, shown, past, forget) = ctx.saved_tensors[:6], ctx.saved_tensors[6:]
        levels, needed = ctx.levels, ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            return None, None, *composed_gradients(ctx.composed, inputs, needed, grads[0])
        w_x, w_h = _forget_first(inputs[1]), _forget_first(inputs[2])
        size, first, silent = memory.shape[1], levels.first, levels.silent
        of_hidden, of_memory = grads[0].index_select(0, levels.order), torch.zeros_like(memory)
        of_hidden = torch.cat([torch.zeros_like(memory[:first]), of_hidden]) if first else of_hidden
        of_gates, of_forget = torch.empty_like(gates), torch.empty_like(forget)
        known = arrays(levels.pointers, levels.senders, gates, memory, shown, forget)
        wanted = arrays(of_hidden, of_memory, of_gates, of_forget)
        end = len(rows)
        by_level = zip(of_gates[:, size:].split(levels.sizes), of_forget.split(levels.counts), strict=True)
        for own, kept in reversed(list(by_level)):
            begin = end - len(own)
            compiled(_release)(begin, end, *known, *wanted)
            if len(kept):
                compiled(_answer)(begin, end, *known[:2], *arrays(own @ w_h[size:], kept @ w_h[:size]), wanted[0])
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
        of_start = (of_hidden[:first], of_memory[:first]) if first else (None, None)
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
        total, given = sums[node], gates[node, :size]
        total[:] = 0
        for edge in range(pointers[node], pointers[node + 1]):
            heard, known, kept = past[edge], hidden[senders[edge]], forget[edge]
            for k in range(size):
                heard[k] = known[k]
                total[k] += known[k]
            for k in range(size):
                kept[k] = given[k]


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
    size, first = hidden.shape[1], len(memory) - len(gates)
    for node in range(begin, end):
        own, i, g = memory[first + node], gates[node, size : 2 * size], gates[node, 3 * size :]
        for k in range(size):
            own[k] = i[k] * g[k]
        for edge in range(pointers[node], pointers[node + 1]):
            kept, known = forget[edge], memory[senders[edge]]
            for k in range(size):
                own[k] += kept[k] * known[k]


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
) -> None:
    """The gradients of gates, and of the memories that were heard. Loops of few arrays, so that they are vectorised."""
    size, first = memory.shape[1], len(memory) - len(gates)
    for node in range(begin, end):
        i, o, g = gates[node, size : 2 * size], gates[node, 2 * size : 3 * size], gates[node, 3 * size :]
        of_i, of_o = of_gates[node, size : 2 * size], of_gates[node, 2 * size : 3 * size]
        of_f, of_g = of_gates[node, :size], of_gates[node, 3 * size :]
        seen, of_h, of_c = shown[node], of_hidden[first + node], of_memory[first + node]
        for k in range(size):
            of_c[k] += of_h[k] * o[k] * (1 - seen[k] * seen[k])
        for k in range(size):
            of_o[k] = of_h[k] * seen[k] * o[k] * (1 - o[k])
        for k in range(size):
            of_i[k] = of_c[k] * g[k] * i[k] * (1 - i[k])
        for k in range(size):
            of_g[k] = of_c[k] * i[k] * (1 - g[k] * g[k])
        if pointers[node] < pointers[node + 1]:
            of_f[:] = 0
        for edge in range(pointers[node], pointers[node + 1]):
            sender = senders[edge]
            known, kept, of_kept, of_known = memory[sender], forget[edge], of_forget[edge], of_memory[sender]
            for k in range(size):
                of_kept[k] = of_c[k] * known[k] * kept[k] * (1 - kept[k])
            for k in range(size):
                of_f[k] += of_kept[k]
            for k in range(size):
                of_known[k] += of_c[k] * kept[k]


def _answer(begin: int, end: int, pointers: Any, senders: Any, of_sums: Any, of_past: Any, of_hidden: Any) -> None:
    """The gradients of the hidden states that a level heard, from those of their sums and of its forget gates."""
    for node in range(begin, end):
        together = of_sums[node - begin]
        for edge in range(pointers[node], pointers[node + 1]):
            known, apart = of_hidden[senders[edge]], of_past[edge - pointers[begin]]
            for k in range(len(known)):
                known[k] += together[k] + apart[k]


def _rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, RecurSpec) or spec.rounds:
        return None
    if spec.cell != "lstm":
        return f"the cell is {spec.cell}, not lstm"
    if spec.relations or spec.proj_size:
        return "each relation has weights of its own" if spec.relations else "the output is projected"
    if situation.kind is Chain:
        return "chains are asked for their last memories"
    return refusal(situation) or True


RULES = (Rule(level_memories, _rule),)
