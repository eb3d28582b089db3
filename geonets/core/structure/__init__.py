"""`Structure`: features on a topology, what it is cut into, and what it takes for granted."""

from geonets.core.fields import Level
from geonets.core.structure.batches import Batches, Items
from geonets.core.structure.structure import Structure, batch

__all__ = ["Batches", "Items", "Level", "Structure", "batch"]
