"""Who stands next to whom: `Chain`, `Grid`, `Set`, `Graph`, `Product`, and the `EdgeList` they yield."""

from geonets.core.topology.base import Topology
from geonets.core.topology.edges import EdgeList, Transpose
from geonets.core.topology.graph import Graph
from geonets.core.topology.lattice import Chain, Grid, Lattice, lattice_edges
from geonets.core.topology.product import Product, join_topologies
from geonets.core.topology.sets import Set

__all__ = [
    "Chain",
    "EdgeList",
    "Graph",
    "Grid",
    "Lattice",
    "Product",
    "Set",
    "Topology",
    "Transpose",
    "join_topologies",
    "lattice_edges",
]
