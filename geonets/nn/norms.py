"""Normalisations: over the channels of a node, over an item, over the batch."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from geonets.core.errors import UnsupportedError
from geonets.core.neighborhoods import Hub
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.layer import Layer, NodeWise, features

ITEM_MEAN = AggregateSpec(Hub(), "mean")


class LayerNorm(NodeWise, nn.LayerNorm):
    """Normalise the channels of each node; arguments and keys of `torch.nn.LayerNorm`.

    Reference: Ba, Kiros & Hinton, "Layer normalization", 2016.
    """


class BatchNorm(NodeWise, nn.BatchNorm1d):
    """Normalise each channel over all nodes of the batch; arguments and keys of `torch.nn.BatchNorm1d` (and 2d, 3d).

    In training a node's result depends on its batch, as the name says.

    Reference: Ioffe & Szegedy, "Batch normalization", 2015.
    """


class _ItemNorm(Layer):
    """`(x - mean) / sqrt(var + eps)` with mean and variance over the nodes of an item and a group of channels."""

    def _normalised(self, structure: Structure, groups: int, channels: int) -> Structure:
        native: Any = self
        centred = _minus(features(structure, channels), structure, groups)
        spread = _item_means(centred.square(), structure, groups)
        items = structure.topology.item_ids
        scaled = centred * (spread + native.eps).rsqrt().index_select(0, items).repeat_interleave(channels // groups, 1)
        if native.weight is not None:
            scaled = scaled * native.weight
        return structure.replace(x=scaled if native.bias is None else scaled + native.bias)


class GroupNorm(_ItemNorm, nn.GroupNorm):
    """Normalise groups of channels over the nodes of each item; arguments and keys of `torch.nn.GroupNorm`.

    Reference: Wu & He, "Group normalization", 2018, equations 1-7.

    Example:
        >>> import torch, geonets as gn
        >>> images = gn.grid([torch.randn(8, 8, 4), torch.randn(5, 9, 4)])
        >>> gn.nn.GroupNorm(2, 4)(images)[1].x.mean().abs() < 1e-5
        tensor(True)
    """

    def forward(self, input: Any) -> Any:
        return self._normalised(input, self.num_groups, self.num_channels)


class InstanceNorm(_ItemNorm, nn.InstanceNorm1d):
    """Normalise each channel over the nodes of each item; arguments and keys of `torch.nn.InstanceNorm1d` (2d, 3d).

    Raises:
        UnsupportedError: if running statistics are asked for, which belong to no item.

    Reference: Ulyanov, Vedaldi & Lempitsky, "Instance normalization: the missing ingredient for fast stylization",
        2016, equation 4.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.InstanceNorm(4)(gn.chain([torch.randn(5, 4), torch.randn(3, 4)])).x.shape
        torch.Size([8, 4])
    """

    def forward(self, input: Any) -> Any:
        if self.track_running_stats:
            raise UnsupportedError(
                "`track_running_stats` must be False; got True. Use gn.nn.BatchNorm for statistics of the whole data."
            )
        return self._normalised(input, self.num_features, self.num_features)


def _minus(x: Tensor, structure: Structure, groups: int) -> Tensor:
    means = _item_means(x, structure, groups).index_select(0, structure.topology.item_ids)
    return x - means.repeat_interleave(x.shape[1] // groups, 1)


def _item_means(x: Tensor, structure: Structure, groups: int) -> Tensor:
    """`(B, groups)` means over the nodes of each item and the channels of each group."""
    return run(ITEM_MEAN, AggregateOperands(x), structure).unflatten(1, (groups, -1)).mean(2)
