"""Loops over edges, compiled when they are first run: one pass over memory where torch's operations need several."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.engine.rules import Situation

DTYPES = (torch.float32, torch.float64)


@functools.cache
def is_there() -> bool:
    """Whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def refusal(situation: Situation) -> str | None:
    """Why loops cannot run, or None."""
    if situation.device != "cpu":
        return f"compiled loops run on a CPU; the rows are on {situation.device}"
    if situation.dtype not in DTYPES:
        return f"compiled loops are made for float32 and float64; the rows are {situation.dtype}"
    if torch.compiler.is_compiling():
        return "a compiled loop is not traced by torch.compile"
    return None if is_there() else "numba is not installed: pip install 'geonets[fast]'"


@functools.cache
def compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy arrays as machine code, kept beside its file for the next process."""
    import numba

    return numba.njit(loop, cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})


def arrays(*tensors: Tensor | None) -> list[Any]:
    """The numbers of some tensors as loops read them: contiguous arrays over the same memory."""
    return [None if tensor is None else _array(tensor) for tensor in tensors]


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()


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
    with torch.enable_grad():
        result = composed(*inputs)
        wanted = [value for value, is_needed in zip(inputs, needed, strict=True) if is_needed]
        found = iter(torch.autograd.grad(result, wanted, grad, create_graph=True, materialize_grads=True))
    return [next(found) if is_needed else None for is_needed in needed]
