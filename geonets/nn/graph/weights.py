"""How PyG starts its weights."""

from __future__ import annotations

import math

from torch import Tensor, nn


def glorot_linear(in_channels: int, out_channels: int, bias: bool = False) -> nn.Linear:
    """A linear layer started by `glorot`, its bias as torch does."""
    linear = nn.Linear(in_channels, out_channels, bias=bias)
    glorot(linear.weight)
    return linear


def glorot(weight: Tensor) -> Tensor:
    """Uniform initialisation of Glorot & Bengio 2010, over the last two axes."""
    bound = math.sqrt(6 / (weight.shape[-2] + weight.shape[-1]))
    return nn.init.uniform_(weight, -bound, bound)
