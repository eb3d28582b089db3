"""Fields of a level: checked when they come in, joined in a batch; and `Level`, a kind of rows that one declares."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, ShapeError, StructureError
from geonets.core.ranges import Rows, offsets_of
from geonets.core.records import LaterFields, Record, freeze
from geonets.core.shapes import require_dense

Fields = Mapping[str, Tensor]


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Level(Record):
    """A further kind of rows beside nodes, edges and globals: the faces of a mesh, say.

    Args:
        counts: `(B,)` rows of each item.
        fields: tensors with `sum(counts)` rows.
        node_ids: the names of those fields that hold node numbers; they are renumbered together with the nodes.
    """

    counts: Tensor
    fields: Fields
    node_ids: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", freeze(self.fields))

    def __getitem__(self, name: str) -> Tensor:
        return self.fields[name]

    @property
    def offsets(self) -> Tensor:
        """`(B+1,)` where each item's rows start."""
        return self.remember("offsets", lambda: offsets_of(self.counts))

    def select(self, items: slice | Tensor, node_shift: Tensor) -> Level:
        """The rows of the chosen items; `node_shift` is new minus old node number, one entry an item."""
        numbers = torch.arange(len(self.counts), device=self.counts.device)
        rows = Rows.between(self.offsets, numbers[items] if isinstance(items, slice) else items)
        assert rows.counts is not None and rows.numbers is not None
        shifts = torch.repeat_interleave(node_shift, rows.counts, output_size=len(rows.numbers))
        return self._shifted(rows.counts, shifts, taken(self.fields, rows))

    def where(self, kept: Tensor) -> Level:
        """The rows all of whose nodes are kept, `(N,)` bool, with these numbered anew."""
        stays = torch.ones(int(self.counts.sum()), dtype=torch.bool, device=kept.device)
        for name in self.node_ids:
            stays = stays & kept[self.fields[name]].unsqueeze(-1).flatten(1).all(1)
        items = torch.repeat_interleave(self.counts)
        numbers = kept.cumsum(0) - 1
        fields = {name: field[stays] for name, field in self.fields.items()}
        fields.update({name: numbers[fields[name]] for name in self.node_ids})
        return Level(torch.bincount(items[stays], minlength=len(self.counts)), fields, self.node_ids)

    @staticmethod
    def join(parts: list[Level], node_shifts: list[int]) -> Level:
        """The rows of all parts, with the nodes of each part numbered after those before."""
        shifted = [
            part._shifted(part.counts, torch.full_like(part.counts, shift).repeat_interleave(part.counts), part.fields)
            for part, shift in zip(parts, node_shifts, strict=True)
        ]
        fields = joined("levels", [part.fields for part in shifted])
        return Level(torch.cat([part.counts for part in parts]), fields, parts[0].node_ids)

    def _shifted(self, counts: Tensor, shifts: Tensor, rows: Fields) -> Level:
        fields = dict(rows)
        for name in self.node_ids:
            fields[name] = fields[name] + shifts.reshape(-1, *[1] * (fields[name].ndim - 1))
        return Level(counts, fields, self.node_ids)


def checked(fields: Fields | None, level: str, count: int) -> Fields:
    """The fields, frozen, once each is known to be a tensor of `count` rows."""
    return freeze({name: checked_field(field, level, name, count) for name, field in (fields or {}).items()})


def checked_field(field: Any, level: str, name: str, count: int) -> Tensor:
    """The field, once it is known to be a tensor of `count` rows."""
    if not isinstance(field, Tensor):
        raise DtypeError(
            f"`{level}[{name!r}]` must be a tensor; got {type(field).__name__}. Convert it with torch.as_tensor."
        )
    if field.layout is not torch.strided:
        require_dense(field, f"{level}[{name!r}]")
    if not field.ndim or field.shape[0] != count:
        raise ShapeError(
            f"`{level}[{name!r}]` must have {count} rows, one for each of its level; got shape {tuple(field.shape)}. "
            "Pass the rows of all items one after another."
        )
    return field


def updated(old: Fields, new: Mapping[str, Any], level: str, count: int) -> Fields:
    """The old fields with new ones put in or, where None, taken out."""
    fields = dict(held(old))
    for name, value in new.items():
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = checked_field(value, level, name, count)
    return LaterFields(fields) if type(old) is LaterFields else freeze(fields)


def held(fields: Fields) -> Mapping[str, Any]:
    """The fields as they are held: tensors, or what will read their rows."""
    return fields.held if type(fields) is LaterFields else fields


def taken(fields: Fields, rows: Rows) -> Fields:
    """The chosen rows of every field, of which the others are not read."""
    return freeze({name: rows.take(field) for name, field in held(fields).items()})


def joined(level: str, parts: list[Fields]) -> Fields:
    """The rows of all parts, which must have the same fields."""
    names = parts[0].keys()
    for part in parts:
        if part.keys() != names:
            raise StructureError(
                f"`{level}` must have the same fields in all structures of a batch; "
                f"got {sorted(names)} and {sorted(part.keys())}. Add or remove fields first, with replace."
            )
    return freeze({name: torch.cat([part[name] for part in parts]) for name in names})


def check_level(name: str, level: Level, node_offsets: Tensor) -> None:
    """Raise unless a level has counts for every item, and its node numbers stay within their items."""
    if len(level.counts) != len(node_offsets) - 1:
        raise ShapeError(
            f"`levels[{name!r}]` must have one count for each of the {len(node_offsets) - 1} items; "
            f"got {len(level.counts)}. Pass counts of shape (B,)."
        )
    checked(level.fields, f"levels[{name!r}]", int(level.counts.sum()))
    for field in level.node_ids:
        ids = level.fields[field]
        items = torch.repeat_interleave(level.counts)
        low, high = node_offsets[:-1][items], node_offsets[1:][items]
        flat = ids.unsqueeze(-1).flatten(1)  # one node a row, or several
        if bool(((flat < low[:, None]) | (flat >= high[:, None])).any()):
            raise StructureError(
                f"`levels[{name!r}][{field!r}]` must name nodes of its own item; got node numbers outside it "
                f"(range {int(ids.min())} .. {int(ids.max())}). Count nodes over the whole batch, from 0."
            )
