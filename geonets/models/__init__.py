"""Whole models: the lecture's systems and the field's."""

from geonets.models.mlp import MLP
from geonets.models.pointnet import PointNet

__all__ = ["MLP", "PointNet"]
