"""Packed rows of a lattice seen as torch's channels-last images: views, never copies."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.neighborhoods import Stencil
from geonets.core.topology import Lattice


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


def is_narrow(sizes: tuple[int, ...], stencil: Stencil) -> bool:
    """Whether some axis is shorter than the window.

    What torch pads must be padded before there: oneDNN leaves the gradient of a bfloat16 weight unwritten where it
    meets no node, and reads and writes beyond its memory in volumes.
    """
    spans = zip(sizes, stencil.kernel_size, stencil.dilation, strict=True)
    return any(size < dilation * (taps - 1) + 1 for size, taps, dilation in spans)


def go_round(images: Tensor, lattice: Lattice, stencil: Stencil) -> Tensor:
    """Images continued round their periodic axes, from where the first window starts to where the last one ends."""
    for axis, periodic in enumerate(lattice.periodic):
        if periodic:
            dim = images.ndim - lattice.num_axes + axis
            size, stride = images.shape[dim], stencil.stride[axis]
            seen = size - stride + stencil.dilation[axis] * (stencil.kernel_size[axis] - 1) + 1
            places = torch.arange(seen, device=images.device) - stencil.padding[axis]
            images = images.index_select(dim, places % size)
    return images


def open_ends(lattice: Lattice, padding: tuple[int, ...]) -> tuple[int, ...]:
    """Padding along the axes that have ends."""
    return tuple(0 if periodic else ends for periodic, ends in zip(lattice.periodic, padding, strict=True))
