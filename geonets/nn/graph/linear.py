"""The ends of a network on edges or nodes: linear maps for fewer rows, and monotone tails for maxima."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from geonets.engine.spec import Tail
from geonets.nn.containers import ROW_BY_ROW, Sequential
from geonets.nn.layer import NodeWise
from geonets.nn.nodewise import MLP
from geonets.nn.norms import BatchNorm

Rows = Callable[[Tensor], Tensor]


def after_first_linear(network: Any) -> tuple[nn.Linear, Rows] | None:
    """The linear layer that `network` starts with, and the rest of it; None where it starts otherwise."""
    parts = _parts(network)
    return (parts[0], _in_turn(parts[1:])) if parts and _is_linear(parts[0]) else None


def before_last_linear(network: Any) -> tuple[Rows, nn.Linear] | None:
    """All of `network` but the linear layer that it ends with, and that layer; None where it ends otherwise."""
    parts = _parts(network)
    return (_in_turn(parts[:-1]), parts[-1]) if parts and _is_linear(parts[-1]) else None


def is_function_of_rows(network: Any) -> bool:
    """Whether equal rows are known to give equal rows: no chance, no statistics of all rows."""
    if not isinstance(network, nn.Module):
        return False
    parts = [part for part in network.modules() if type(part) not in (nn.Sequential, MLP, Sequential)]
    return all(_torchs(part) in ROW_BY_ROW and not (isinstance(part, nn.Dropout) and part.training) for part in parts)


def _torchs(part: nn.Module) -> type[nn.Module]:
    """The class of a torch module, which ours put `NodeWise` before."""
    return type(part).__bases__[-1] if isinstance(part, NodeWise) else type(part)


def before_tail(network: Any) -> tuple[Rows, Tail] | None:
    """All of `network` but what it ends with, and that, if it is a linear layer, perhaps a batch norm, and a monotone
    activation or none; None where it ends otherwise.
    """
    parts = _parts(network)
    act = parts.pop() if parts and _is_monotone(parts[-1]) else None
    norm = parts.pop() if parts and type(parts[-1]) in (nn.BatchNorm1d, BatchNorm) else None
    if not parts or not _is_linear(parts[-1]):
        return None
    return _in_turn(parts[:-1]), Tail(parts[-1], norm, act)


MONOTONE = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Identity)


def _is_monotone(part: Any) -> bool:
    """Whether it is known never to fall where its argument rises."""
    kind = _torchs(part) if isinstance(part, nn.Module) else None
    return kind in MONOTONE and getattr(part, "negative_slope", 0) >= 0 and getattr(part, "alpha", 0) >= 0


def _parts(network: Any) -> list[Any]:
    return [*network] if type(network) in (nn.Sequential, MLP, Sequential) else [network]


def _is_linear(part: Any) -> bool:
    """Whether it is nothing but `W x + b`: a reparametrised weight is computed when the layer itself is called."""
    return isinstance(part, nn.Linear) and "weight" in part._parameters


def _in_turn(parts: list[Any]) -> Rows:
    return lambda rows: functools.reduce(lambda given, part: part(given), parts, rows)
