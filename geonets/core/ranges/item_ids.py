"""From the item of each row, as PyG's `batch` vector says it, to how many rows each item has."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, ShapeError, StructureError
from geonets.core.ranges.room import require_room


def counts_of(item_ids: Any, num_rows: int, num_items: int | None = None, name: str = "batch") -> Tensor:
    """How many rows each item has.

    Nothing is allocated by what an id announces: unless `num_items` says how many items there are, every item has rows.

    Args:
        item_ids: `(N,)` the item of each row, ascending from 0.
        num_rows: `N`.
        num_items: `B`; unless given the last id and one more, and then no id may be left out.
        name: the argument's name, for messages.

    Returns:
        `(B,)` counts.

    Raises:
        DtypeError: if ids are no integers.
        ShapeError: if there is not one id a row.
        StructureError: if ids descend, are out of range, or one is left out, or there are more items than memory holds.

    Example:
        >>> counts_of(torch.tensor([0, 0, 1]), 3).tolist(), counts_of(torch.tensor([0, 2, 2]), 3, num_items=4).tolist()
        ([2, 1], [1, 0, 2, 0])
    """
    ids = torch.as_tensor(item_ids)
    if ids.numel() and (ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool):
        raise DtypeError(f"`{name}` must hold integers; got {ids.dtype}. Convert it with .long().")
    if ids.shape != (num_rows,):
        raise ShapeError(
            f"`{name}` must have {num_rows} entries, one a node; got shape {tuple(ids.shape)}. "
            "Pass the item of each node."
        )
    ids = ids.long()
    descents = (ids[1:] < ids[:-1]).nonzero()
    if len(descents):
        row = int(descents[0]) + 1
        raise StructureError(
            f"`{name}` must ascend, an item's nodes one after another; got {int(ids[row])} after {int(ids[row - 1])} "
            f"(row {row}). Sort the nodes by item first."
        )
    last = int(ids[-1]) if len(ids) else -1
    if len(ids) and (int(ids[0]) < 0 or last >= (last + 1 if num_items is None else num_items)):
        most = "" if num_items is None else f" and {num_items - 1}, as num_items={num_items}"
        raise StructureError(
            f"`{name}` must be between 0{most}; got {int(ids[0])} .. {last}. "
            "Count items from 0, or pass more num_items."
        )
    if num_items is None and len(ids):
        gaps = (torch.diff(ids, prepend=ids.new_tensor([-1])) > 1).nonzero()
        if len(gaps):
            row = int(gaps[0])
            raise StructureError(
                f"`{name}` must leave out no item unless num_items is given; got {int(ids[row])} (row {row}) after "
                f"{int(ids[row - 1]) if row else 'nothing'}. Pass num_items if some items have no nodes."
            )
    if num_items is not None:
        require_room(num_items, "num_items")
    return torch.bincount(ids, minlength=last + 1 if num_items is None else num_items)
