"""Whole models: the lecture's systems and the field's."""

from geonets.models.mlp import MLP
from geonets.models.pointnet import PointNet
from geonets.models.resnet import ResNet18

__all__ = ["MLP", "PointNet", "ResNet18"]
