"""Drawings of a layer and a structure on which a kernel must run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn

Case = Callable[[Any], tuple[torch.nn.Module, gn.Structure]]
CASES: list[tuple[str, str, Case]] = []


def case(*rules: str) -> Callable[[Case], Case]:
    """Register a drawing of a layer and a structure on which the first of these rules that accepts must run."""

    def register(function: Case) -> Case:
        CASES.extend((rule, function.__name__, function) for rule in rules)
        return function

    return register
