"""Moments of a batch norm whose rows are never made, kept where torch's own norm would keep them."""

from __future__ import annotations

from torch import Tensor, nn


def remember_moments(norm: nn.BatchNorm1d, mean: Tensor, var: Tensor, count: int) -> None:
    """Move the running statistics of a norm in training as `torch.nn.BatchNorm1d` does, the variance without bias.

    Args:
        norm: whose statistics move, if it trains and keeps any.
        mean: `(C,)` over all rows.
        var: `(C,)` likewise, divided by their number.
        count: how many rows, at least 2.
    """
    if not norm.training or norm.running_mean is None or norm.running_var is None:
        return
    assert norm.num_batches_tracked is not None
    norm.num_batches_tracked.add_(1)
    part = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean.to(norm.running_mean), part)
    norm.running_var.lerp_((var * (count / (count - 1))).to(norm.running_var), part)
