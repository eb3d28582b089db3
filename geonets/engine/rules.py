"""What the planner decides by, and what a rule answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from geonets.core.structure import Structure


class Situation(NamedTuple):
    """All that a decision may read: never a size, never an edge.

    Args:
        spec: what the layer asks for.
        kind: the class of the receivers' topology.
        uniform: whether all its items have one size.
        source_kind: the class of the senders' topology.
        source_uniform: whether all its items have one size.
        device: `"cpu"`, `"cuda"`, ...
        dtype: of the rows.
        grad: whether gradients are recorded.
        periodic: whether some axis of the receivers' topology closes upon itself.
    """

    spec: Any
    kind: type
    uniform: bool
    source_kind: type
    source_uniform: bool
    device: str
    dtype: torch.dtype
    grad: bool
    periodic: bool = False


class Call(NamedTuple):
    """What a kernel computes on.

    Args:
        spec: what the layer asks for.
        operands: the tensors (and the user's callable) that come with it; the first of them has the rows.
        structure: whose nodes receive.
        source: whose nodes send; often the same structure.
        training: whether dropout applies.
    """

    spec: Any
    operands: Any
    structure: Structure
    source: Structure
    training: bool


@dataclasses.dataclass(frozen=True)
class Rule:
    """A kernel and when it may run.

    Args:
        kernel: computes a `Call`; its name is the kernel's name.
        accepts: answers True, a reason why not, or None where the kernel is for another kind of operation.
    """

    kernel: Callable[[Call], Any]
    accepts: Callable[[Situation], bool | str | None]

    @property
    def name(self) -> str:
        """The kernel's name."""
        return self.kernel.__name__
