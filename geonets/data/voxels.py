"""`voxels`: sparse grids from the places that are occupied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, ShapeError, StructureError
from geonets.core.structure import Structure
from geonets.core.topology import Grid, SparseGrid
from geonets.data.constructors import points


def voxels(
    coordinates: Any,
    x: Any = None,
    *,
    sizes: tuple[int, ...] | None = None,
    axes: Sequence[str] | None = None,
    periodic: bool | Sequence[str] = False,
    y: Any = None,
    nodes: dict[str, Tensor] | None = None,
    **levels: Any,
) -> Structure:
    """Occupied places of a lattice: voxels of a scan, pixels of a sparse image.

    The voxels of each item are sorted by place, the last axis fastest, and their fields with them;
    `topology.coordinates()` tells the places in that order.

    Args:
        coordinates: `(B, V, A)` integer places, or a list of `(V_b, A)`: positions divided by the voxel size, rounded
            down, and moved so that none is negative.
        x: features in the same form, or None.
        sizes: of the whole lattice, for all items; unless given, each item's lattice ends at its last voxel.
        axes: a name for each axis; as in `gn.grid` unless given.
        periodic: as in `gn.grid`.
        y: `(B, ...)` one target an item.
        nodes: further fields of all voxels, in the order of `coordinates`.
        **levels: further fields: `globals=`, `meta=` as in `Structure`.

    Raises:
        DtypeError: if a place is no integer.
        ShapeError: if the tensors do not fit together.
        StructureError: if a place is outside the lattice, or occurs twice in an item.

    Reference:
        Choy, Gwak & Savarese, "4D spatio-temporal ConvNets: Minkowski convolutional neural networks", 2019, section 3.

    Example:
        >>> scan = voxels([torch.tensor([[2, 0, 1], [0, 0, 1]])], x=[torch.tensor([[5.0], [7.0]])])
        >>> scan.topology, scan.x.flatten().tolist()
        (SparseGrid(1 item of 2 nodes at 3 x 1 x 2 places along (z, y, x)), [7.0, 5.0])
    """
    packed = points(coordinates, x)
    places, counts, items = packed.pos, packed.topology.node_counts, packed.topology.item_ids
    if places.is_floating_point() or places.is_complex() or places.dtype == torch.bool:
        raise DtypeError(
            f"`coordinates` must be integers; got {places.dtype}. Divide positions by the voxel size and round down."
        )
    places, width = places.long(), places.shape[1]
    if sizes is None:
        ends = places.new_zeros(len(counts), width)
        ends = ends.scatter_reduce(0, items[:, None].expand_as(places), places + 1, "amax") if len(places) else ends
        lattice = Grid(ends, axes, periodic=periodic)
    else:
        if len(sizes) != width:
            raise ShapeError(
                f"`sizes` must have {width} entries, one an axis; got {sizes}. Pass one size for each axis."
            )
        lattice = Grid(sizes, axes, len(counts), periodic)
    numbers, inside = lattice.find(items, places[:, None])
    if not bool(inside.all()):
        row = int((~inside).nonzero()[0, 0])
        raise StructureError(
            f"`coordinates` must lie between 0 and the sizes of the lattice; got {tuple(places[row].tolist())} "
            f"(row {row}, item {int(items[row])}). Subtract the smallest place of the item first, or pass larger sizes."
        )
    numbers, order = numbers[:, 0].sort()
    twice = (numbers[1:] == numbers[:-1]).nonzero()
    if len(twice):
        row = int(order[int(twice[0])])
        raise StructureError(
            f"`coordinates` must name each place once; got {tuple(places[row].tolist())} twice "
            f"(item {int(items[row])}). Sum or average the features of points in one voxel first."
        )
    fields = {**({} if x is None else {"x": packed.x}), **(nodes or {})}
    for name, field in fields.items():
        if len(field) != len(order):
            raise ShapeError(
                f"`nodes[{name!r}]` must have {len(order)} rows, one a voxel; got shape {tuple(field.shape)}. "
                "Pass the rows of all items one after another."
            )
    structure = Structure(
        SparseGrid.of_nodes(lattice, numbers), {name: field[order] for name, field in fields.items()}, **levels
    )
    return structure if y is None else structure.replace(globals={"y": torch.as_tensor(y)})
