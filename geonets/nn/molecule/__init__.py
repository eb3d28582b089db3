"""Layers for atoms in space: their results turn with the molecule, or do not change when it turns."""

from geonets.nn.molecule.distances import GaussianSmearing
from geonets.nn.molecule.egnn import EGNNConv
from geonets.nn.molecule.schnet import CFConv, SchNetInteraction, ShiftedSoftplus

__all__ = ["CFConv", "EGNNConv", "GaussianSmearing", "SchNetInteraction", "ShiftedSoftplus"]
