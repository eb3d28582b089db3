"""`PointNet2`: PointNet++, what stands out around a few points, again and again."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from geonets.core.structure import Structure
from geonets.nn import MLP, FeaturePropagation, Readout, SetAbstraction
from geonets.nn.layer import Layer, positions


class CloudLevel(NamedTuple):
    """One step down.

    Args:
        ratio: the part of the points that is kept, or their number as an int.
        radius: how far they hear, in the unit of `pos`.
        max_neighbors: of how many points.
        widths: of the network on what is heard.
    """

    ratio: float | int
    radius: float
    max_neighbors: int
    widths: tuple[int, ...]


LEVELS = (CloudLevel(0.5, 0.2, 32, (32, 32, 64)), CloudLevel(0.25, 0.4, 32, (64, 64, 128)))


class PointNet2(Layer):
    """PointNet++: down through levels of fewer points, then a maximum over all; for labels of points up again.

    Args:
        out_features: channels of the result, one a class.
        in_channels: channels of `x` beside the positions; 0 to read positions only.
        dim: coordinates of a position.
        levels: steps down, with radii for clouds that fit into a sphere of radius 1.
        whole: widths of the network before the maximum over all points.
        hidden: widths of the last network.
        per_point: give one row a point, not one a cloud.
        dropout: the part of the last network's hidden entries that training leaves out.

    Returns:
        A Structure with one node an item, or, with `per_point`, on the points that were given.

    Raises:
        StructureError: if the structure has no positions.

    Reference: Qi, Yi, Su & Guibas, "PointNet++: deep hierarchical feature learning on point sets in a metric space",
        2017, figure 2 and section 3.4.

    Example:
        >>> import torch, geonets as gn
        >>> clouds = gn.points([torch.rand(100, 3), torch.rand(70, 3)])
        >>> gn.models.PointNet2(6).eval()(clouds).x.shape
        torch.Size([2, 6])
        >>> gn.models.PointNet2(4, per_point=True).eval()(clouds).x.shape
        torch.Size([170, 4])
    """

    def __init__(
        self,
        out_features: int,
        in_channels: int = 0,
        dim: int = 3,
        levels: tuple[CloudLevel, ...] = LEVELS,
        whole: tuple[int, ...] = (128, 256),
        hidden: tuple[int, ...] = (128,),
        per_point: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_channels, self.per_point = in_channels, per_point
        channels = [in_channels, *(level.widths[-1] for level in levels)]
        self.down = nn.ModuleList(
            [
                SetAbstraction(ratio, radius, most, MLP([dim + before, *widths], norm="batch", activate_last=True))
                for (ratio, radius, most, widths), before in zip(levels, channels, strict=False)
            ]
        )
        self.whole = MLP([dim + channels[-1], *whole], norm="batch", activate_last=True)
        self.readout = Readout("max")
        self.up = nn.ModuleList()
        width = whole[-1]
        if per_point:
            width += channels[-1]
            for before in reversed(channels[:-1]):
                self.up.append(FeaturePropagation(MLP([width + before, hidden[0]], norm="batch", activate_last=True)))
                width = hidden[0]
        self.head = MLP([width, *hidden, out_features], norm="batch", dropout=dropout)

    def forward(self, structure: Structure) -> Structure:
        pos = positions(structure, "PointNet2")
        levels = [structure if self.in_channels else structure.on(structure.topology, {"pos": pos})]
        for step in self.down:
            levels.append(step(levels[-1]))
        last = levels.pop()
        known = last.pos if last.x is None else torch.cat([last.pos, last.x], 1)
        whole = self.readout(last.replace(x=self.whole(known)))
        if not self.per_point:
            return self.head(whole)
        everything = whole.x.index_select(0, last.topology.item_ids)
        state = last.replace(x=everything if last.x is None else torch.cat([everything, last.x], 1))
        for step, level in zip(self.up, reversed(levels), strict=True):
            state = step(level, state)
        return structure.replace(x=self.head(state.x))
