"""Reductions over sorted segments of rows; each can be differentiated twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class _SegmentSum(torch.autograd.Function):
    """Sum of sorted rows per segment; its gradient is a gather, whose gradient is this sum again."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, offsets: Tensor, segments: Tensor) -> Tensor:
        ctx.save_for_backward(offsets, segments)
        rows = torch.arange(len(values), device=values.device)
        return torch.nn.functional.embedding_bag(rows, values, offsets, mode="sum", include_last_offset=True)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        _, segments = ctx.saved_tensors
        return grads[0].index_select(0, segments), None, None


def segment_sum(values: Tensor, offsets: Tensor, segments: Tensor) -> Tensor:
    """Sum the rows of each segment.

    Args:
        values: `(E, ...)` rows sorted by segment.
        offsets: `(S+1,)` where each segment starts.
        segments: `(E,)` the segment of each row.

    Returns:
        `(S, ...)`; a segment without rows gives 0.

    Example:
        >>> segment_sum(torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([0, 2, 2, 3]), torch.tensor([0, 0, 2]))
        tensor([[3.],
                [0.],
                [4.]])
    """
    num_segments = len(offsets) - 1
    if not len(values) or not num_segments or values[:1].numel() == 0:
        return values.sum() + values.new_zeros(num_segments, *values.shape[1:])
    sums = _SegmentSum.apply(_flat(values), offsets, segments)
    assert isinstance(sums, Tensor)
    return sums.reshape(num_segments, *values.shape[1:])


def segment_mean(values: Tensor, offsets: Tensor, segments: Tensor) -> Tensor:
    """Mean of the rows of each segment; 0 for a segment without rows. Arguments as in `segment_sum`."""
    return segment_sum(values, offsets, segments) / _counts(values, offsets)


def segment_var(values: Tensor, offsets: Tensor, segments: Tensor, mean: Tensor) -> Tensor:
    """Mean square distance of each segment's rows from their `mean`; 0 for one row or none.

    Two passes: the difference of `mean(x^2)` and `mean(x)^2` would be lost in rounding where the mean is large.
    Arguments as in `segment_sum`.
    """
    with torch.no_grad():  # what rounding took from the mean, so that equal rows have a variance of exactly 0
        lost = segment_mean(values - mean.index_select(0, segments), offsets, segments)
    centred = values - (mean + lost).index_select(0, segments)
    return segment_mean(centred.square(), offsets, segments)


def segment_softmax(values: Tensor, offsets: Tensor, segments: Tensor, temperature: Tensor | float) -> Tensor:
    """`sum_j softmax_j(t x_j) x_j` in each channel; 0 for a segment without rows. Arguments as in `segment_sum`."""
    scores = values * temperature
    with torch.no_grad():
        peaks = _peaks(_flat(scores), segments, len(offsets) - 1).reshape(-1, *values.shape[1:])
    weights = (scores - peaks.index_select(0, segments)).exp()
    totals = segment_sum(weights, offsets, segments)  # at least 1, the peak's own
    return segment_sum(weights * values, offsets, segments) / totals.clamp(min=1)


def segment_max(values: Tensor, offsets: Tensor, segments: Tensor) -> Tensor:
    """Largest row entry of each segment; 0 for a segment without rows. Arguments as in `segment_sum`.

    Of equal entries the first takes the whole gradient, as in `max_pool`.
    """
    num_rows, num_segments = len(values), len(offsets) - 1
    if not num_rows or not num_segments:
        return values.sum() + values.new_zeros(num_segments, *values.shape[1:])
    flat = _flat(values)
    index = segments[:, None].expand_as(flat)
    with torch.no_grad():
        peaks = _peaks(flat, segments, num_segments)
        row_numbers = torch.arange(num_rows, device=values.device)[:, None].expand_as(flat)
        is_peak = (flat == peaks.index_select(0, segments)) | flat.isnan()
        rows = row_numbers.masked_fill(~is_peak, num_rows)
        first = rows.new_full(peaks.shape, num_rows).scatter_reduce(0, index, rows, "amin")
    filled = (offsets[1:] > offsets[:-1])[:, None]
    found = first.clamp(max=num_rows - 1)
    return torch.where(filled, flat.gather(0, found), flat.new_zeros(())).reshape(num_segments, *values.shape[1:])


