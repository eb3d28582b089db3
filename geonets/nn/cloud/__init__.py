"""Layers that read positions: point clouds, and whatever else stands somewhere."""

from geonets.nn.cloud.levels import FeaturePropagation, SetAbstraction
from geonets.nn.cloud.point_transformer import PointTransformerConv
from geonets.nn.cloud.pointnet import PointNetConv

__all__ = ["FeaturePropagation", "PointNetConv", "PointTransformerConv", "SetAbstraction"]
