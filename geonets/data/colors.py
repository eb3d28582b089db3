"""Colours by one convention: `color` is `(N, 3)` and `alpha` `(N,)`, from 0 to 1, and bytes come back as they were."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

FULL = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}
"""What stands for 1, by the type of whole numbers."""

CLOSE = 1e-7
"""How far colours that others divided in single precision may be from steps of 1/255."""


def fractions(rows: np.ndarray) -> np.ndarray:
    """Colours between 0 and 1: bytes count to 255, and so do other numbers if any is above 1."""
    return rows / FULL.get(rows.dtype, 255.0 if len(rows) and rows.max() > 1 else 1.0)


def colors_of(rows: np.ndarray, dtype: torch.dtype, alpha: bool = True) -> dict[str, Tensor]:
    """The fields `color` and, of four columns, `alpha`.

    Args:
        rows: `(N, 3)` or `(N, 4)` fractions, bytes or numbers of 16 bits.
        dtype: of the fields.
        alpha: whether the fourth column is wanted; opaque is what goes without saying.

    Example:
        >>> colors_of(np.array([[255, 0, 51]], np.uint8), torch.float32)
        {'color': tensor([[1.0000, 0.0000, 0.2000]])}
    """
    shades = torch.from_numpy(np.float64(rows / FULL.get(rows.dtype, 1.0))).to(dtype)
    return {"color": shades[:, :3]} | ({"alpha": shades[:, 3]} if alpha and shades.shape[1] == 4 else {})


def joined(fields: Mapping[str, Tensor]) -> Tensor | None:
    """`(N, 3)` or, with `alpha`, `(N, 4)` fractions; None if the fields are not colours by the convention."""
    color, alpha = fields.get("color"), fields.get("alpha")
    if color is None or color.ndim != 2 or color.shape[1] != 3 or not color.is_floating_point():
        return None
    if alpha is None:
        return color
    fits = alpha.ndim == 1 and alpha.dtype == color.dtype
    return torch.cat([color, alpha[:, None]], 1) if fits else None


def as_bytes(shades: Tensor, kind: type[np.generic] = np.uint8) -> np.ndarray | None:
    """Fractions as the whole numbers that they were divided from; None if they are no such steps.

    Example:
        >>> as_bytes(torch.tensor([[1.0, 0.0, 0.2]]))
        array([[255,   0,  51]], dtype=uint8)
        >>> as_bytes(torch.tensor([[1.0, 0.0, 0.201]])) is None
        True
    """
    exact = shades.detach().cpu().double()
    full = FULL[np.dtype(kind)]
    steps = (exact * full).round()
    near = max(CLOSE, torch.finfo(shades.dtype).eps)
    if not bool(((steps >= 0) & (steps <= full) & ((steps / full - exact).abs() <= near)).all()):
        return None
    return steps.numpy().astype(kind)
