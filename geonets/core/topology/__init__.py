"""Who stands next to whom: `Chain`, `Grid`, `SparseGrid`, `Set`, `Graph`, `Product`, and the `EdgeList` they yield."""

from geonets.core.topology.axes import Axis, axis_names, axis_of
from geonets.core.topology.base import Topology
from geonets.core.topology.edges import EdgeList, Transpose
from geonets.core.topology.graph import Graph
from geonets.core.topology.lattice import Chain, Grid, Lattice, OnLattice, lattice_edges
from geonets.core.topology.levels import CycleError, cycle_error
from geonets.core.topology.parts import Part, cropped, induced
from geonets.core.topology.product import Product, join_topologies
from geonets.core.topology.sets import Set
from geonets.core.topology.sparse import SparseGrid

__all__ = [
    "Axis",
    "Chain",
    "CycleError",
    "EdgeList",
    "Graph",
    "Grid",
    "Lattice",
    "OnLattice",
    "Part",
    "Product",
    "Set",
    "SparseGrid",
    "Topology",
    "Transpose",
    "axis_names",
    "axis_of",
    "cropped",
    "cycle_error",
    "induced",
    "join_topologies",
    "lattice_edges",
]
