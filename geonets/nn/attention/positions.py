"""Where nodes stand: rotations of queries and keys, and encodings that are added to the features."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.errors import ShapeError
from geonets.core.relations import places_of
from geonets.core.structure import Structure
from geonets.nn.layer import Layer, features


class SinusoidalEncoding(Layer):
    """`x_i + e(p_i)` with `e_{2k} = sin(p / base^{2k / D})` and `e_{2k+1} = cos(p / base^{2k / D})`.

    `p` is the node's place on its chain or grid, or its position; several axes share the channels equally.

    Args:
        channels: channels of `x`, a multiple of twice the number of axes.
        base: the longest wavelength is `2 pi base`.

    Raises:
        ShapeError: if the axes cannot share the channels.
        StructureError: if nodes have neither places nor positions.

    Reference: Vaswani et al., "Attention is all you need", 2017, section 3.5.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.SinusoidalEncoding(4)(gn.chain(torch.zeros(1, 2, 4))).x
        tensor([[0.0000, 1.0000, 0.0000, 1.0000],
                [0.8415, 0.5403, 0.0100, 0.9999]])
    """

    def __init__(self, channels: int, base: float = 10000.0) -> None:
        super().__init__()
        self.channels, self.base = channels, base

    def forward(self, structure: Structure) -> Structure:
        x = features(structure, self.channels)
        angles = angles_of(places_of(structure), self.channels, self.base, x.dtype)
        return structure.replace(x=x + torch.stack([angles.sin(), angles.cos()], -1).flatten(1).to(x.dtype))

    def extra_repr(self) -> str:
        return f"{self.channels}, base={self.base}"


def rotated(rows: Tensor, places: Tensor, base: float) -> Tensor:
    """Turn each pair of channels by an angle that grows with the place, so that scores depend on differences of places.

    `(x_{2k}, x_{2k+1})` turns by `p / base^{2k / D}`; several axes share the channels equally.

    Args:
        rows: `(N, H, D)` queries or keys.
        places: `(N, A)`.
        base: of the wavelengths.

    Raises:
        ShapeError: if the axes cannot share the channels.

    Reference: Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021, equation 34.
    """
    angles = angles_of(places, rows.shape[-1], base, rows.dtype)[:, None]  # (N, 1, D / 2)
    sin, cos = angles.sin().to(rows.dtype), angles.cos().to(rows.dtype)
    even, odd = rows[..., ::2], rows[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)


def angles_of(places: Tensor, channels: int, base: float, dtype: torch.dtype) -> Tensor:
    """`(N, channels / 2)` angles of each pair of channels, the axes one after another; at least in float32.

    Raises:
        ShapeError: if the axes cannot share the channels.
    """
    num_axes = places.shape[1]
    if channels % (2 * num_axes):
        raise ShapeError(
            f"`channels` must be a multiple of {2 * num_axes} to hold sines and cosines along {num_axes} axes; "
            f"got {channels}. Choose another width, or another number of heads."
        )
    precise = torch.promote_types(dtype, torch.float32)
    pairs = channels // (2 * num_axes)
    frequencies = base ** (-torch.arange(pairs, device=places.device, dtype=precise) / pairs)
    return (places.to(precise)[:, :, None] * frequencies).flatten(1)
