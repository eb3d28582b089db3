"""Who hears whom: rules that turn a topology into edges, one rule a file."""

from geonets.core.neighborhoods.back import Back
from geonets.core.neighborhoods.base import Neighborhood, require_pos
from geonets.core.neighborhoods.between import Between
from geonets.core.neighborhoods.by_type import ByType, require_types
from geonets.core.neighborhoods.coarsening import Coarse, Coarsening, Farthest, Voxels
from geonets.core.neighborhoods.dense import Complete, Cross, Hub
from geonets.core.neighborhoods.entries import Entries
from geonets.core.neighborhoods.independent import Independent
from geonets.core.neighborhoods.links import Links, Predecessors, WithLoops, WithoutLoops, require_acyclic
from geonets.core.neighborhoods.natural import Blocks, Coarser, Itself, Near
from geonets.core.neighborhoods.nearest import KNN, Radius
from geonets.core.neighborhoods.product import Along, Strong
from geonets.core.neighborhoods.stencil import MOST_ADDED, Stencil
from geonets.core.neighborhoods.top import Top
from geonets.core.neighborhoods.transposed import Transposed
from geonets.core.neighborhoods.window import Window

__all__ = [
    "KNN",
    "MOST_ADDED",
    "Along",
    "Back",
    "Between",
    "Blocks",
    "ByType",
    "Coarse",
    "Coarsening",
    "Coarser",
    "Complete",
    "Cross",
    "Entries",
    "Farthest",
    "Hub",
    "Independent",
    "Itself",
    "Links",
    "Near",
    "Neighborhood",
    "Predecessors",
    "Radius",
    "Stencil",
    "Strong",
    "Top",
    "Transposed",
    "Voxels",
    "Window",
    "WithLoops",
    "WithoutLoops",
    "require_acyclic",
    "require_pos",
    "require_types",
]
