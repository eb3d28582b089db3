"""`Structure`: features on a topology, what it is cut into, and what it takes for granted."""

from geonets.core.fields import Level
from geonets.core.structure.structure import Items, Structure, batch

__all__ = ["Items", "Level", "Structure", "batch"]
