"""`UNet`: down to fewer nodes, across, and up again, with what was seen on the way down at hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import Near
from geonets.core.structure import Structure
from geonets.nn import BatchNorm, Coarsen, Linear, ReLU, SAGEConv, Sequential
from geonets.nn.layer import Layer


def near_conv(in_channels: int, out_channels: int) -> Layer:
    """A convolution that runs on every structure: `SAGEConv` over `gn.Near`."""
    return SAGEConv(in_channels, out_channels, neighborhood=Near(8))


def half(channels: int) -> Layer:
    """Half the resolution on every structure: `Coarsen(gn.Coarser(2))`, largest entries."""
    return Coarsen()


class UNet(Layer):
    """A label for every node from what is near and what is far, on any structure.

    Each level convolves and keeps its rows, then hands fewer nodes to the next; on the way up every level spreads the
    coarse rows over its nodes, puts its own beside them (the skip connection) and convolves again.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result, one a class.
        widths: channels of the levels, finest first; the last is the level across.
        conv: makes a layer from its numbers of input and output channels; it must keep the nodes. On chains, grids and
            volumes pass a padded `Conv1d`, `Conv2d`, `Conv3d`. The default runs on every structure: `SAGEConv`
            over the topology's links, on sets over the 8 nearest nodes.
        coarsen: makes a layer from its number of channels, which also knows the way back (`refine`): `gn.nn.Coarsen`,
            `gn.nn.TopKPooling`. The default halves the resolution of any structure.
        skip: put a level's own rows beside the coarse ones; without, they come from below alone.
        convs: convolutions of a level, each followed by a norm and `ReLU`.
        norm: makes the norm from a number of channels. `BatchNorm`, in training, needs more than one node on every
            level; `LayerNorm` does not, and never mixes items.

    Returns:
        The structure with `out_channels` features.

    Raises:
        OptionError: if a convolution changes the nodes.

    Reference: Ronneberger, Fischer & Brox, "U-Net: convolutional networks for biomedical image segmentation", 2015,
        section 2; Gao & Ji, "Graph U-Nets", 2019, section 3.3.

    Example:
        >>> import torch, geonets as gn
        >>> net = gn.models.UNet(3, 2)
        >>> for s in (gn.chain(torch.randn(1, 20, 3)), gn.points(torch.randn(1, 50, 3), x=torch.randn(1, 50, 3))):
        ...     print(net(s).x.shape)
        torch.Size([20, 2])
        torch.Size([50, 2])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        widths: tuple[int, ...] = (16, 32, 64),
        conv: Callable[[int, int], Layer] = near_conv,
        coarsen: Callable[[int], Layer] = half,
        skip: bool = True,
        convs: int = 2,
        norm: Callable[[int], nn.Module] = BatchNorm,
    ) -> None:
        super().__init__()
        if not widths or convs < 1:
            raise OptionError(
                f"`widths` and `convs` must name at least one level and one convolution; got {widths} and {convs}. "
                "Pass widths=(16, 32, 64), convs=2."
            )
        self.skip = skip

        def block(before: int, after: int) -> Sequential:
            layers: list[nn.Module] = []
            for width in (before, *[after] * (convs - 1)):
                layers += [conv(width, after), norm(after), ReLU()]
            return Sequential(*layers)

        pairs = list(itertools.pairwise(widths))
        self.down = nn.ModuleList(block(b, a) for b, a in itertools.pairwise((in_channels, *widths[:-1])))
        self.coarsen = nn.ModuleList(coarsen(fine) for fine, _ in pairs)
        self.across = block((in_channels, *widths)[-2], widths[-1])
        self.up = nn.ModuleList(block(coarse + skip * fine, fine) for fine, coarse in pairs)
        self.head = Linear(widths[0], out_channels)

    def forward(self, structure: Structure) -> Structure:
        levels: list[tuple[Structure, Any, Any]] = []
        for down, coarsen, up in zip(self.down, self.coarsen, self.up, strict=True):
            fine = _on_same_nodes(down, structure)
            levels.append((fine, coarsen, up))
            structure = coarsen(fine)
        structure = _on_same_nodes(self.across, structure)
        for fine, coarsen, up in reversed(levels):
            back = coarsen.refine(structure, fine)
            both = fine.replace(x=torch.cat([fine.x, back.x], 1)) if self.skip else back
            structure = _on_same_nodes(up, both)
        return self.head(structure)


def _on_same_nodes(block: nn.Module, structure: Structure) -> Structure:
    out = block(structure)
    if out.topology is not structure.topology:
        raise OptionError(
            f"`conv` must make layers that keep the nodes; got {out.topology} from {structure.topology}. "
            "Pad it, as in Conv2d(i, o, 3, padding=1)."
        )
    return out
