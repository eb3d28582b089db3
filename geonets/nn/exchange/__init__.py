"""Weights that move both ways: torch's modules as our layers, and our layers as modules of torch's and PyG's."""

from geonets.nn.exchange.pyg import layer_to_pyg
from geonets.nn.exchange.torch import from_torch, to_torch

__all__ = ["from_torch", "layer_to_pyg", "to_torch"]
