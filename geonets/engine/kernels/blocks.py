"""`aggregate` of messages that a network makes of each edge by itself, for one block of edges after another.

A network passes its rows through memory once an operation; those of a block stay in the cache meanwhile. Each block has
a graph of torch's own, so that any network will do. Bound by the products with its weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, get_gradient_edge

from geonets.core.ranges import segment_sum
from geonets.core.topology import EdgeList
from geonets.engine.kernels.loops import arrays, compiled, composed_gradients, refusal
from geonets.engine.kernels.segments import messages_of, reduce_segments
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AggregateOperands, AggregateSpec

BLOCK = 2**18
"""How many numbers messages read of the senders in a block: 1 MB in single precision."""


class _Block(NamedTuple):
    """The edges from `start` to `stop`, and where the graph of their messages begins and ends.

    Args:
        start, stop: numbers of edges.
        read: for each of what messages read, the gradient's place in the graph, or None where none is needed: the
            rows themselves live on only if the network's own gradients read them.
        made: likewise of the messages; None where nothing learns.
    """

    start: int
    stop: int
    read: list[GradientEdge | None]
    made: GradientEdge | None


def sums_by_block(call: Call) -> Tensor:
    """`sum_{j -> i} psi(x_i, x_j, e_ij)`; edges that fit into one block are reduced as elsewhere."""
    operands, edges = call.operands, call.spec.neighborhood.edges(call.structure, call.source)
    if edges.num_edges <= _step(operands):
        return reduce_segments(call)
    receivers = operands.senders if operands.receivers is None else operands.receivers
    rows = {"sender": operands.senders, "receiver": receivers, "edge": operands.edges}
    sums = _Sums.apply(call.spec, operands, edges, *[rows[part] for part in call.spec.reads], *operands.weights)
    assert isinstance(sums, Tensor)
    return sums


class _Sums(torch.autograd.Function):
    """The blocks' graphs are kept for the first backward pass, which frees them one by one; a second makes new ones."""

    @staticmethod
    def forward(ctx: Any, spec: AggregateSpec, operands: AggregateOperands, edges: EdgeList, *inputs: Tensor) -> Tensor:
        ctx.save_for_backward(*inputs)
        ctx.asked, ctx.blocks, needed = (spec, operands, edges), [], ctx.needs_input_grad[3:]
        sums, add = None, compiled(_add)
        for block, made in _blocks(spec, operands, edges, inputs, needed):
            if sums is None:
                sums = made.new_zeros(edges.num_receivers, made.shape[1])
            add(*arrays(made, edges.receivers[block.start : block.stop], sums))
            if any(needed):
                ctx.blocks.append(block)
        assert sums is not None
        return sums

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        (grad,), inputs, needed = grads, ctx.saved_tensors, ctx.needs_input_grad[3:]
        spec, operands, edges = ctx.asked
        if torch.is_grad_enabled():

            def composed(*_: Tensor) -> Tensor:
                return segment_sum(messages_of(spec, operands, edges), edges.pointers, edges.receivers)

            return None, None, None, *composed_gradients(composed, inputs, needed, grad)
        kept, ctx.blocks = ctx.blocks[::-1], []
        anew = (block for block, _ in _blocks(spec, operands, edges, inputs, needed))
        blocks = _popped(kept) if kept else anew
        return None, None, None, *_gradients(spec, edges, inputs, needed, grad, blocks)


def _blocks(
    spec: AggregateSpec,
    operands: AggregateOperands,
    edges: EdgeList,
    inputs: Sequence[Tensor],
    needed: Sequence[bool],
) -> Iterator[tuple[_Block, Tensor]]:
    """Each block with its messages."""
    assert operands.message is not None
    step, ends, learns = _step(operands), _ends(edges), any(needed)
    asked = zip(spec.reads, inputs, needed, strict=False)  # weights come behind
    leaves = [(part, rows.detach().requires_grad_(is_needed)) for part, rows, is_needed in asked]
    for start in range(0, edges.num_edges, step):
        stop = min(start + step, edges.num_edges)
        with torch.set_grad_enabled(learns):
            read = [
                rows[start:stop] if part == "edge" else rows.index_select(0, ends[part][start:stop])
                for part, rows in leaves
            ]
            places = [get_gradient_edge(rows) if rows.requires_grad else None for rows in read]
            made = operands.message(*read)
        read.clear()
        yield _Block(start, stop, places, get_gradient_edge(made) if learns else None), made


def _popped(blocks: list[_Block]) -> Iterator[_Block]:
    while blocks:
        yield blocks.pop()


def _gradients(
    spec: AggregateSpec,
    edges: EdgeList,
    inputs: Sequence[Tensor],
    needed: Sequence[bool],
    grad: Tensor,
    blocks: Iterable[_Block],
) -> list[Tensor | None]:
    sums = [torch.zeros_like(rows, memory_format=torch.contiguous_format) for rows in inputs]
    wanted, ends, add = [place for place, is_needed in enumerate(needed) if is_needed], _ends(edges), compiled(_add)
    for start, stop, read, made in blocks:
        assert made is not None
        begins: list[Any] = [*read, *inputs[len(read) :]]
        given = grad.index_select(0, edges.receivers[start:stop])
        found = torch.autograd.grad([made], [begins[place] for place in wanted], [given], allow_unused=True)
        for place, part in zip(wanted, found, strict=True):
            if part is None:
                continue
            if place >= len(read):
                sums[place] += part
            elif spec.reads[place] == "edge":
                sums[place][start:stop] = part
            else:
                add(*arrays(part, ends[spec.reads[place]][start:stop], sums[place]))
    return [rows if is_needed else None for rows, is_needed in zip(sums, needed, strict=True)]


def _ends(edges: EdgeList) -> dict[str, Tensor]:
    return {"sender": edges.senders, "receiver": edges.receivers}


def _step(operands: AggregateOperands) -> int:
    """How many edges a block has."""
    return max(BLOCK // max(operands.senders.shape[1], 1), 1)


def _add(rows: Any, places: Any, sums: Any) -> None:
    for row in range(len(rows)):
        place = places[row]
        for channel in range(sums.shape[1]):
            sums[place, channel] += rows[row, channel]


def _rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AggregateSpec) or not spec.by_edge:
        return None
    if spec.reduce != "sum":
        return f"the reduction is {', '.join(spec.reductions)}; blocks are summed"
    return refusal(situation) or True


RULES = (Rule(sums_by_block, _rule),)
