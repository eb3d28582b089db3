"""Columns of fields: `standardize`, `one_hot`, `degree`, `join`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, OptionError, ShapeError, StructureError
from geonets.core.options import one_of
from geonets.core.ranges import segment_mean
from geonets.core.structure import Structure
from geonets.data.transforms.positions import real

LEVELS = ("nodes", "edges", "globals")


def standardize(
    structure: Structure,
    mean: Tensor | float | None = None,
    std: Tensor | float | None = None,
    *,
    name: str = "x",
    level: str = "nodes",
) -> Structure:
    """A field with mean 0 and deviation 1 in each column: `(x_i - mean) / std`; a constant column becomes 0.

    Args:
        structure: any.
        mean: `(C,)` of the training set, say; together with `std`. Unless given, each item's own over its nodes.
        std: `(C,)` likewise.
        name: the field.
        level: `"nodes"`, `"edges"` or `"globals"`; by themselves only nodes can be standardised.

    Raises:
        DtypeError: if the field holds whole numbers.
        OptionError: if only one of `mean` and `std` is given, or none for edges or globals.
        StructureError: if there is no such field.

    Example:
        >>> import geonets as gn
        >>> gn.transforms.standardize(gn.chain([torch.tensor([[1.0], [3.0]])])).x.flatten()
        tensor([-1.,  1.])
    """
    rows = real(_field(structure, name, level), name)
    if (mean is None) != (std is None) or (mean is None and level != "nodes"):
        given = " and ".join(n for n, v in (("mean", mean), ("std", std)) if v is not None) or "neither"
        raise OptionError(
            f"`mean` and `std` must be given together, and always for edges and globals; got {given} for {level}. "
            "Compute both on the training set."
        )
    if mean is None or std is None:
        offsets, items = structure.topology.node_offsets, structure.topology.item_ids
        centred = rows - segment_mean(rows, offsets, items)[items]
        deviation = segment_mean(centred.square(), offsets, items).sqrt()[items]
    else:
        centred = rows - torch.as_tensor(mean, dtype=rows.dtype, device=rows.device)
        deviation = torch.as_tensor(std, dtype=rows.dtype, device=rows.device)
    return structure.replace(**{level: {name: centred / torch.where(deviation > 0, deviation, 1)}})


def one_hot(
    structure: Structure, name: str, num_classes: int, *, level: str = "nodes", into: str | None = None
) -> Structure:
    """Whole numbers as rows with one 1: `(N,)` or `(N, 1)` classes become `(N, num_classes)`.

    Args:
        structure: any.
        name: the field of classes, from 0.
        num_classes: columns; never guessed from the values, which differ from batch to batch.
        level: `"nodes"`, `"edges"` or `"globals"`.
        into: the field for the rows; the same field unless given.

    Raises:
        DtypeError: if classes are no integers.
        ShapeError: if there is not one class a row.
        StructureError: if there is no such field, or a class is not below `num_classes`.

    Example:
        >>> import geonets as gn
        >>> kinds = gn.points(None, x=[torch.tensor([[2], [0]])])
        >>> gn.transforms.one_hot(kinds, "x", 3).x
        tensor([[0., 0., 1.],
                [1., 0., 0.]])
    """
    classes = _field(structure, name, level)
    if classes.is_floating_point() or classes.is_complex():
        raise DtypeError(f"`{name}` must be integers to be classes; got {classes.dtype}. Convert it with .long().")
    if classes.ndim > 2 or (classes.ndim == 2 and classes.shape[1] != 1):
        raise ShapeError(
            f"`{name}` must have one class a row; got shape {tuple(classes.shape)}. Choose a column: field[:, 0]."
        )
    flat = classes.reshape(len(classes)).long()
    if len(flat) and not 0 <= int(flat.min()) <= int(flat.max()) < num_classes:
        raise StructureError(
            f"`{name}` must be between 0 and {num_classes - 1}; got {int(flat.min())} .. {int(flat.max())}. "
            "Pass more num_classes, or clamp the field first."
        )
    rows = torch.nn.functional.one_hot(flat, num_classes).to(torch.get_default_dtype())
    return structure.replace(**{level: {into or name: rows}})


def degree(structure: Structure, direction: str = "in", into: str = "degree") -> Structure:
    """How many links each node has, as a field of whole numbers.

    Args:
        structure: over any topology that has links.
        direction: `"in"` links received, `"out"` links sent.
        into: the field.

    Raises:
        OptionError: if `direction` is another word.

    Example:
        >>> import geonets as gn
        >>> star = gn.graph(torch.tensor([[1, 2, 3], [0, 0, 0]]))
        >>> gn.transforms.one_hot(gn.transforms.degree(star), "degree", 4, into="x").x.argmax(1).tolist()
        [3, 0, 0, 0]
    """
    one_of("direction", direction, ("in", "out"))
    links = structure.topology.links
    degrees = links.degrees if direction == "in" else links.reversed.degrees
    return structure.replace(nodes={into: degrees.clone()})


def join(structure: Structure, names: Sequence[str], into: str = "x", *, level: str = "nodes") -> Structure:
    """Several fields side by side as one: `[a_i, b_i, ...]`.

    Args:
        structure: any.
        names: the fields, which stay as they are; one without columns counts as one column.
        into: the field that is written.
        level: `"nodes"`, `"edges"` or `"globals"`.

    Raises:
        StructureError: if there is no such field.

    Example:
        >>> import geonets as gn
        >>> cloud = gn.points([torch.zeros(5, 3)], x=[torch.ones(5, 2)])
        >>> gn.transforms.join(cloud, ["x", "pos"]).x.shape
        torch.Size([5, 5])
    """
    parts = [_field(structure, name, level) for name in names]
    rows = torch.cat([part[:, None] if part.ndim == 1 else part for part in parts], 1)
    return structure.replace(**{level: {into: rows}})


def _field(structure: Structure, name: str, level: str) -> Tensor:
    one_of("level", level, LEVELS)
    fields = getattr(structure, level)
    if name not in fields:
        raise StructureError(
            f"`{level}` must have a field {name!r}; got {', '.join(fields) or 'none'}. Name one of them."
        )
    return fields[name]
