"""Items turned and mirrored, with the fields that are vectors: `rotate`, `flip`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from geonets.core.errors import OptionError, ShapeError, StructureError, UnsupportedError
from geonets.core.fields import Level
from geonets.core.sampling import Seed, normal, number_of, uniform
from geonets.core.structure import Structure
from geonets.core.topology import Lattice, OnLattice, SparseGrid
from geonets.data.transforms.positions import positions, real

AXES = ("x", "y", "z")


def rotate(
    structure: Structure,
    matrix: Tensor | None = None,
    *,
    axis: str | int | Sequence[float] | None = None,
    degrees: float = 180.0,
    vectors: Sequence[str] = (),
    seed: Seed = None,
) -> Structure:
    """Each item turned about the origin: `R_b pos_i`, and `R_b v` for every field that is declared a vector.

    With `matrix` this turn; with `axis` a random angle about it; else a turn drawn uniformly from all there are.
    Distances, and therefore neighbours, stay as they are.

    Args:
        structure: with positions `(N, D)`.
        matrix: `(D, D)`, or `(B, D, D)` one for each item: orthogonal.
        axis: about what to turn in three dimensions: `"x"`, `"y"`, `"z"`, its number, or a direction.
        degrees: the largest angle, either way; of a plane, or about an axis.
        vectors: fields of any level that turn along, with rows `(D,)` or `(..., D)`: normals, velocities, forces.
        seed: of the draws: a number, or a generator, or None for torch's global one.

    Raises:
        DtypeError: if positions or vectors are whole numbers.
        OptionError: if the options do not go together.
        ShapeError: if a matrix or a vector has not `D` coordinates.
        StructureError: if there are no positions, or a vector is not a field.

    Reference: Mezzadri, "How to generate random matrices from the classical compact groups", 2007, section 5.

    Example:
        >>> import geonets as gn
        >>> quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
        >>> arrow = gn.points([torch.tensor([[1.0, 0.0]])], nodes={"v": torch.tensor([[0.0, 2.0]])})
        >>> turned = gn.transforms.rotate(arrow, quarter, vectors=["v"])
        >>> turned.pos.tolist(), turned.nodes["v"].tolist()
        ([[0.0, 1.0]], [[-2.0, 0.0]])
    """
    width = positions(structure, "rotate").shape[1]
    if matrix is not None:
        if axis is not None:
            raise OptionError("`axis` must be left out with a matrix; got both. Pass one of them.")
        turns = _checked(matrix, width, len(structure))
    elif axis is not None or (width == 2 and degrees < 180):
        items = torch.arange(len(structure), device=structure.device)
        angles = (2 * uniform(number_of(seed), items) - 1) * math.radians(degrees)
        turns = _about(axis, angles, width)
    elif degrees != 180:
        raise OptionError(f"`degrees` must come with an axis; got {degrees} without. Pass axis='z', say.")
    else:
        turns = _any_turns(number_of(seed), len(structure), width, structure.device)
    return _moved(structure, vectors, lambda rows, items: torch.einsum("nij,n...j->n...i", turns[items].to(rows), rows))


def flip(
    structure: Structure,
    axis: str | int,
    *,
    share: float = 1.0,
    vectors: Sequence[str] = (),
    seed: Seed = None,
) -> Structure:
    """Items mirrored: a coordinate of `pos` changes its sign, or an axis of a chain or grid runs the other way.

    Twice is nothing. Triangles of a mesh (the field `vertices` of a level `faces`) turn round, so that their normals
    point outwards still.

    Args:
        structure: with positions, or a chain or grid.
        axis: the name of an axis of a chain or grid; else `"x"`, `"y"`, `"z"` or the number of a coordinate of `pos`.
        share: mirror each item with this probability.
        vectors: fields of any level whose coordinate changes its sign along with that of `pos`.
        seed: of the draws: a number, or a generator, or None for torch's global one.

    Raises:
        OptionError: if there is no such axis, or `share` is no probability.
        UnsupportedError: if a chain or grid has fields of its links, which change their direction.

    Example:
        >>> import geonets as gn
        >>> gn.transforms.flip(gn.grid([torch.tensor([[[1.0], [2.0]], [[3.0], [4.0]]])]), "x").x.flatten()
        tensor([2., 1., 4., 3.])
    """
    if not 0 <= share <= 1:
        raise OptionError(f"`share` must be a probability; got {share}. Pass 0.5 to mirror every second item.")
    items = torch.arange(len(structure), device=structure.device)
    mirrored = uniform(number_of(seed), items) < share if share < 1 else torch.ones_like(items, dtype=torch.bool)
    topology = structure.topology
    if isinstance(topology, OnLattice) and axis in topology.lattice.axes:
        return _reversed(structure, topology, topology.lattice.axes.index(str(axis)), mirrored)
    column = _column(axis, positions(structure, "flip").shape[1])

    def sign(rows: Tensor, of: Tensor) -> Tensor:
        signs = torch.ones(len(of), rows.shape[-1], device=rows.device, dtype=rows.dtype)
        signs[:, column] = torch.where(mirrored[of], -1.0, 1.0).to(rows.dtype)
        return rows * signs.reshape(len(of), *[1] * (rows.ndim - 2), rows.shape[-1])

    moved = _moved(structure, vectors, sign)
    faces = moved.levels.get("faces")
    if faces is None or "vertices" not in faces.fields:
        return moved
    turned = mirrored[torch.repeat_interleave(faces.counts)]
    corners = torch.where(turned[:, None], faces["vertices"].flip(1), faces["vertices"])
    level = Level(faces.counts, {**faces.fields, "vertices": corners}, faces.node_ids)
    return moved.replace(levels={**moved.levels, "faces": level})


def _moved(structure: Structure, vectors: Sequence[str], move: Callable[[Tensor, Tensor], Tensor]) -> Structure:
    """The structure with `move(rows, items)` for positions and vectors."""
    width, topology = structure.pos.shape[1], structure.topology
    changes: dict[str, dict[str, Tensor]] = {"nodes": {"pos": move(structure.pos, topology.item_ids)}}
    levels = dict(structure.levels)
    for name in vectors:
        found = [level for level in ("nodes", "edges", "globals") if name in getattr(structure, level)]
        held = [level for level, rows in structure.levels.items() if name in rows.fields]
        if not found and not held:
            raise StructureError(
                f"`vectors` must name fields of the structure; got {name!r}. "
                f"Its nodes have {', '.join(structure.nodes)}."
            )
        for level in found:
            rows = _with_width(getattr(structure, level)[name], name, width)
            changes.setdefault(level, {})[name] = move(rows, _items(structure, level))
        for level in held:
            counts, rows = levels[level].counts, _with_width(levels[level][name], name, width)
            moved = {**levels[level].fields, name: move(rows, torch.repeat_interleave(counts))}
            levels[level] = Level(counts, moved, levels[level].node_ids)
    changed = structure.replace(**changes)
    return changed if levels == dict(structure.levels) else changed.replace(levels=levels)


def _items(structure: Structure, level: str) -> Tensor:
    if level == "nodes":
        return structure.topology.item_ids
    if level == "edges":
        return structure.topology.item_ids[structure.topology.links.receivers]
    return torch.arange(len(structure), device=structure.device)


def _with_width(rows: Tensor, name: str, width: int) -> Tensor:
    if rows.ndim < 2 or rows.shape[-1] != width:
        raise ShapeError(
            f"`vectors` must have {width} coordinates, as pos; got {name!r} of shape {tuple(rows.shape)}. "
            "Leave out fields that do not turn along."
        )
    return real(rows, name)


def _checked(matrix: Tensor, width: int, num_items: int) -> Tensor:
    turns = torch.as_tensor(matrix)
    if turns.shape not in ((width, width), (num_items, width, width)):
        raise ShapeError(
            f"`matrix` must be ({width}, {width}) or ({num_items}, {width}, {width}); got {tuple(turns.shape)}. "
            "Pass one turn, or one for each item."
        )
    square = turns.double() @ turns.double().mT
    if not torch.allclose(
        square, torch.eye(width, dtype=torch.float64, device=turns.device).expand_as(square), atol=1e-4
    ):
        raise OptionError(
            "`matrix` must be orthogonal; got one that changes distances. Use transforms.scale, or replace(pos=...)."
        )
    return turns.expand(num_items, width, width)


def _column(axis: str | int, width: int) -> int:
    column = AXES.index(axis) if isinstance(axis, str) and axis in AXES else axis
    if not isinstance(column, int) or not -width <= column < width:
        raise OptionError(
            f"`axis` must be one of {', '.join(AXES[:width])}, a number below {width}, or an axis of the "
            f"chain or grid; got {axis!r}. Name one that is there."
        )
    return column % width


def _about(axis: str | int | Sequence[float] | None, angles: Tensor, width: int) -> Tensor:
    """`(B, D, D)` turns by angles: in the plane, or about an axis in space (Rodrigues)."""
    sine, cosine = angles.sin()[:, None, None], angles.cos()[:, None, None]
    if width == 2 and axis is None:
        quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64, device=angles.device)
        return cosine * torch.eye(2, dtype=torch.float64, device=angles.device) + sine * quarter
    if width != 3:
        raise OptionError(
            f"`axis` must be left out unless pos has three coordinates; got {axis!r} for {width}. Leave it."
        )
    if isinstance(axis, str | int):
        direction = torch.zeros(3, dtype=torch.float64)
        direction[_column(axis, 3)] = 1.0
    else:
        direction = torch.as_tensor(axis, dtype=torch.float64)
    length = torch.linalg.vector_norm(direction)
    if direction.shape != (3,) or not 0 < float(length) < math.inf:
        raise OptionError(f"`axis` must be a direction of three numbers, not all 0; got {axis!r}. Pass (0, 0, 1), say.")
    x, y, z = (direction / length).tolist()
    across = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64, device=angles.device)
    return torch.eye(3, dtype=torch.float64, device=angles.device) + sine * across + (1 - cosine) * (across @ across)


def _any_turns(seed: int, num_items: int, width: int, device: torch.device) -> Tensor:
    """`(B, D, D)` turns, uniformly: the orthogonal part of normal numbers, mirrored back where it mirrors."""
    items, axes = torch.arange(num_items, device=device), torch.arange(width, device=device)
    turns, upper = torch.linalg.qr(normal(seed, items[:, None, None], axes[:, None], axes))
    turns = turns * upper.diagonal(dim1=1, dim2=2).sign()[:, None]
    turns[:, :, 0] *= torch.linalg.det(turns).sign()[:, None]
    return turns


def _reversed(structure: Structure, topology: OnLattice, column: int, mirrored: Tensor) -> Structure:
    """Nodes take the places that they see in a mirror."""
    if structure.edges:
        raise UnsupportedError(
            f"`structure` must have no fields of its links to be mirrored; got {', '.join(structure.edges)}. "
            "Take them off first: replace(edges={...: None})."
        )
    lattice, items, places = topology.lattice, topology.item_ids, topology.coordinates().clone()
    last = lattice.sizes.sizes[items, column] - 1
    places[:, column] = torch.where(mirrored[items], last - places[:, column], places[:, column])
    numbers, _ = lattice.find(items, places[:, None])
    numbers, rows = numbers[:, 0].sort()
    target = topology if isinstance(topology, Lattice) else SparseGrid.of_nodes(lattice, numbers)
    nodes = {name: field.index_select(0, rows) for name, field in structure.nodes.items()}
    new = torch.empty_like(rows).index_copy_(0, rows, torch.arange(len(rows), device=rows.device))
    levels = {
        name: Level(
            level.counts, {n: new[f] if n in level.node_ids else f for n, f in level.fields.items()}, level.node_ids
        )
        for name, level in structure.levels.items()
    }
    return Structure(target, nodes, globals=structure.globals, levels=levels, meta=structure.meta)
