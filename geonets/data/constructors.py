"""One constructor for each kind of structure: `chain`, `grid`, `points`, `graph`, `mesh`.

Every one makes a batch. A tensor has a leading batch axis; a list holds one tensor an item; one item is `[tensor]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, ShapeError, StructureError
from geonets.core.ranges import counts_of, offsets_of
from geonets.core.shapes import expect
from geonets.core.structure import Level, Structure
from geonets.core.tensors import as_tensor
from geonets.core.topology import Chain, Graph, Grid, Set, Topology

Rows = Any
"""A tensor or array with a leading batch axis, or a list of them with one an item."""

ROWS = {"x": "N ...", "pos": "N D", "edge_attr": "E ...", "edge_type": "E"}
"""The axes of what a graph is made of."""


def chain(x: Rows, *, periodic: bool = False, y: Any = None, **levels: Any) -> Structure:
    """Sequences.

    Args:
        x: `(B, T, C)`, or a list of `(T_b, C)`.
        periodic: the first node follows the last: rings.
        y: `(B, ...)` one target an item.
        **levels: further fields: `nodes=`, `globals=`, `meta=` as in `Structure`.

    Raises:
        ShapeError: if the axes are others.

    Example:
        >>> chain([torch.randn(70, 3), torch.randn(12, 3)])
        Structure of Chain(2 items of 12 .. 70 nodes along (time))
          nodes   x           (82, 3) float32
    """
    rows, sizes, num_items = _lattice_rows(x, "x", 1)
    lengths = sizes[0] if isinstance(sizes, tuple) else sizes
    topology = Chain(lengths, num_items, periodic)
    return of_topology(topology, {"x": rows}, y, levels)


def grid(
    x: Rows,
    axes: Sequence[str] | None = None,
    *,
    channels_first: bool = False,
    periodic: bool | Sequence[str] = False,
    y: Any = None,
    **levels: Any,
) -> Structure:
    """Grids of any number of axes: images, volumes, videos.

    Args:
        x: `(B, *sizes, C)`, or a list of `(*sizes_b, C)`: channels last.
        axes: a name for each, the slowest first; `("y", "x")` for two and `("z", "y", "x")` for three unless given.
        channels_first: the channels come before the sizes instead, as torch's image layers have them.
        periodic: the names of the axes that close upon themselves, or True for all: a torus.
        y: `(B, ...)` one target an item.
        **levels: further fields: `nodes=`, `globals=`, `meta=` as in `Structure`.

    Raises:
        ShapeError: if the axes are others, or differ between items.

    Example:
        >>> grid([torch.randn(28, 28, 1), torch.randn(40, 31, 1)])
        Structure of Grid(2 items of 28 x 28 .. 40 x 31 nodes along (y, x))
          nodes   x           (2024, 1) float32
    """
    if channels_first:
        x = as_tensor(x, "x").movedim(1, -1) if not _is_list(x) else [as_tensor(part, "x").movedim(0, -1) for part in x]
    rows, sizes, num_items = _lattice_rows(x, "x", None if axes is None else len(axes))
    return of_topology(Grid(sizes, axes, num_items, periodic), {"x": rows}, y, levels)


def points(
    pos: Rows, x: Rows = None, *, batch: Any = None, num_items: int | None = None, y: Any = None, **levels: Any
) -> Structure:
    """Point clouds, or any sets of nodes without edges.

    Args:
        pos: `(B, N, D)` positions, or a list of `(N_b, D)`; None for sets without positions.
        x: features in the same form, or None.
        batch: `(N,)` the item of each row, ascending, as in PyG; `pos` and `x` are then `(N, ...)` rows of all items.
        num_items: items, where some at the end or between have no rows in `batch`.
        y: `(B, ...)` one target an item.
        **levels: further fields: `nodes=`, `globals=`, `meta=` as in `Structure`.

    Raises:
        ShapeError: if the axes are others, or `pos` and `x` disagree.
        StructureError: if neither is given, or `batch` is not in order.

    Example:
        >>> points([torch.randn(1024, 3)])
        Structure of Set(1 item of 1024 nodes)
          nodes   pos         (1024, 3) float32
    """
    given = {name: value for name, value in (("pos", pos), ("x", x)) if value is not None}
    if not given:
        raise StructureError("`pos` must be given, or x; got neither. Pass one tensor an item.")
    if batch is not None:
        rows = {name: as_tensor(value, name) for name, value in given.items()}
        count = len(next(iter(rows.values())))
        return of_topology(Set(counts_of(batch, count, num_items)), rows, y, levels)
    packed = {name: _lattice_rows(value, name, 1) for name, value in given.items()}
    (_, sizes, num_items), *others = packed.values()
    for _, other, other_items in others:
        if _table(other, other_items) != _table(sizes, num_items):
            raise ShapeError(
                "`x` must have one row for each point of `pos`, item by item; got other counts. Pass equal counts."
            )
    topology = Set(sizes[0], num_items) if isinstance(sizes, tuple) else Set(sizes)
    return of_topology(topology, {name: rows for name, (rows, _, _) in packed.items()}, y, levels)


def graph(
    edge_index: Any,
    x: Any = None,
    edge_attr: Any = None,
    edge_type: Any = None,
    num_nodes: int | Sequence[int] | None = None,
    *,
    pos: Any = None,
    batch: Any = None,
    num_items: int | None = None,
    y: Any = None,
    nodes: dict[str, Tensor] | None = None,
    edges: dict[str, Tensor] | None = None,
    **levels: Any,
) -> Structure:
    """A graph, or a list of graphs.

    Args:
        edge_index: `(2, E)` senders in row 0 and receivers in row 1, or a list of them, each counting its nodes from 0.
        x: `(N, C)` node features, or a list.
        edge_attr: `(E, C)` edge features in the order of `edge_index`, or a list.
        edge_type: `(E,)` relations, or a list.
        num_nodes: nodes of the graph, or a list; unless given those of `x` or `pos`, or else up to the last one named.
        pos: `(N, D)` positions, or a list.
        batch: `(N,)` the item of each node, ascending, as in PyG: one `edge_index` then counts the nodes of all items.
        num_items: items, where some at the end or between have no nodes in `batch`.
        y: one target an item, `(B, ...)`; one a node goes into `nodes={"y": ...}`.
        nodes: further fields of all nodes.
        edges: further fields of all edges, in the order of `edge_index`.
        **levels: further fields: `globals=`, `levels=`, `meta=` as in `Structure`.

    Returns:
        A Structure whose edge rows are in receiver order.

    Raises:
        DtypeError: if an index is no integer.
        ShapeError: if the tensors do not fit together.
        StructureError: if an edge names a node that is not there.

    Example:
        >>> graph(torch.tensor([[0, 1, 2], [1, 2, 0]]), x=torch.randn(3, 4))
        Structure of Graph(1 item of 3 nodes, 3 edges)
          nodes   x           (3, 4) float32
    """
    several = _is_list(edge_index)
    if batch is not None:
        num_nodes = len(as_tensor(batch, "batch"))
    indices = [_edge_index(part) for part in (edge_index if several else [edge_index])]
    columns = {
        name: [as_tensor(part, name) for part in (value if several else [value])]
        for name, value in (("x", x), ("edge_attr", edge_attr), ("edge_type", edge_type), ("pos", pos))
        if value is not None
    }
    for name, parts in columns.items():
        if len(parts) != len(indices):
            raise ShapeError(
                f"`{name}` must hold one tensor for each of the {len(indices)} graphs; got {len(parts)}. "
                "Pass lists of equal length."
            )
    counts = _node_counts(indices, columns, num_nodes)
    for item, (index, count) in enumerate(zip(indices, counts, strict=True)):
        known = {"N": count, "E": index.shape[1]}
        for name, parts in columns.items():
            expect(parts[item], ROWS[name], name, **known)
    for item, (index, count) in enumerate(zip(indices, counts, strict=True)):
        if index.numel() and (int(index.max()) >= count or int(index.min()) < 0):
            raise StructureError(
                f"`edge_index` must name nodes between 0 and {count - 1}; got {int(index.min())} .. {int(index.max())} "
                f"(item {item}). Number the nodes of each item from 0, or pass num_nodes."
            )
    shifts = offsets_of(torch.tensor(counts, dtype=torch.long))[:-1].tolist()
    whole = torch.cat([index + shift for index, shift in zip(indices, shifts, strict=True)], 1)
    packed = {name: torch.cat(parts) for name, parts in columns.items()}
    item_counts = torch.tensor(counts) if batch is None else counts_of(batch, sum(counts), num_items)
    topology = Graph(whole[0], whole[1], item_counts.to(whole.device), packed.pop("edge_type", None))
    edge_rows = {**({"edge_attr": packed.pop("edge_attr")} if "edge_attr" in packed else {}), **(edges or {})}
    for name, rows in edge_rows.items():
        if len(rows) != topology.num_edges:
            raise ShapeError(
                f"`{name}` must have {topology.num_edges} rows, one an edge; got shape {tuple(rows.shape)}. "
                "Pass the rows in the order of edge_index."
            )
    edge_rows = {name: topology.links.in_receiver_order(rows) for name, rows in edge_rows.items()}
    return of_topology(topology, {**packed, **(nodes or {})}, y, {"edges": edge_rows, **levels})


def mesh(vertices: Any, faces: Any, *, y: Any = None, **levels: Any) -> Structure:
    """Triangle meshes: a graph along the triangles' sides, with a level `faces` that holds `vertices` `(F, 3)`.

    Args:
        vertices: `(N, 3)` positions of one mesh, or a list.
        faces: `(F, 3)` vertex numbers of one mesh, or a list, each counting from 0.
        y: `(B, ...)` one target an item.
        **levels: further fields: `nodes=`, `globals=`, `meta=` as in `Structure`.

    Raises:
        StructureError: if a face names a vertex that is not there.

    Example:
        >>> tetrahedron = mesh(torch.eye(4, 3), torch.tensor([[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]))
        >>> tetrahedron.topology.links.num_edges, tetrahedron.levels["faces"]["vertices"].shape
        (12, torch.Size([4, 3]))
    """
    several = _is_list(vertices)
    positions = [as_tensor(part, "vertices") for part in (vertices if several else [vertices])]
    triangles = [integers(part, "faces") for part in (faces if several else [faces])]
    if len(positions) != len(triangles):
        raise ShapeError(
            f"`faces` must hold one tensor a mesh, {len(positions)}; got {len(triangles)}. Pass equal lists."
        )
    sides = []
    for item, (corner, position) in enumerate(zip(triangles, positions, strict=True)):
        expect(position, "N 3", "vertices")
        expect(corner, "F 3", "faces")
        if corner.numel() and (int(corner.min()) < 0 or int(corner.max()) >= len(position)):
            raise StructureError(
                f"`faces` must name vertices between 0 and {len(position) - 1}; "
                f"got {int(corner.min())} .. {int(corner.max())} (item {item}). Check the mesh."
            )
        pairs = torch.cat([corner[:, [0, 1]], corner[:, [1, 2]], corner[:, [2, 0]]])
        count = max(len(position), 1)
        keys = torch.unique(torch.cat([pairs[:, 0] * count + pairs[:, 1], pairs[:, 1] * count + pairs[:, 0]]))
        sides.append(torch.stack([keys % count, keys // count]))  # in receiver order: no further sort
    counts = torch.tensor([len(part) for part in positions])
    starts = offsets_of(counts)[:-1]
    shifted = torch.cat([part + start for part, start in zip(triangles, starts.tolist(), strict=True)])
    face_level = Level(torch.tensor([len(part) for part in triangles]), {"vertices": shifted}, frozenset({"vertices"}))
    return graph(sides, pos=positions, num_nodes=counts.tolist(), y=y, levels={"faces": face_level}, **levels)


def of_topology(topology: Topology, nodes: dict[str, Tensor], y: Any, levels: dict[str, Any]) -> Structure:
    """A structure of what every constructor takes: further fields by level, and one target an item."""
    extra = dict(levels)
    all_nodes = {**nodes, **extra.pop("nodes", {})}
    items = dict(extra.pop("globals", {}))
    if y is not None:
        target = as_tensor(y, "y")
        if not target.ndim or len(target) != topology.num_items:
            raise ShapeError(
                f"`y` must have one row for each of the {topology.num_items} items; got shape {tuple(target.shape)}. "
                "Pass nodes={'y': y} for one target a node."
            )
        items["y"] = target
    return Structure(topology, all_nodes, globals=items, **extra)


def _lattice_rows(x: Rows, name: str, num_axes: int | None) -> tuple[Tensor, Any, int]:
    """Packed rows; the size that all items share as a tuple, or a list of sizes; the number of items."""
    if not _is_list(x):
        tensor = as_tensor(x, name)
        if tensor.ndim < 3 or (num_axes is not None and tensor.ndim != num_axes + 2):
            raise ShapeError(
                f"`{name}` must have axes (B, {_axes(num_axes)}, C); got shape {tuple(tensor.shape)}. "
                "One item without batch axis is [tensor]; features without channel axis are x.unsqueeze(-1)."
            )
        sizes = tuple(tensor.shape[1:-1])
        return tensor.flatten(0, -2), sizes, len(tensor)
    parts = [as_tensor(part, name) for part in x]
    if not parts:
        raise StructureError(
            f"`{name}` must hold at least one item; got an empty list. Pass a tensor (0, ..., C) for none."
        )
    width, channels = parts[0].ndim, parts[0].shape[-1:] if parts[0].ndim else None
    for item, part in enumerate(parts):
        if part.ndim < 2 or part.ndim != width or (num_axes is not None and part.ndim != num_axes + 1):
            raise ShapeError(
                f"`{name}` must hold tensors of axes ({_axes(num_axes)}, C); got {tuple(part.shape)} (item {item}). "
                "Give every item the same axes, channels last."
            )
        if part.shape[-1:] != channels or part.dtype != parts[0].dtype:
            raise ShapeError(
                f"`{name}` must have the same channels and dtype in all items; got {tuple(part.shape)} {part.dtype} "
                f"(item {item}) beside {tuple(parts[0].shape)} {parts[0].dtype}. Make them equal."
            )
    rows = torch.cat([part.flatten(0, -2) for part in parts])
    sizes = torch.tensor([part.shape[:-1] for part in parts], dtype=torch.long, device=rows.device)
    return rows, sizes, len(parts)


def _axes(num_axes: int | None) -> str:
    return "T" if num_axes == 1 else "*sizes"


def _table(sizes: Any, num_items: int) -> list[Any]:
    return [list(sizes)] * num_items if isinstance(sizes, tuple) else sizes.tolist()


def _node_counts(indices: list[Tensor], columns: dict[str, list[Tensor]], num_nodes: Any) -> list[int]:
    if num_nodes is not None:
        counts = [int(num_nodes)] if isinstance(num_nodes, int) else [int(count) for count in num_nodes]
        if len(counts) != len(indices):
            raise ShapeError(
                f"`num_nodes` must hold one number a graph, {len(indices)}; got {len(counts)}. Pass a list."
            )
        return counts
    for name in ("x", "pos"):
        if name in columns:
            return [len(part) for part in columns[name]]
    return [int(index.max()) + 1 if index.numel() else 0 for index in indices]


def _edge_index(index: Any) -> Tensor:
    tensor = integers(index, "edge_index")
    if tensor.ndim != 2 or tensor.shape[0] != 2:
        hint = (
            " Transpose it."
            if tensor.ndim == 2 and tensor.shape[1] == 2
            else " Pass senders and receivers as two rows."
        )
        raise ShapeError(f"`edge_index` must have axes (2, E); got shape {tuple(tensor.shape)}.{hint}")
    return tensor


def integers(value: Any, name: str) -> Tensor:
    """A tensor of whole numbers, as long.

    Raises:
        DtypeError: if it holds others.
    """
    tensor = as_tensor(value, name)
    if not tensor.numel():
        return tensor.long()
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool:
        raise DtypeError(f"`{name}` must be integers; got {tensor.dtype}. Convert it with .long().")
    return tensor.long()


def _is_list(value: Any) -> bool:
    """Whether a value holds one tensor an item, rather than being one tensor as nested numbers."""
    return isinstance(value, list | tuple) and not (value and isinstance(value[0], list | tuple | int | float))
