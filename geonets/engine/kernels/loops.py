"""Compiled loops over edges: where they can run, and their second derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from geonets.core.loops import arrays, by_threads, compiled, is_there
from geonets.core.topology import EdgeList
from geonets.engine.rules import Situation

__all__ = ["DTYPES", "arrays", "by_threads", "compiled", "composed_gradients", "is_there", "refusal"]

SOME = 2**19
"""Numbers read of edges for which a thread of its own pays."""
DTYPES = (torch.float32, torch.float64)


def refusal(situation: Situation) -> str | None:
    """Why loops cannot run, or None."""
    if situation.device != "cpu":
        return f"compiled loops run on a CPU; the rows are on {situation.device}"
    if situation.dtype not in DTYPES:
        return f"compiled loops are made for float32 and float64; the rows are {situation.dtype}"
    if torch.compiler.is_compiling():
        return "a compiled loop is not traced by torch.compile"
    return None if is_there() else "numba is not installed: pip install 'geonets[fast]'"


def by_receivers(
    loop: Callable[..., Any], edges: EdgeList, width: int, own: Sequence[Any], others: Sequence[Any]
) -> None:
    """Run `loop(pointers, *own, *others)` for ranges of receivers, each on a thread of its own where edges are many.

    Args:
        loop: writes rows of its receivers and their edges, and no others.
        edges: who hears whom.
        width: numbers that are read of an edge.
        own: arrays with a row for each receiver, or None.
        others: whatever else the loop reads or writes.
    """
    (pointers,) = arrays(edges.pointers)

    def of_receivers(start: int, stop: int) -> None:
        loop(pointers[start : stop + 1], *[part if part is None else part[start:stop] for part in own], *others)

    by_threads(of_receivers, edges.pointers, max(SOME // max(width, 1), 1))


def by_columns(loop: Callable[..., Any], columns: int, work: int, given: Sequence[Any]) -> None:
    """Run `loop(first, last, *given)` for ranges of columns, which it adds to wherever they stand in rows.

    Args:
        loop: writes its columns, and no others.
        columns: how many there are.
        work: numbers that are read for a column.
        given: arrays of all rows.
    """

    def of_columns(first: int, last: int) -> None:
        loop(first, last, *given)

    by_threads(of_columns, range(0, columns * work + 1, max(work, 1)), SOME)


def composed_gradients(
    composed: Callable[..., Tensor], inputs: Sequence[Any], needed: Sequence[bool], grad: Tensor
) -> list[Tensor | None]:
    """The gradients of what torch's own operations would have computed: for those who differentiate a second time.

    Args:
        composed: the same function of the same inputs.
        inputs: as they were saved.
        needed: whether each input's gradient is asked for.
        grad: of the result.

    Returns:
        One for each input; None where it is not asked for.
    """
    with torch.enable_grad():  # one tensor may be several inputs: each gets its own part
        pairs = zip(inputs, needed, strict=True)
        inputs = [value.view_as(value) if is_needed else value for value, is_needed in pairs]
        result = composed(*inputs)
        wanted = [value for value, is_needed in zip(inputs, needed, strict=True) if is_needed]
        found = iter(torch.autograd.grad(result, wanted, grad, create_graph=True, materialize_grads=True))
    return [next(found) if is_needed else None for is_needed in needed]
