"""`StoredRecords`: the meta of stored items, a line of JSON each, decoded when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor

from geonets.core.errors import DtypeError
from geonets.core.ranges import Rows, offsets_of
from geonets.data.storage.header import Fault
from geonets.data.storage.rows import StoredRows


@final
class StoredRecords(Sequence[dict[str, Any]]):
    """The records of some items of a file.

    Args:
        text: all records as JSON, one after another, as bytes.
        offsets: `(B+1,)` where each begins.
        items: `(b,)` whose records these are; a range where they follow one another.
        fault: makes the errors.
    """

    def __init__(self, text: StoredRows, offsets: Tensor, items: range | Tensor, fault: Fault) -> None:
        self._text, self._offsets, self._items, self._fault = text, offsets, items, fault

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice | Tensor):
            whole = self._items
            if isinstance(whole, range) and isinstance(index, Tensor):
                whole = torch.arange(whole.start, whole.stop, whole.step)
            chosen: Any = whole[index]  # pyright: ignore[reportArgumentType, reportCallIssue]
            return StoredRecords(self._text, self._offsets, chosen, self._fault)
        item = int(self._items[index])
        start, stop = int(self._offsets[item]), int(self._offsets[item + 1])
        written = bytes(self._text.take(Rows(span=slice(start, stop))).numpy())
        try:
            record = json.loads(written)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            cure = "It was not written by gn.save: do not use it."
            raise self._fault("have a JSON object for every item", repr(written[:80]), f"meta of item {item}", cure)
        return record

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __repr__(self) -> str:
        return f"StoredRecords({len(self)} records)"

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)


def as_tensors(records: Sequence[dict[str, Any]]) -> tuple[Tensor, Tensor]:
    """Records as JSON: all bytes, and where each begins.

    Raises:
        DtypeError: if a record would not come back as it is.
    """
    lines = []
    for item, record in enumerate(records):
        line = _line(record)
        if line is None:
            raise DtypeError(
                f"`meta` must be JSON-able records, with words as keys, lists and finite numbers, to be saved; "
                f"got {str(record)[:80]} (item {item}). Convert it first."
            )
        lines.append(line)
    text = bytearray().join(lines)
    counts = torch.tensor([len(line) for line in lines], dtype=torch.long)
    written = torch.frombuffer(text, dtype=torch.uint8) if text else torch.empty(0, dtype=torch.uint8)
    return written, offsets_of(counts)


def _line(record: dict[str, Any]) -> bytes | None:
    """A record as JSON, or None where it would not come back as it is."""
    try:
        line = json.dumps(record, allow_nan=False, ensure_ascii=False)
        return line.encode() if json.loads(line) == record else None
    except (TypeError, ValueError, RecursionError):
        return None
