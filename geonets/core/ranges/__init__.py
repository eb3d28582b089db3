"""Arithmetic on packed rows: sizes and offsets, the rows of chosen items, and reductions over sorted segments."""

from geonets.core.ranges.item_ids import counts_of
from geonets.core.ranges.room import require_room
from geonets.core.ranges.rows import LaterRows, Rows, concatenated_ranges, offsets_of
from geonets.core.ranges.segments import (
    joined,
    segment_max,
    segment_mean,
    segment_min,
    segment_reduce,
    segment_sum,
    spread,
)
from geonets.core.ranges.sizes import Sizes, as_items

__all__ = [
    "LaterRows",
    "Rows",
    "Sizes",
    "as_items",
    "concatenated_ranges",
    "counts_of",
    "joined",
    "offsets_of",
    "require_room",
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_reduce",
    "segment_sum",
    "spread",
]
