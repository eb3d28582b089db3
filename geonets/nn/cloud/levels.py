"""PointNet++'s steps between levels: `SetAbstraction` down to fewer points, `FeaturePropagation` back up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import KNN, Farthest, Radius
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AttendOperands, AttendSpec
from geonets.nn.cloud.pointnet import PointNetConv
from geonets.nn.layer import Layer, features, positions


class SetAbstraction(Layer):
    """Keep a few points, spread evenly, each with what stands out around it.

        x_i' = max_{|pos_j - pos_i| <= r} mlp([x_j, pos_j - pos_i])

    The points are chosen by farthest point sampling; with several radii, what each finds is put side by side
    (multi-scale grouping).

    Args:
        ratio: the part of each item's points to keep (rounded up), or their number as an int.
        radius: how far a point hears, in the unit of `pos`, or several radii.
        max_neighbors: hear at most that many, the nearest; one number, or one for each radius.
        mlp: on `(E, C + D)` rows, or one for each radius.
        start: `"far"` begins with the point farthest from the item's mean, so that the order of the points does not
            matter; `"first"` with the first, as in the authors' code; `"random"`.

    Returns:
        A Structure over the set of the points that were kept, with their `pos` and new `x`; `globals` stay.

    Raises:
        OptionError: if the ratio is no part and no number, or there are not as many networks as radii.
        StructureError: if the structure has no positions.

    Reference: Qi, Yi, Su & Guibas, "PointNet++: deep hierarchical feature learning on point sets in a metric space",
        2017, sections 3.2 and 3.3.

    Example:
        >>> import torch, geonets as gn
        >>> clouds = gn.points([torch.rand(100, 3), torch.rand(30, 3)])
        >>> gn.nn.SetAbstraction(0.25, 0.3, 16, gn.nn.MLP([3, 32]))(clouds).topology.node_counts.tolist()
        [25, 8]
    """

    def __init__(
        self,
        ratio: float | int,
        radius: float | Sequence[float],
        max_neighbors: int | Sequence[int],
        mlp: Callable[[Tensor], Tensor] | Sequence[Callable[[Tensor], Tensor]],
        start: str = "far",
    ) -> None:
        super().__init__()
        self.keeps = Farthest(ratio, start)
        radii = [radius] if isinstance(radius, int | float) else list(radius)
        most = [max_neighbors] * len(radii) if isinstance(max_neighbors, int) else list(max_neighbors)
        networks: list[Any] = list(mlp) if isinstance(mlp, list | tuple) else [mlp]
        if not len(radii) == len(most) == len(networks):
            raise OptionError(
                f"`mlp` and `max_neighbors` must have one entry for each of the {len(radii)} radii; "
                f"got {len(networks)} and {len(most)}. Pass lists of one length."
            )
        self.convs = nn.ModuleList(
            [
                PointNetConv(network, add_self_loops=False, neighborhood=Radius(reach, most=count))
                for reach, count, network in zip(radii, most, networks, strict=True)
            ]
        )

    def forward(self, structure: Structure) -> Structure:
        positions(structure, "SetAbstraction")
        kept = self.keeps.receivers(structure)
        return kept.replace(x=torch.cat([conv(kept, structure).x for conv in self.convs], 1))

    def extra_repr(self) -> str:
        return repr(self.keeps)


class FeaturePropagation(Layer):
    """Points hear the nearest points of a coarser level, and keep what they knew: `x_i' = mlp([sum_j w_ij x_j, x_i])`.

    `w_ij = d_ij^-2 / sum_j d_ij^-2` over the `k` nearest: an attention whose score is `-log d_ij^2`.

    Args:
        mlp: on `(N, C_coarse + C)` rows, or None to pass them on.
        k: how many points of the coarser level are heard.

    Raises:
        StructureError: if one of the two has no positions, or they have not as many items.

    Reference: Qi et al., "PointNet++", 2017, section 3.4 and equation 2.

    Example:
        >>> import torch, geonets as gn
        >>> clouds = gn.points([torch.rand(100, 3), torch.rand(30, 3)])
        >>> coarse = gn.nn.SetAbstraction(0.25, 0.3, 16, gn.nn.MLP([3, 32]))(clouds)
        >>> gn.nn.FeaturePropagation(gn.nn.MLP([32, 8]))(clouds, coarse).x.shape
        torch.Size([130, 8])
    """

    def __init__(self, mlp: Callable[[Tensor], Tensor] | None = None, k: int = 3) -> None:
        super().__init__()
        self.mlp = mlp
        self.spec = AttendSpec(KNN(k, loop=True), "opaque", reads=("query", "key"))

    def forward(self, structure: Structure, source: Structure) -> Structure:
        """Bring features up.

        Args:
            structure: the finer level, whose points hear; its `x` may be missing.
            source: the coarser level, item by item.
        """
        pos, coarse = positions(structure, "FeaturePropagation"), positions(source, "FeaturePropagation")
        operands = AttendOperands(pos, coarse, features(source)[:, None], score=_nearness)
        heard = run(self.spec, operands, structure, source).squeeze(1)
        rows = heard if structure.x is None else torch.cat([heard, structure.x], 1)
        return structure.replace(x=rows if self.mlp is None else self.mlp(rows))

    def extra_repr(self) -> str:
        return f"neighborhood={self.spec.neighborhood}"


def _nearness(query: Tensor, key: Tensor) -> Tensor:
    """`-log d^2`, whose softmax weighs by `d^-2`; two points in one place are 1e-8 apart."""
    return -(query - key).square().sum(1, keepdim=True).clamp(min=1e-16).log()
