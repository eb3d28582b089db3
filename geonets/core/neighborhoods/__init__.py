"""Who hears whom: rules that turn a topology into edges, one rule a file."""

from geonets.core.neighborhoods.base import Neighborhood
from geonets.core.neighborhoods.dense import Complete, Cross, Hub
from geonets.core.neighborhoods.links import Links, Predecessors, WithLoops
from geonets.core.neighborhoods.nearest import KNN, Radius
from geonets.core.neighborhoods.stencil import Stencil
from geonets.core.neighborhoods.window import Window

__all__ = [
    "KNN",
    "Complete",
    "Cross",
    "Hub",
    "Links",
    "Neighborhood",
    "Predecessors",
    "Radius",
    "Stencil",
    "Window",
    "WithLoops",
]
