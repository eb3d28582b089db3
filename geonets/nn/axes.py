"""`Across` and `Along`: a layer on every slice, or on every fibre, of a product or grid: a schedule for each axis."""

from __future__ import annotations

from torch import nn

from geonets.core.structure import Structure
from geonets.nn.containers import Sequential
from geonets.nn.layer import Layer


class _OnAxis(Layer):
    def __init__(self, axis: str, layer: nn.Module) -> None:
        super().__init__()
        self.axis, self.layer = axis, layer if isinstance(layer, Layer) else Sequential(layer)

    def extra_repr(self) -> str:
        return repr(self.axis)


class Across(_OnAxis):
    """A layer on every slice across an axis: on each frame of a video by itself, say.

    The slices may come back with another topology, all alike: a strided convolution gives a smaller grid, a `Readout`
    a chain of one row a slice.

    Args:
        axis: the name of an axis of a chain or grid, or of a factor of a product: see `Structure.across`.
        layer: on structures like the slices.

    Raises:
        StructureError: if there is no such axis, or the slices of one item come back with different topologies.

    Reference:
        Donahue et al., "Long-term recurrent convolutional networks for visual recognition and description", 2015: this
        layer below `Along("time", LSTM)`.

    Example:
        >>> import torch, geonets as gn
        >>> video = gn.grid(torch.randn(2, 5, 8, 8, 3), axes=("time", "y", "x"))
        >>> frames = gn.nn.Sequential(gn.nn.Conv2d(3, 4, 3, stride=2), gn.nn.ReLU(), gn.nn.Readout("max"))
        >>> gn.nn.Across("time", frames)(video)
        Structure of Chain(2 items of 5 nodes along (time))
          nodes   x           (10, 4) float32
    """

    def forward(self, structure: Structure) -> Structure:
        return structure.put_back(self.layer(structure.across(self.axis)), across=self.axis)


class Along(_OnAxis):
    """A layer on every fibre along an axis: an LSTM over the history of each joint of a robot, say.

    The fibres may come back with another topology, all alike: a strided convolution gives shorter ones, a `Readout`
    leaves the slice.

    Args:
        axis: the name of an axis of a chain or grid, or of a factor of a product: see `Structure.along`.
        layer: on structures like the fibres.

    Raises:
        StructureError: if there is no such axis, or the fibres of one item come back with different topologies.

    Example:
        >>> import torch, geonets as gn
        >>> arm = gn.Graph(torch.tensor([0, 1, 1, 2]), torch.tensor([1, 0, 2, 1]), node_counts=3)
        >>> moving = gn.Structure(gn.Product(gn.Chain(100), arm), nodes={"x": torch.randn(300, 4)})
        >>> gn.nn.Along("time", gn.nn.LSTM(4, 8))(moving)
        Structure of Product(1 item of 100 x 3 nodes: Chain x Graph)
          nodes   x           (300, 8) float32
    """

    def forward(self, structure: Structure) -> Structure:
        return structure.put_back(self.layer(structure.along(self.axis)), along=self.axis)
