"""`KPConv`: a convolution whose window is a set of points in space."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import Neighborhood, Radius, require_pos
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import ConvolveOperands, ConvolveSpec
from geonets.nn.layer import Layer, features


class KPConv(Layer):
    """`x_i' = b + sum_{j -> i} sum_k max(0, 1 - |x_j - x_i - p_k| / sigma) W_k x_j`, with positions inside the bars.

    The rigid form. On lattice points with kernel points on the offsets and `sigma` at most the spacing, every neighbour
    has the whole of one weight and nothing of the others: this is then `Conv1d`, `Conv2d` or `Conv3d` with the same
    weights (`kp.weight.copy_(conv.weight.flatten(2))`).

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result.
        sigma: how far the influence of a kernel point reaches, in the unit of `pos`.
        kernel_points: how many, one in the centre and the others spread over a sphere of radius 1.5 sigma; or a tuple,
            the places of a lattice window of that size, `sigma` apart; or their `(K, D)` positions.
        radius: how far a node hears; 2.5 sigma unless given.
        dim: `D`, where `kernel_points` is a number.
        bias: add `b`.
        neighborhood: who hears whom, in place of all nodes within `radius`.

    Raises:
        OptionError: if there is no kernel point, or `sigma` is not positive.
        StructureError: if the structure has no positions.

    Reference: Thomas et al., "KPConv: flexible and deformable convolution for point clouds", 2019, equations 1-3.

    Example:
        >>> import torch, geonets as gn
        >>> cloud = gn.points(torch.randn(2, 100, 3), x=torch.randn(2, 100, 4))
        >>> gn.nn.KPConv(4, 8, sigma=0.4)(cloud).x.shape
        torch.Size([200, 8])
    """

    kernel_points: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        sigma: float = 1.0,
        kernel_points: int | tuple[int, ...] | Tensor = 15,
        radius: float | None = None,
        dim: int = 3,
        bias: bool = False,
        neighborhood: Neighborhood | None = None,
    ) -> None:
        super().__init__()
        points = _points(kernel_points, sigma, dim)
        if not len(points) or sigma <= 0:
            raise OptionError(
                f"`kernel_points` and `sigma` must be positive; got {len(points)} points and sigma={sigma}. "
                "Pass a number such as 15, and a length in the unit of pos."
            )
        self.in_channels, self.out_channels, self.sigma = in_channels, out_channels, sigma
        self.register_buffer("kernel_points", points)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, len(points)))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        hears = Radius(2.5 * sigma if radius is None else radius, loop=True) if neighborhood is None else neighborhood
        self.spec = ConvolveSpec(hears, influence="soft")

    def forward(self, structure: Structure, queries: Structure | None = None) -> Structure:
        """Convolve the nodes of `structure`.

        Args:
            structure: whose nodes are heard.
            queries: whose nodes hear, such as fewer points for a strided convolution; the same unless given.
        """
        x, centres = features(structure, self.in_channels), structure if queries is None else queries
        require_pos(structure, "KPConv")
        edges, hearing = self.spec.neighborhood.edges(centres, structure), self.spec.neighborhood.receivers(centres)
        require_pos(hearing, "KPConv", "queries")
        lags = structure.pos.index_select(0, edges.senders) - hearing.pos.index_select(0, edges.receivers)
        apart = _lengths(lags[:, None] - self.kernel_points.to(lags.dtype))
        influence = (1 - apart / self.sigma).relu()  # (E, K)
        operands = ConvolveOperands(x, self.weight, self.bias, influence)
        return hearing.replace(x=run(self.spec, operands, centres, structure))

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, sigma={self.sigma}, kernel_points={len(self.kernel_points)}"


def _points(given: int | tuple[int, ...] | Tensor, sigma: float, dim: int) -> Tensor:
    """`(K, D)` positions of the kernel points."""
    if isinstance(given, Tensor):
        return given.clone()
    if isinstance(given, tuple):
        places = [range(-((size - 1) // 2), size - (size - 1) // 2) for size in given]
        return sigma * torch.tensor(list(itertools.product(*places)), dtype=torch.get_default_dtype())
    sphere = 1.5 * sigma * _on_sphere(given - 1, dim)
    return torch.cat([sphere.new_zeros(min(given, 1), dim), sphere])


def _on_sphere(count: int, dim: int) -> Tensor:
    """`(count, D)`: steps to both sides of a line or round a circle, or points on a sphere that repel each other."""
    count = max(count, 0)
    if dim == 1:
        places = torch.arange(count)[:, None]
        return (places // 2 + 1.0) * (1 - 2 * (places % 2))
    if dim == 2:
        angles = 2 * math.pi * torch.arange(count) / max(count, 1)
        return torch.stack([angles.cos(), angles.sin()], 1)
    points = nn.functional.normalize(torch.randn(count, dim, generator=torch.Generator().manual_seed(0)), dim=1)
    for step in range(200):  # the energy of equal charges on a sphere goes down
        lags = points[:, None] - points
        force = (lags / (lags.norm(dim=2, keepdim=True) ** 3 + 1e-6)).sum(1)
        points = nn.functional.normalize(points + nn.functional.normalize(force, dim=1) / (step + 2), dim=1)
    return points


def _lengths(vectors: Tensor) -> Tensor:
    """Lengths whose derivatives, the second ones too, are 0 at 0."""
    squares = vectors.square().sum(-1)
    away = squares > 0
    return torch.where(away, torch.where(away, squares, 1.0).sqrt(), 0.0)
