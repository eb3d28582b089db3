"""Loops over rows, compiled when they are first run: one pass over memory where torch's operations need several."""

from __future__ import annotations

import bisect
import concurrent.futures
import functools
import importlib.util
import itertools
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

LOOSE = {"contract", "reassoc", "nsz"}
"""How sums may be written anew: fused, in another order, whatever the sign of a zero."""


@functools.cache
def is_there() -> bool:
    """Whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def is_loaded() -> bool:
    """Whether numba has been imported: that takes half a second and 130 MB, more than a first batch from a file may."""
    return "numba" in sys.modules


def can_run(device: torch.device) -> bool:
    """Whether loops are to be had for tensors that live there: on a CPU, where numba is, outside torch.compile."""
    return device.type == "cpu" and is_there() and not torch.compiler.is_compiling()


@functools.cache
def compiled(loop: Callable[..., Any], exact: bool = False) -> Callable[..., Any]:
    """A function of NumPy arrays as machine code, kept beside its file for the next process.

    Args:
        loop: the function; functions of its own file that it calls are compiled with it.
        exact: whether every number is rounded as it is written, as torch's own operations round it.
    """
    import numba

    assert isinstance(loop, types.FunctionType)
    named = {name: loop.__globals__.get(name) for name in loop.__code__.co_names}
    called = {
        name: compiled(value, exact)
        for name, value in named.items()
        if isinstance(value, types.FunctionType) and value.__module__ == loop.__module__ and value is not loop
    }
    whole = types.FunctionType(loop.__code__, {**loop.__globals__, **called}, loop.__name__, loop.__defaults__)
    whole.__module__ = loop.__module__
    whole.__qualname__ = f"{loop.__qualname__}{'.exact' * exact}"  # the name under which the machine code is kept
    return numba.njit(whole, cache=True, nogil=True, error_model="numpy", fastmath=set() if exact else LOOSE)


def by_threads(part: Callable[[int, int], object], offsets: Tensor | range, least: int) -> None:
    """Call `part(start, stop)` for ranges of rows that make up all, each on a thread of its own where work is plenty.

    Loops let go of Python's lock, so they run side by side when no two of them write the same numbers; the result is
    then that of one thread. Threads live as long as the call: a process that is forked later has none to miss.

    Args:
        part: what to do with some rows.
        offsets: `(N + 1,)` how much work stands before each row, and after the last.
        least: the work for which a thread of its own pays.
    """
    rows, threads = len(offsets) - 1, torch.get_num_threads()
    total = int(offsets[-1]) if threads > 1 else 0
    threads = min(threads, total // least)
    if threads <= 1:
        part(0, rows)
        return
    work: Any = offsets if isinstance(offsets, range) else offsets.numpy()
    bounds = [0, *[bisect.bisect_left(work, share * total // threads) for share in range(1, threads)], rows]
    with concurrent.futures.ThreadPoolExecutor(threads - 1) as pool:
        others = [pool.submit(part, *ends) for ends in itertools.pairwise(bounds[1:])]
        part(bounds[0], bounds[1])
        for other in others:
            other.result()


def arrays(*tensors: Tensor | None) -> list[Any]:
    """The numbers of some tensors as loops read them: contiguous arrays over the same memory."""
    return [None if tensor is None else _array(tensor) for tensor in tensors]


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()
