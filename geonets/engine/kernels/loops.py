"""Compiled loops over edges: where they can run, and their second derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from geonets.core.loops import arrays, compiled, is_there
from geonets.engine.rules import Situation

__all__ = ["DTYPES", "arrays", "compiled", "composed_gradients", "is_there", "refusal"]

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
