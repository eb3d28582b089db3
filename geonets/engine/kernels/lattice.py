"""Packed rows of a lattice seen as torch's channels-last images: views, never copies."""

from __future__ import annotations

from torch import Tensor


def as_images(rows: Tensor, num_items: int, sizes: tuple[int, ...]) -> Tensor:
    """`(N, C)` rows as `(B, C, H, W)` or `(B, C, D, H, W)`, channels last in memory; a chain has height 1."""
    sizes = (1, *sizes) if len(sizes) == 1 else sizes
    return rows.reshape(num_items, *sizes, rows.shape[1]).movedim(-1, 1)


def as_rows(images: Tensor) -> Tensor:
    """`(B, C, ...)` images as `(N, C)` rows; a view where the images are channels last in memory."""
    return images.movedim(1, -1).flatten(0, -2)


def image_axes(numbers: tuple[int, ...], of_height: int) -> tuple[int, ...]:
    """One number an axis, with `of_height` put first for a chain, which is an image of height 1."""
    return (of_height, *numbers) if len(numbers) == 1 else numbers
