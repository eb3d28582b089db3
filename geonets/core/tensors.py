"""`as_tensor`: whatever holds numbers, as a tensor, without a copy where that can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import DtypeError

WIDER = {torch.uint16: torch.int32, torch.uint32: torch.int64, torch.uint64: torch.int64}
"""Dtypes that most of torch's operations lack, and what holds the same numbers."""


def as_tensor(value: Any, name: str) -> Tensor:
    """A tensor as it is, an array or anything that speaks DLPack as a tensor on the same memory, numbers as a new one.

    An array is copied only where torch cannot share its memory: if it is read-only, runs backwards, or is in the other
    byte order. Unsigned numbers of more than 8 bits, which torch can hold but hardly compute with, become signed ones
    of twice the width, at most 64 bits.

    Args:
        value: a tensor, a NumPy array, an object with `__dlpack__` (of JAX, CuPy, TensorFlow, ...), or nested numbers.
        name: the argument's name, for the message.

    Raises:
        DtypeError: if it is none of these, or holds what is no number.

    Example:
        >>> as_tensor(np.arange(3)[::-1], "x")
        tensor([2, 1, 0])
    """
    if isinstance(value, Tensor):
        return value
    try:
        if isinstance(value, np.ndarray):
            return _signed(torch.from_numpy(_shareable(value)))
        if hasattr(value, "__dlpack__") and not isinstance(value, np.generic):
            return _signed(torch.from_dlpack(value))
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise DtypeError(
            f"`{name}` must be a tensor or an array; got {type(value).__name__} ({error}). Convert it."
        ) from None


def _shareable(array: np.ndarray) -> np.ndarray:
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    backwards = any(stride < 0 for stride in native.strides)
    return native if native.flags.writeable and not backwards else native.copy()


def _signed(tensor: Tensor) -> Tensor:
    kind = WIDER.get(tensor.dtype)
    if kind is None:
        return tensor
    wider = tensor.to(kind)
    if tensor.dtype == torch.uint64 and wider.numel() and int(wider.min()) < 0:
        raise TypeError("whole numbers beyond 63 bits")
    return wider
