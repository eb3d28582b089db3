"""`connect`: write a neighborhood down as a graph."""

from __future__ import annotations

from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.core.topology import Graph


def connect(structure: Structure, neighborhood: Neighborhood) -> Structure:
    """The same nodes as a graph whose links are the edges of a neighborhood.

    Args:
        structure: any.
        neighborhood: one whose receivers are the nodes themselves: `KNN`, `Radius`, `Links`, `Complete`, ...

    Returns:
        A Structure over a `Graph`; edge features of the old links go.

    Example:
        >>> import torch, geonets as gn
        >>> gn.connect(gn.points(torch.randn(2, 100, 3)), gn.KNN(8)).topology
        Graph(2 items of 100 nodes, 1600 edges)
    """
    edges = neighborhood.edges(structure)
    return structure.on(Graph.of_edges(structure.topology.sizes.flat, edges), structure.nodes)
