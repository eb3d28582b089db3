"""Whole models: the lecture's systems and the field's."""

from geonets.models.mlp import MLP
from geonets.models.pointnet import PointNet
from geonets.models.pointnet2 import PointNet2
from geonets.models.resnet import ResNet18
from geonets.models.schnet import SchNet
from geonets.models.unet import UNet

__all__ = ["MLP", "PointNet", "PointNet2", "ResNet18", "SchNet", "UNet"]