def segment_min(values: Tensor, offsets: Tensor, segments: Tensor) -> Tensor:
    """Smallest row entry of each segment; 0 for a segment without rows. Arguments as in `segment_sum`."""
    return -segment_max(-values, offsets, segments)


def segment_reduce(
    reductions: tuple[str, ...],
    values: Tensor,
    offsets: Tensor,
    segments: Tensor,
    temperature: Tensor | float = 1.0,
    least_std: float = 0.0,
) -> Tensor:
    """Several reductions of the same rows, joined along the channels; what they share is computed once.

    Args:
        reductions: of `sum mean max min var std softmax`.
        values, offsets, segments: as in `segment_sum`.
        temperature: `t` of the softmax.
        least_std: a standard deviation up to this is taken for 0.

    Returns:
        `(S, ..., R C)`; a segment without rows gives 0.

    Example:
        >>> rows, offsets, segments = torch.tensor([[1.0], [3.0]]), torch.tensor([0, 2, 2]), torch.tensor([0, 0])
        >>> segment_reduce(("mean", "std", "max"), rows, offsets, segments)
        tensor([[2., 1., 3.],
                [0., 0., 0.]])
    """
    where = offsets, segments
    found: dict[str, Tensor] = {}
    compute: dict[str, Callable[[], Tensor]] = {
        "sum": lambda: segment_sum(values, *where),
        "mean": lambda: reduced("sum") / _counts(values, offsets),
        "max": lambda: segment_max(values, *where),
        "min": lambda: segment_min(values, *where),
        "var": lambda: segment_var(values, *where, reduced("mean")),
        "std": lambda: spread(reduced("var"), reduced("mean"), least_std),
        "softmax": lambda: segment_softmax(values, *where, temperature),
    }

    def reduced(reduction: str) -> Tensor:
        if reduction not in found:
            found[reduction] = compute[reduction]()
        return found[reduction]

    return joined([reduced(reduction) for reduction in reductions])


def spread(var: Tensor, mean: Tensor, least: float) -> Tensor:
    """The standard deviation; 0, and so its gradient, up to `least` and where it is only the rounding of the mean."""
    floor = (torch.finfo(var.dtype).eps * mean.detach()).abs().clamp(min=least)
    real = ~(var <= floor.square())  # true for a missing value, which stays one
    return torch.where(real, torch.where(real, var, 1).sqrt(), 0)


def joined(parts: list[Tensor]) -> Tensor:
    """Reductions side by side along the channels; rows without channels get one a reduction."""
    if len(parts) == 1:
        return parts[0]
    return torch.stack(parts, -1) if parts[0].ndim == 1 else torch.cat(parts, -1)


def _counts(values: Tensor, offsets: Tensor) -> Tensor:
    """How many rows each segment has, at least 1, in the axes of `values`."""
    counts = (offsets[1:] - offsets[:-1]).clamp(min=1).to(values.dtype)
    return counts.reshape(-1, *[1] * (values.ndim - 1))


def _flat(values: Tensor) -> Tensor:
    """Rows of one axis of channels."""
    return values.flatten(1) if values.ndim > 1 else values[:, None]


def _peaks(rows: Tensor, segments: Tensor, num_segments: int) -> Tensor:
    """Largest entry of each segment, 0 where there is none; not to be differentiated."""
    index = segments[:, None].expand_as(rows)
    return rows.new_zeros(num_segments, rows.shape[1]).scatter_reduce(0, index, rows, "amax", include_self=False)
