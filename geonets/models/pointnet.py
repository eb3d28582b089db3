"""`PointNet`: a cloud is what its most telling points say."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.structure import Structure
from geonets.nn import MLP, Readout
from geonets.nn.layer import Layer, positions


class InputTransform(Layer):
    """Turn (and shear) each cloud into a pose that it chooses itself: `pos_i' = pos_i A`, `A = I + f(max_i g(pos_i))`.

    Args:
        dim: coordinates of a position.
        widths: of the MLP on points; the last is the width of the maximum.
        hidden: of the MLP on the maximum.
    """

    def __init__(self, dim: int = 3, widths: tuple[int, ...] = (32, 64, 128), hidden: int = 64) -> None:
        super().__init__()
        self.dim = dim
        self.local = Readout("max", nn=MLP([dim, *widths], norm="batch", activate_last=True))
        self.head = MLP([widths[-1], hidden, dim * dim], norm="batch")
        last = [module for module in self.head.modules() if isinstance(module, torch.nn.Linear)][-1]
        torch.nn.init.zeros_(last.weight)  # start as the identity
        torch.nn.init.zeros_(last.bias)

    def forward(self, structure: Structure) -> Structure:
        change = self.head(self.local(structure.replace(x=structure.pos))).x.reshape(-1, self.dim, self.dim)
        matrices = change + torch.eye(self.dim, dtype=change.dtype, device=change.device)
        own = matrices.index_select(0, structure.topology.item_ids)
        return structure.replace(pos=(structure.pos[:, None] @ own).squeeze(1))


class PointNet(Layer):
    """`y = rho(max_i phi(A pos_i, x_i))`: a set function, whatever the number and order of the points.

    Args:
        out_features: channels of the result, one a class.
        in_channels: channels of `x` beside the positions; 0 to read positions only.
        dim: coordinates of a position.
        widths: of `phi`.
        hidden: of `rho`.
        input_transform: let each cloud choose its pose first.
        dropout: the part of `rho`'s hidden entries that training leaves out.

    Returns:
        A Structure with one node an item.

    Raises:
        StructureError: if the structure has no positions.

    Reference: Qi, Su, Mo & Guibas, "PointNet: deep learning on point sets for 3D classification and segmentation",
        2017, equation 1 and figure 2.

    Example:
        >>> import torch, geonets as gn
        >>> gn.models.PointNet(6).eval()(gn.points([torch.randn(100, 3), torch.randn(70, 3)])).x.shape
        torch.Size([2, 6])
    """

    def __init__(
        self,
        out_features: int,
        in_channels: int = 0,
        dim: int = 3,
        widths: tuple[int, ...] = (64, 64, 128, 256),
        hidden: tuple[int, ...] = (128,),
        input_transform: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_channels, self.dim = in_channels, dim
        self.transform = InputTransform(dim) if input_transform else None
        self.local = Readout("max", nn=MLP([dim + in_channels, *widths], norm="batch", activate_last=True))
        self.head = MLP([widths[-1], *hidden, out_features], norm="batch", dropout=dropout)

    def forward(self, structure: Structure) -> Structure:
        return self.head(self.local(structure.replace(x=self._inputs(structure))))

    def critical_points(self, structure: Structure) -> Tensor:
        """`(N,)` whether a point attains the maximum of some channel: the answer depends on these points alone.

        Reference: Qi et al. 2017, theorem 2 and figure 7.
        """
        with torch.no_grad():
            decided = _at_maximum(self.local, structure.replace(x=self._inputs(structure)))
            if self.transform is not None:  # the pose is decided by a maximum of its own
                decided |= _at_maximum(self.transform.local, structure.replace(x=structure.pos))
            return decided

    def _inputs(self, structure: Structure) -> Tensor:
        positions(structure, "PointNet")
        posed = structure if self.transform is None else self.transform(structure)
        return posed.pos if not self.in_channels else torch.cat([posed.pos, structure.x], 1)


def _at_maximum(local: Readout, structure: Structure) -> Tensor:
    """`(N,)` whether a node attains the maximum over its item of some channel that anybody raises."""
    assert local.nn is not None
    said = structure.replace(x=local.nn(structure.x))
    peaks = Readout("max")(said).x.index_select(0, structure.topology.item_ids)
    return ((said.x == peaks) & (peaks > 0)).any(1)
