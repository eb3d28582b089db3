"""Drawings of a layer and a structure on which a kernel must run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import torch

import geonets as gn
from geonets.engine import plan
from geonets.engine.kernels import loops

Case = Callable[[Any], tuple[torch.nn.Module, gn.Structure]]
CASES: list[tuple[str, str, Case]] = []


def case(*rules: str) -> Callable[[Case], Case]:
    """Register a drawing of a layer and a structure on which the first of these rules that accepts must run."""

    def register(function: Case) -> Case:
        CASES.extend((rule, function.__name__, function) for rule in rules)
        return function

    return register


@contextlib.contextmanager
def without_loops() -> Iterator[None]:
    """As where numba is not installed: kernels of torch's own operations run instead of compiled loops."""
    with mock.patch.object(loops, "is_there", return_value=False), mock.patch.object(plan, "_decisions", {}):
        yield
