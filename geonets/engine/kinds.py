"""Rows that are the same: a function of them is computed once a kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.engine.kernels import loops


def few_kinds(rows: Tensor, most: int) -> tuple[Tensor, Tensor] | None:
    """The distinct rows, where they are few.

    Args:
        rows: `(E, C)`.
        most: how many kinds are few.

    Returns:
        `(K,)` numbers of the rows in which a kind first stands and the `(E,)` kind of each row; None where there are
        more kinds, or where it costs more to know: without compiled loops, where gradients are asked for, in a trace.

    Example:
        >>> first, kinds = few_kinds(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), 8)
        >>> first.tolist(), kinds.tolist()
        ([0, 1], [0, 1, 0])
    """
    learns = rows.requires_grad and torch.is_grad_enabled()
    if torch.compiler.is_compiling() or learns or rows.ndim != 2 or not len(rows):
        return None
    if rows.device.type != "cpu" or rows.dtype not in loops.DTYPES or not loops.is_there():
        return None
    first, kinds = np.empty(most, np.int64), np.empty(len(rows), np.int64)
    count = loops.compiled(_sort_out)(*loops.arrays(rows), first, kinds)
    return None if count > most else (torch.from_numpy(first[:count]), torch.from_numpy(kinds))


def _sort_out(rows: Any, first: Any, kinds: Any) -> int:
    """Compare each row with one of each kind; gives up when they are too many, which many numbers are at once."""
    count = 0
    for row in range(len(rows)):
        kind = 0
        while kind < count:
            channel = 0
            while channel < rows.shape[1] and rows[row, channel] == rows[first[kind], channel]:
                channel += 1
            if channel == rows.shape[1]:
                break
            kind += 1
        if kind == count:
            if count == len(first):
                return count + 1
            first[count] = row
            count += 1
        kinds[row] = kind
    return count
