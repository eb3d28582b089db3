"""`Window`: the nodes around a node of a lattice."""

from __future__ import annotations

import dataclasses
from typing import final

from geonets.core.errors import OptionError, StructureError
from geonets.core.neighborhoods.base import Neighborhood
from geonets.core.neighborhoods.stencil import Stencil
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, OnLattice, Topology


@final
@dataclasses.dataclass(frozen=True)
class Window(Neighborhood):
    """Every node of a lattice hears the nodes that are at most `reach` steps away along every axis, itself included.

    Args:
        reach: steps, for all axes or one number for each.
        causal: only nodes before it in node order, and itself.

    Raises:
        OptionError: if a reach is negative.

    Reference: Beltagy, Peters & Cohan, "Longformer: the long-document transformer", 2020, section 3.1.

    Example:
        >>> import torch, geonets as gn
        >>> gn.Window(1, causal=True).edges(gn.chain(torch.zeros(1, 3, 1))).senders.tolist()
        [0, 0, 1, 1, 2]
    """

    reach: int | tuple[int, ...]
    causal: bool = False

    def __post_init__(self) -> None:
        if min(self.reach if isinstance(self.reach, tuple) else (self.reach,)) < 0:
            raise OptionError(f"`reach` must not be negative; got {self.reach}. Pass the number of steps.")

    def stencil(self, topology: Topology) -> Stencil:
        """The window as a stencil, whose edge types are the offsets.

        Raises:
            StructureError: if the topology is no lattice, or one of another number of axes.
        """
        axes = topology.lattice.num_axes if isinstance(topology, OnLattice) else 0
        reach = self.reach if isinstance(self.reach, tuple) else (self.reach,) * axes
        if not axes or len(reach) != axes:
            got = f"{axes} axes" if axes else f"a {type(topology).__name__}"
            raise StructureError(
                f"`structure` must be a lattice for {self}, with one reach for each axis; got {got}. "
                "Use a chain or a grid, or another neighborhood."
            )
        ones = (1,) * axes
        return Stencil(tuple(2 * r + 1 for r in reach), ones, reach, reach, ones)

    def num_types(self, topology: Topology) -> int | None:
        return self.stencil(topology).num_types(topology)

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        edges = self.stencil(structure.topology).build(structure, source)
        if not self.causal:
            return edges
        past = edges.senders <= edges.receivers
        assert edges.edge_type is not None
        return EdgeList.of_sorted(
            edges.senders[past],
            edges.receivers[past],
            edges.edge_type[past],
            edges.num_senders,
            edges.num_receivers,
        )
