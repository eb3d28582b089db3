"""What the steps of cases share: forward and backward, turns, and rows for torch's axes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn


def stepped(out: Tensor, wanted: Sequence[Tensor], cotangent: Tensor) -> list[Tensor]:
    """The output, and the gradients that follow from a given gradient of the output."""
    return [out, *torch.autograd.grad(out, list(wanted), cotangent)]


def turns(count: int) -> Callable[[], int]:
    """0, 1, ..., count - 1, and again: every call the next number."""
    numbers: Iterator[int] = itertools.cycle(range(count))
    return lambda: next(numbers)


def rows_of(images: Tensor) -> Tensor:
    """`(B, C, ...)` as rows `(B * ..., C)`."""
    return images.movedim(1, -1).reshape(-1, images.shape[1])


def images_of(rows: Tensor, count: int, *sizes: int) -> Tensor:
    """`(B * ..., C)` as `(B, C, ...)`."""
    return rows.reshape(count, *sizes, -1).movedim(-1, 1)


def weights_of(layer: nn.Module) -> list[Tensor]:
    """The parameters, in their order."""
    return list(layer.parameters())


def sorted_index(index: Tensor, count: int) -> Any:
    """PyG's `EdgeIndex`, sorted by receiver."""
    from torch_geometric import EdgeIndex

    new: Any = EdgeIndex
    return new(index, sparse_size=(count, count)).sort_by("col").values
