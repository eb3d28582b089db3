"""What a `convolve` asks for, and the tensors that come with it."""

from __future__ import annotations

import dataclasses

from torch import Tensor

from geonets.core.neighborhoods import Neighborhood


@dataclasses.dataclass(frozen=True)
class ConvolveSpec:
    """`y_i = b + sum_k sum_{j -> i, type k} W_k x_j`, in `groups` of channels that do not mix.

    Args:
        neighborhood: which nodes are heard; its edge type chooses the weight.
        groups: as in `torch.nn.Conv2d`.
    """

    neighborhood: Neighborhood
    groups: int = 1


@dataclasses.dataclass(frozen=True)
class ConvolveOperands:
    """Tensors of a `convolve`.

    Args:
        x: `(N, C_in)` rows of the senders.
        weight: `(C_out, C_in / groups, *kernel_size)`.
        bias: `(C_out,)` or None.
    """

    x: Tensor
    weight: Tensor
    bias: Tensor | None
