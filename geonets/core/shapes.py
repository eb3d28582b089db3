"""Shape checks written the way one says them: `expect(x, "N C", "x", N=12)`."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, ShapeError

SPARSE = (torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc)


def expect(tensor: object, pattern: str, name: str, **sizes: int) -> dict[str, int]:
    """Check the axes of a tensor against a pattern and return the sizes that it binds.

    A number in the pattern is exact, a known letter must match, a new letter is bound, `...` stands for further axes.

    Args:
        tensor: what to check.
        pattern: axes from left to right, as in `"N 3"` or `"B T C"`.
        name: the argument's name, for the message.
        **sizes: letters that are known already.

    Returns:
        `sizes` with the newly bound letters added.

    Raises:
        DtypeError: if `tensor` is no tensor, or a sparse one.
        ShapeError: if an axis is missing, surplus or of another size.

    Example:
        >>> import torch
        >>> expect(torch.zeros(5, 3), "N 3", "pos")
        {'N': 5}
    """
    if not isinstance(tensor, Tensor):
        raise DtypeError(f"`{name}` must be a tensor of axes ({pattern}); got {type(tensor).__name__}. Pass a tensor.")
    require_dense(tensor, name)
    axes = pattern.split()
    open_ended = axes[-1:] == ["..."]
    axes = axes[:-1] if open_ended else axes
    if tensor.ndim < len(axes) or (tensor.ndim > len(axes) and not open_ended):
        raise ShapeError(
            f"`{name}` must have axes ({pattern}); got {tensor.ndim} axes (shape {tuple(tensor.shape)}). "
            f"Reshape it to ({pattern})."
        )
    bound = dict(sizes)
    for axis, size in zip(axes, tensor.shape, strict=False):
        wanted = int(axis) if axis.isdigit() else bound.setdefault(axis, size)
        if size != wanted:
            label = axis if axis.isdigit() else f"{axis}={wanted}"
            raise ShapeError(
                f"`{name}` must have axes ({pattern}) with {label}; got {size} there (shape {tuple(tensor.shape)}). "
                f"Pass {wanted} along that axis."
            )
    return bound


def require_dense(tensor: Tensor, name: str) -> None:
    """Raise unless a tensor holds all of its numbers: rows of sparse layouts can neither be sliced nor joined.

    Raises:
        DtypeError: if it holds only those that are not zero.
    """
    if tensor.layout in SPARSE:
        raise DtypeError(
            f"`{name}` must be a dense tensor; got {tensor.layout}. Keep it sparse with gn.keep_sparse(...), "
            "which gn.nn.SparseLinear reads, or pass it with .to_dense()."
        )
