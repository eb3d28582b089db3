"""The ends of a network on edges or nodes: linear maps for fewer rows, and monotone tails for maxima."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from geonets.engine.spec import Tail, Update
from geonets.nn.containers import ROW_BY_ROW, Sequential
from geonets.nn.layer import NodeWise
from geonets.nn.nodewise import MLP

Rows = Callable[[Tensor], Tensor]


def after_first_linear(network: Any) -> tuple[nn.Linear, Rows] | None:
    """The linear layer that `network` starts with, and the rest of it; None where it starts otherwise or has hooks."""
    parts = parts_of(network)
    return (parts[0], _in_turn(parts[1:])) if parts and _is_linear(parts[0]) and not has_hooks(network) else None


def before_last_linear(network: Any) -> tuple[Rows, nn.Linear] | None:
    """All of `network` but the linear layer that it ends with, and that; None where it ends otherwise or has hooks."""
    parts = parts_of(network)
    return (_in_turn(parts[:-1]), parts[-1]) if parts and _is_linear(parts[-1]) and not has_hooks(network) else None


def is_function_of_rows(network: Any) -> bool:
    """Whether equal rows are known to give equal rows: no chance, no statistics of all rows, no hooks."""
    if not isinstance(network, nn.Module) or has_hooks(network):
        return False
    parts = [part for part in network.modules() if type(part) not in (nn.Sequential, MLP, Sequential)]
    return all(class_of(part) in ROW_BY_ROW and not (isinstance(part, nn.Dropout) and part.training) for part in parts)


def before_tail(network: Any) -> tuple[Rows, Tail] | None:
    """All of `network` but what it ends with, and that, if it is a linear layer, perhaps a batch norm, and a monotone
    activation or none; None where it ends otherwise or has hooks.
    """
    parts = parts_of(network)
    act = parts.pop() if parts and never_falls(parts[-1]) else None
    norm = parts.pop() if parts and class_of(parts[-1]) is nn.BatchNorm1d else None
    if not parts or not _is_linear(parts[-1]) or has_hooks(network):
        return None
    return _in_turn(parts[:-1]), Tail(parts[-1], norm, act)


def has_hooks(network: nn.Module) -> bool:
    """Whether some module of `network` has hooks, which are to be called once, with all rows."""
    kinds = "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"
    return any(getattr(part, kind) for part in network.modules() for kind in kinds)


RISING = (nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.Tanh, nn.Sigmoid, nn.Softplus)


def never_falls(part: Any) -> bool:
    """Whether a function of entries is known never to fall where its argument rises."""
    return class_of(part) in RISING and all(getattr(part, name, 0) >= 0 for name in ("negative_slope", "alpha"))


def class_of(part: Any) -> type:
    """The class of a torch module, which ours put `NodeWise` before."""
    return type(part).__bases__[-1] if isinstance(part, NodeWise) else type(part)


def parts_of(network: Any) -> list[Any]:
    """The modules that run one after another; what is no sequence is one part."""
    return [*network] if type(network) in (nn.Sequential, MLP, Sequential) else [network]


def _is_linear(part: Any) -> bool:
    """Whether it is nothing but `W x + b`: a reparametrised weight is computed when the layer itself is called."""
    return isinstance(part, nn.Linear) and "weight" in part._parameters


def update_of(heard: nn.Module, own: nn.Module | None, rows: Tensor) -> Update | None:
    """What two linear layers make of what is heard and of the own `rows`; None where one has to be called itself."""
    for part in (heard, own):
        if part is not None and (type(part) is not nn.Linear or not _is_linear(part) or has_hooks(part)):
            return None
    assert isinstance(heard, nn.Linear) and (own is None or isinstance(own, nn.Linear))
    return Update(heard.weight, heard.bias, *((None, None) if own is None else (own.weight, rows)))


def _in_turn(parts: list[Any]) -> Rows:
    return lambda rows: functools.reduce(lambda given, part: part(given), parts, rows)
