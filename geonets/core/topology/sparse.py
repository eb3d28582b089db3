"""`SparseGrid`: those places of a lattice at which there is a node."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Self, final

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, ShapeError, StructureError
from geonets.core.ranges import Rows, Sizes
from geonets.core.shapes import expect
from geonets.core.topology.lattice import Lattice, OnLattice


@final
@dataclasses.dataclass(frozen=True, eq=False, init=False, repr=False)
class SparseGrid(OnLattice):
    """A batch of masked images, or of active voxels: some places of a lattice, in the lattice's own order.

    Its links are those of the lattice between nodes that exist, with the same edge types. Windows slide as over the
    whole lattice and hear the nodes that exist; a window has an output where a node lies in the `stride` places that
    begin at its centre, so that no convolution lets the nodes spread (a submanifold convolution).

    Args:
        lattice: the `Chain` or `Grid` of all places.
        coordinates: `(N, A)` place of each node in its item, ascending, the last axis fastest; `gn.voxels` sorts them.
        node_counts: the number of nodes of one item, or `(B,)` numbers of several.

    Raises:
        DtypeError: if a place is no integer.
        ShapeError: if the numbers do not fit together, or the lattice has more places than can be counted.
        StructureError: if a place is outside its lattice, or does not come after the one before.

    Reference:
        Graham, Engelcke & van der Maaten, "3D semantic segmentation with submanifold sparse convolutional networks",
        2018, section 3.

    Example:
        >>> from geonets.core.topology import Grid
        >>> corner = SparseGrid(Grid((4, 4)), torch.tensor([[0, 0], [0, 1], [1, 0]]), 3)
        >>> corner, corner.links.senders.tolist()
        (SparseGrid(1 item of 3 nodes at 4 x 4 places along (y, x)), [2, 1, 0, 0])
    """

    full: Lattice
    places: Tensor
    sparse_sizes: Sizes

    def __init__(self, lattice: Lattice, coordinates: Tensor, node_counts: int | Sequence[int] | Tensor) -> None:
        counts = (node_counts,) if isinstance(node_counts, int) else node_counts
        sizes = Sizes.of(counts, axes=1, device=lattice.device)
        if sizes.num_items != lattice.num_items:
            raise ShapeError(
                f"`node_counts` must have one number for each of the {lattice.num_items} items of the lattice; "
                f"got {sizes.num_items}. Pass 0 for an item without nodes."
            )
        expect(coordinates, f"N {lattice.num_axes}", "coordinates", N=sizes.total)
        if coordinates.is_floating_point() or coordinates.is_complex() or coordinates.dtype == torch.bool:
            raise DtypeError(
                f"`coordinates` must be integers; got {coordinates.dtype}. Divide by the voxel size first."
            )
        self._fill(lattice, coordinates.long(), sizes)
        places, inside = lattice.find(self.item_ids, self.places[:, None])
        if not bool(inside.all()):
            row = int((~inside).nonzero()[0, 0])
            item = int(self.item_ids[row])
            raise StructureError(
                f"`coordinates` must be places of a lattice of {tuple(lattice.sizes.sizes[item].tolist())}; "
                f"got {tuple(coordinates[row].tolist())} (row {row}, item {item}). Count places from 0 in every item."
            )
        wrong = (places[1:, 0] <= places[:-1, 0]).nonzero()
        if len(wrong):
            row = int(wrong[0])
            raise StructureError(
                "`coordinates` must be in the order of the lattice, each place once; "
                f"got {tuple(coordinates[row + 1].tolist())} after {tuple(coordinates[row].tolist())} (row {row + 1}). "
                "Build it with gn.voxels, which sorts, and let each place occur once."
            )

    @staticmethod
    def of_nodes(lattice: Lattice, nodes: Tensor) -> SparseGrid:
        """Those nodes of a lattice whose numbers, ascending, are given."""
        items = torch.searchsorted(lattice.node_offsets, nodes, right=True) - 1
        counts = torch.bincount(items, minlength=lattice.num_items)
        sparse: SparseGrid = object.__new__(SparseGrid)
        sparse._fill(lattice, lattice.places_of(nodes, items), Sizes.of(counts, axes=1))
        return sparse

    @property
    def sizes(self) -> Sizes:
        return self.sparse_sizes

    @property
    def lattice(self) -> Lattice:
        return self.full

    @property
    def nodes_of_lattice(self) -> Tensor:
        """`(N,)` the number of each node among all places of the lattice, ascending."""
        return self.remember("nodes_of_lattice", lambda: self.full.find(self.item_ids, self.places[:, None])[0][:, 0])

    def coordinates(self) -> Tensor:
        return self.places

    def find(self, items: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        wanted, inside = self.full.find(items, places)
        if not self.num_nodes:
            return torch.zeros_like(wanted), torch.zeros_like(inside)
        found = torch.searchsorted(self.nodes_of_lattice, wanted).clamp(max=self.num_nodes - 1)
        return found, inside & (self.nodes_of_lattice[found] == wanted)

    def blocks(self, target: Lattice, stride: Tensor, start: Tensor) -> SparseGrid:
        """The places `p` of another lattice for which a node lies in the `stride` places from `stride * p + start` on.

        Args:
            target: with as many items.
            stride: `(A,)`.
            start: `(A,)`.
        """
        places = self.places - start
        if self.is_periodic:
            sizes = self.full.sizes.sizes.index_select(0, self.item_ids)
            places = torch.where(torch.tensor(self.full.periodic, device=self.device), places % sizes, places)
        blocks, inside = target.find(self.item_ids, places.div(stride, rounding_mode="floor")[:, None])
        return SparseGrid.of_nodes(target, blocks[inside].unique())

    def select(self, items: slice | Tensor) -> tuple[Self, Rows, None]:
        sizes, rows = self.sizes.select(items)
        full = self.full.select(items)[0]
        return self._with(full=full, places=rows.take(self.held("places")), sparse_sizes=sizes), rows, None

    @classmethod
    def join(cls, parts: Sequence[Any]) -> Self:
        full = type(parts[0].full).join([part.full for part in parts])
        sizes = Sizes.join([part.sizes for part in parts])
        return parts[0]._with(full=full, places=torch.cat([part.places for part in parts]), sparse_sizes=sizes)

    def _fill(self, lattice: Lattice, places: Tensor, sizes: Sizes) -> None:
        for name, value in (("full", lattice), ("places", places), ("sparse_sizes", sizes)):
            object.__setattr__(self, name, value)

    def _describe(self) -> str:
        return f"{self.sizes} nodes at {self.full._describe().replace(' nodes', ' places', 1)}"
