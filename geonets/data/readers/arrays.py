"""What a file of bare arrays becomes: one rule for NPY, NPZ, HDF5 and every other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import OptionError
from geonets.core.options import one_of
from geonets.core.structure import Level, Structure
from geonets.core.tensors import WIDER
from geonets.core.topology import Chain, Grid, Set
from geonets.data.readers.source import Source
from geonets.data.readers.texts import is_text, records_of

Kind = Literal["set", "chain", "grid", "items"]
KINDS = ("set", "chain", "grid", "items")
MOST_EMPTY = 1_000_000
"""The most rows without a single number in them: they cost no bytes in a file, but memory afterwards."""


def chosen(source: Source, names: Sequence[str], fields: Sequence[str] | None) -> list[str]:
    """The names of the arrays to be read, in this order: all of a file's, or those of `fields`.

    Raises:
        ReadError: if one is not there.
    """
    wanted = names if fields is None else [fields] if isinstance(fields, str) else fields
    for name in wanted:
        if name not in names:
            got = ", ".join(names) or "none"
            raise source.error(f"hold the array {name}", got, "all arrays", "Correct `fields`.")
    return list(wanted)


def structure_of(
    source: Source,
    arrays: Mapping[str, np.ndarray | Tensor],
    *,
    kind: Kind = "set",
    axes: Sequence[str] | None = None,
    batched: bool = False,
    meta: dict[str, Any] | None = None,
) -> Structure:
    """Arrays as a Structure. Their shapes decide what is a row of what, never their names; the first says the sizes.

    | `kind` | the first array has shape | which makes |
    |---|---|---|
    | `"set"` | `(N, ...)` | one item: a set of N nodes |
    | `"chain"` | `(T, ...)` | one item: a chain of T steps |
    | `"grid"` | `(H, W, ...)`, one axis for each of `axes` | one item: a grid |
    | `"items"` | `(B, ...)` | B items of one node each |
    | `batched=True` | `(B, N, ...)`, `(B, T, ...)`, `(B, H, W, ...)` | B items of one size |

    Arrays whose shape begins alike are node fields; the axes that follow stay as they are. Of the others, with several
    items those of B rows are fields of the items; with one item a single number is a field of the item, and every
    other array a level of its own name. Text is kept in `meta` by its name: with several items each has its own of B
    rows; any other array all have.

    Args:
        source: the file, for messages.
        arrays: by name, in the order of the file; a record array is an array for each of its fields.
        kind: what the rows of the first array are.
        axes: of a grid, the slowest first; `("y", "x")` unless given.
        batched: whether the first axis counts items.
        meta: a record that every item gets.

    Raises:
        OptionError: if `kind` is another word, or axes are named that are no grid's.
        ReadError: if there is no array, one holds no numbers, or one does not fit.
    """
    one_of("kind", kind, KINDS)
    if axes is not None and kind != "grid":
        raise OptionError(f'`axes` must be those of a grid; got kind={kind!r}. Pass kind="grid" too.')
    parts = {name: part for whole, array in arrays.items() for name, part in _parts(whole, array).items()}
    texts = {name: part for name, part in parts.items() if is_text(part) and name not in (meta or {})}
    if len(texts) == len(parts):
        texts = {}  # nothing would say what is a row
    fields = {name: _tensor(source, name, part) for name, part in parts.items() if name not in texts}
    if not fields:
        raise source.error("hold an array", "none", "the whole file", "Check that it is the right file.")
    several = batched or kind == "items"
    width = (len(axes) if axes is not None else 2 if kind == "grid" else int(kind != "items")) + int(several)
    name, first = next(iter(fields.items()))
    head = first.shape[:width]
    if len(head) < width:
        rule = f"begin with an array of at least {width} axes for kind={kind!r}{', batched' if batched else ''}"
        cure = "Choose the arrays, the first of which says the sizes: read(path, fields=(...))."
        raise source.error(rule, f"shape {tuple(first.shape)}", f"array {name}", cure)
    num_items, sizes = (head[0], head[1:]) if several else (1, head)
    nodes: dict[str, Tensor] = {}
    items: dict[str, Tensor] = {}
    levels: dict[str, Level] = {}
    for name, field in fields.items():
        if field.shape[:width] == head:
            nodes[name] = field.reshape(math.prod(head), *field.shape[width:])
        elif several:
            if not field.ndim or len(field) != num_items:
                rule = f"have {num_items} rows, one an item, in each array"
                cure = "Leave it out: read(path, fields=(...))."
                raise source.error(rule, f"shape {tuple(field.shape)}", f"array {name}", cure)
            items[name] = field
        elif field.ndim:
            levels[name] = Level(torch.tensor([len(field)]), {name: field})
        else:
            items[name] = field.reshape(1)
    topology = _topology(kind, sizes, num_items, axes)
    records = None if meta is None else [meta] * num_items
    if texts:
        records = [{**(meta or {}), **record} for record in records_of(source, texts, num_items, several)]
    return Structure(topology, nodes, globals=items, levels=levels, meta=records)


def _topology(kind: Kind, sizes: Sequence[int], num_items: int, axes: Sequence[str] | None) -> Any:
    if kind == "items":
        return Set(1, num_items)
    if kind == "set":
        return Set(sizes[0], num_items)
    return Chain(sizes[0], num_items) if kind == "chain" else Grid(tuple(sizes), axes, num_items)


def _parts(name: str, array: np.ndarray | Tensor) -> dict[str, np.ndarray | Tensor]:
    """An array by its name, or the fields of its records."""
    if isinstance(array, Tensor) or array.dtype.names is None:
        return {name: array}
    return {f"{name}.{field}": array[field] for field in array.dtype.names}


def _tensor(source: Source, name: str, array: np.ndarray | Tensor) -> Tensor:
    if isinstance(array, Tensor):
        _filled(source, array.shape, f"array {name}")
        return numbers(source, array.numpy(), f"array {name}") if array.dtype in WIDER else array
    return numbers(source, array, f"array {name}")


def numbers(source: Source, array: np.ndarray, place: str) -> Tensor:
    """An array as a tensor; unsigned numbers of 16 to 64 bits become signed ones that hold them.

    Raises:
        ReadError: if it holds something else than numbers that torch knows, or rows without end and content.
    """
    kept = array.dtype.kind in "biufc" and array.dtype.newbyteorder("=") not in (np.longdouble, np.clongdouble)
    if not kept or array.dtype.itemsize > 16:
        cure = "Leave it out: read(path, fields=(...)), or convert it to numbers."
        raise source.error("hold numbers that torch has", f"dtype {array.dtype}", place, cure)
    _filled(source, array.shape, place)
    native = array.astype(array.dtype.newbyteorder("="), copy=not array.flags.writeable)
    if native.dtype == np.uint64 and native.size and int(native.max()) >= 2**63:
        cure = "Use float64, or smaller numbers."
        raise source.error("have whole numbers below 2^63", str(native.max()), place, cure)
    tensor = torch.from_numpy(np.ascontiguousarray(native).reshape(array.shape))
    return tensor.to(WIDER.get(tensor.dtype, tensor.dtype))


def _filled(source: Source, shape: Sequence[int], place: str) -> None:
    """Raise if there are many rows without a single number in them."""
    if 0 in shape and max(shape) > MOST_EMPTY:
        rule = f"have at most {MOST_EMPTY} rows without content"
        raise source.error(rule, f"shape {tuple(shape)}", place, "Correct the shape.")
