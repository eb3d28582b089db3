"""The same small network for us and for PyG."""

from __future__ import annotations

import itertools
from typing import Any

import torch

import geonets as gn


def network(*widths: int) -> Any:
    return gn.nn.MLP(list(widths))


def torch_network(*widths: int) -> Any:
    layers: list[torch.nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])
