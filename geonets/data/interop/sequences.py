"""Sequences as torch holds them: padded with lengths, packed, and nested tensors; no loop over items anywhere."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from geonets.core.errors import DtypeError, ShapeError, StructureError
from geonets.core.ranges import concatenated_ranges, offsets_of
from geonets.core.shapes import expect
from geonets.core.structure import Structure
from geonets.core.tensors import as_tensor
from geonets.core.topology import Chain, Set
from geonets.data.constructors import chain, integers, of_topology
from geonets.data.interop.dense import padded
from geonets.data.interop.refusals import field_of, refuse_losses


def from_padded(x: Any, lengths: Any, *, batch_first: bool = True, y: Any = None, **levels: Any) -> Structure:
    """Padded sequences with their lengths as chains without padding.

    Args:
        x: `(B, T_max, C)`.
        lengths: `(B,)` steps of each sequence.
        batch_first: else `x` is `(T_max, B, C)`, as torch's recurrent layers have it.
        y: `(B, ...)` one target an item.
        **levels: further fields: `nodes=`, `globals=`, `meta=` as in `Structure`.

    Raises:
        ShapeError: if the axes are others, or there is not one length a sequence.
        StructureError: if a length is negative, or longer than the padded sequence.

    Example:
        >>> from_padded(torch.randn(2, 5, 3), [5, 2])
        Structure of Chain(2 items of 2 .. 5 nodes along (time))
          nodes   x           (7, 3) float32
    """
    rows = as_tensor(x, "x")
    expect(rows, "B T C ..." if batch_first else "T B C ...", "x")
    rows = rows if batch_first else rows.transpose(0, 1)
    counts = integers(lengths, "lengths").to(rows.device)
    expect(counts, "B", "lengths", B=len(rows))
    if len(counts) and (int(counts.min()) < 0 or int(counts.max()) > rows.shape[1]):
        raise StructureError(
            f"`lengths` must lie between 0 and the {rows.shape[1]} steps of `x`; "
            f"got {int(counts.min())} .. {int(counts.max())}. Count the steps of each sequence."
        )
    steps = torch.arange(rows.shape[1], device=rows.device)
    return of_topology(Chain(counts), {"x": rows[steps < counts[:, None]]}, y, levels)


def to_padded(
    structure: Structure, field: str | None = None, *, batch_first: bool = True, padding_value: float = 0.0
) -> tuple[Tensor, Tensor]:
    """One node field of all items padded to the longest, and the lengths.

    Args:
        structure: over any topology; `to_dense` also gives a mask and the links.
        field: which node field, whatever there is beside; unless given `x`, and there must be nothing beside it.
        batch_first: else the steps come first.
        padding_value: after the end of an item.

    Returns:
        `(B, T_max, ...)` and `(B,)`.

    Raises:
        StructureError: if there is no such field, or something would be lost.

    Example:
        >>> x, lengths = to_padded(chain([torch.ones(1, 1), torch.ones(3, 1)]))
        >>> x.squeeze(-1).tolist(), lengths.tolist()
        ([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]], [1, 3])
    """
    rows = padded(structure.topology, _rows(structure, field, "to_padded"), padding_value)
    return rows if batch_first else rows.transpose(0, 1), structure.topology.node_counts


def from_packed(packed: PackedSequence, *, y: Any = None, **levels: Any) -> Structure:
    """A torch `PackedSequence` as chains, in the order of the items before they were packed.

    Args:
        packed: of features `(T, C)` a sequence.
        y: `(B, ...)` one target an item.
        **levels: further fields: `nodes=`, `globals=`, `meta=` as in `Structure`.

    Raises:
        DtypeError: if it is something else.

    Example:
        >>> from torch.nn.utils.rnn import pack_sequence
        >>> from_packed(pack_sequence([torch.ones(1, 2), torch.ones(3, 2)], enforce_sorted=False)).topology
        Chain(2 items of 1 .. 3 nodes along (time))
    """
    if not isinstance(packed, PackedSequence):
        raise DtypeError(
            f"`packed` must be a torch.nn.utils.rnn.PackedSequence; got {type(packed).__name__}. Use gn.from_padded."
        )
    expect(packed.data, "N C ...", "packed")
    widths = packed.batch_sizes.to(packed.data.device)
    num_items = int(widths[0]) if len(widths) else 0
    ranks = torch.arange(num_items, device=widths.device)
    lengths = (widths[:, None] > ranks).sum(0)  # of the sorted sequences
    if packed.unsorted_indices is not None:
        ranks, lengths = packed.unsorted_indices, lengths[packed.unsorted_indices]
    topology = Chain(lengths)
    steps = topology.coordinates()[:, 0]
    rows = offsets_of(widths)[steps] + ranks[topology.item_ids]
    return of_topology(topology, {"x": packed.data.index_select(0, rows)}, y, levels)


def to_packed(structure: Structure, field: str | None = None) -> PackedSequence:
    """One node field as a torch `PackedSequence`, which torch's recurrent layers take.

    Args:
        structure: chains.
        field: which node field, whatever there is beside; unless given `x`, and there must be nothing beside it.

    Raises:
        StructureError: if an item is empty, which torch cannot pack, there is no such field, or something would be
            lost.

    Example:
        >>> to_packed(chain([torch.ones(1, 2), torch.ones(3, 2)])).batch_sizes
        tensor([2, 1, 1])
    """
    rows, topology = _rows(structure, field, "to_packed"), structure.topology
    counts = topology.node_counts
    empty = (counts == 0).nonzero()
    if len(empty) or not len(counts):
        found = f"an empty one, item {int(empty[0])}" if len(empty) else "no items"
        raise StructureError(
            f"`structure` must have items of at least one step to be packed; got {found}. "
            "Leave it out: structure[structure.topology.node_counts > 0]."
        )
    order = counts.argsort(descending=True, stable=True)
    ranks = order.argsort()
    items = topology.item_ids
    steps = torch.arange(len(rows), device=rows.device) - topology.node_offsets[items]
    places = (steps * len(counts) + ranks[items]).argsort()
    return PackedSequence(rows.index_select(0, places), torch.bincount(steps).cpu(), order, ranks)


def from_nested(nested: Tensor, *, y: Any = None, **levels: Any) -> Structure:
    """A nested tensor as chains; of the jagged layout the rows are shared, not copied.

    Args:
        nested: `(B, j, C)`, ragged along its second axis.
        y: `(B, ...)` one target an item.
        **levels: further fields: `nodes=`, `globals=`, `meta=` as in `Structure`.

    Raises:
        DtypeError: if it is no nested tensor.
        ShapeError: if it is ragged along another axis.

    Example:
        >>> parts = [torch.ones(1, 2), torch.ones(3, 2)]
        >>> from_nested(torch.nested.nested_tensor(parts, layout=torch.jagged)).topology
        Chain(2 items of 1 .. 3 nodes along (time))
    """
    if not isinstance(nested, Tensor) or not nested.is_nested:
        raise DtypeError(
            f"`nested` must be a nested tensor; got {type(nested).__name__}. Lists of tensors go to gn.chain."
        )
    if nested.layout != torch.jagged:
        return chain(list(nested.unbind()), y=y, **levels)
    if nested.ndim < 3 or isinstance(nested.shape[1], int):
        raise ShapeError(
            f"`nested` must have axes (B, j, C ...), ragged along the second; got {nested.ndim} axes, "
            f"ragged elsewhere (shape {tuple(nested.shape)}). Transpose it, or add a channel axis to its values."
        )
    jagged: Any = nested
    rows, offsets, lengths = jagged.values(), jagged.offsets(), jagged.lengths()
    if lengths is None:
        return of_topology(Chain(offsets.diff()), {"x": rows}, y, levels)
    rows = rows.index_select(0, concatenated_ranges(offsets[:-1], lengths))  # with holes between the items
    return of_topology(Chain(lengths), {"x": rows}, y, levels)


def to_nested(structure: Structure, field: str | None = None) -> Tensor:
    """One node field as a nested tensor of the jagged layout, on the same memory.

    Args:
        structure: over any topology.
        field: which node field, whatever there is beside; unless given `x`, and there must be nothing beside it.

    Returns:
        `(B, j, ...)`.

    Raises:
        StructureError: if there is no such field, or something would be lost.

    Example:
        >>> [tuple(part.shape) for part in to_nested(chain([torch.ones(1, 2), torch.ones(3, 2)])).unbind()]
        [(1, 2), (3, 2)]
    """
    rows = _rows(structure, field, "to_nested")
    return torch.nested.nested_tensor_from_jagged(rows, structure.topology.node_offsets)


def _rows(structure: Structure, field: str | None, call: str) -> Tensor:
    """The node field that is named, or the only one."""
    if field is None:
        part = f"gn.{call}(structure, 'x')"
        target = f"a tensor of gn.{call}"
        refuse_losses(structure, target, meta=(), kinds=(Chain, Set), axes=("time",), part=part, nodes=("x",))
    return field_of(structure, "nodes", field or "x")
