"""What a `convolve` asks for, and the tensors that come with it."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from torch import Tensor

from geonets.core.neighborhoods import Neighborhood
from geonets.core.options import one_of


@dataclasses.dataclass(frozen=True)
class ConvolveSpec:
    """`y_i = b + sum_{j -> i} sum_k a_ijk W_k x_j`, in `groups` of channels that do not mix.

    Args:
        neighborhood: which nodes are heard.
        groups: as in `torch.nn.Conv2d`.
        influence: what an edge has of each weight. `"typed"`: all of the one that its type chooses, as in a lattice
            window; `"chosen"`: all of the one that the operands choose; `"weighted"`: a number times the one of its
            type, as in a relational mean; `"soft"`: a number of each, as in a kernel-point convolution. The numbers
            are among the operands.
    """

    neighborhood: Neighborhood
    groups: int = 1
    influence: str = "typed"

    def __post_init__(self) -> None:
        one_of("influence", self.influence, ("typed", "chosen", "weighted", "soft"))


class ConvolveOperands(NamedTuple):
    """Tensors of a `convolve`.

    Args:
        x: `(N, C_in)` rows of the senders.
        weight: `(C_out, C_in / groups, *kernel_size)`; `K` is the product of the kernel size.
        bias: `(C_out,)` or None.
        influence: `a` in receiver order: `(E,)` where it is `"weighted"`, `(E, K)` where it is `"soft"`; where it is
            `"chosen"`, the `(E,)` numbers of the weights.
    """

    x: Tensor
    weight: Tensor
    bias: Tensor | None
    influence: Tensor | None = None


def swap_channels(weight: Tensor, groups: int) -> Tensor:
    """`(C_out, C_in / groups, ...)` weights from torch's `(C_in, C_out / groups, ...)` of a transposed convolution.

    The same the other way round.
    """
    if groups == 1:
        return weight.transpose(0, 1)
    return weight.unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
