"""Which level an attribute of PyG's belongs to, and what of it is a record."""

from __future__ import annotations

import dataclasses
import json
import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

import numpy as np
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.options import one_of
from geonets.core.tensors import as_tensor

LEVELS = ("nodes", "edges", "globals")


@final
@dataclasses.dataclass(frozen=True)
class Attributes:
    """What is known of a PyG object when its attributes are placed.

    Args:
        store: the object, which knows PyG's own rule.
        sizes: how many rows each level has, of the levels that there are.
        counts: nodes of each item.
        slices: of a batch, where each item begins in each attribute; None of what is no batch.
        levels: of some attributes the level that the user says.
    """

    store: Any
    sizes: Mapping[str, int]
    counts: Sequence[int] = ()
    slices: Mapping[str, Any] | None = None
    levels: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def level_of(self, name: str, rows: Tensor) -> str:
        """The level of which the attribute has the rows.

        Raises:
            OptionError: if the user says a level that there is not.
            StructureError: if it has the rows of none.
        """
        fitting = [level for level, size in self.sizes.items() if size == len(rows)]
        if name in self.levels:
            one_of("levels", self.levels[name], LEVELS)
            fitting = [level for level in fitting if level == self.levels[name]]
        elif name == "y" and "globals" in fitting:
            return "globals"
        elif len(fitting) > 1:
            fitting = self._by_item(name, fitting)
            fitting = [level for level in fitting if level != "globals"] or fitting
            if len(fitting) > 1:
                fitting = ["edges" if self.store.is_edge_attr(name) else "nodes"]
        if not fitting:
            words = {"nodes": "nodes", "edges": "edges", "globals": "graphs"}
            sizes = ", ".join(f"{self.sizes[level]} {word}" for level, word in words.items() if level in self.sizes)
            raise StructureError(
                f"`{name}` must have a row for each of {sizes}; got shape {tuple(rows.shape)}. "
                f"Delete it, or reshape it: data.{name} = data.{name}[None] for one row a graph."
            )
        return fitting[0]

    def _by_item(self, name: str, fitting: list[str]) -> list[str]:
        """Of levels with as many rows, those whose rows are shared out among the items as the attribute's are."""
        slices = self.slices or {}
        own, edges = slices.get(name), slices.get("edge_index")
        if not isinstance(own, Tensor):
            return fitting
        shares = {"globals": [1] * self.sizes["globals"], "nodes": list(self.counts)}
        shares |= {"edges": edges.diff().tolist()} if isinstance(edges, Tensor) else {}
        return [level for level in fitting if shares.get(level) == own.diff().tolist()] or fitting


def placed(attributes: Attributes, given: Mapping[str, Any]) -> tuple[dict[str, dict[str, Tensor]], Any]:
    """Fields by level, and a record for each item, or None.

    Raises:
        StructureError: if an attribute is neither rows of a level nor what JSON holds.
    """
    fields: dict[str, dict[str, Tensor]] = {level: {} for level in LEVELS}
    num_items = attributes.sizes["globals"]
    records: list[dict[str, Any]] = [{} for _ in range(num_items)]
    kept = False
    for name, value in given.items():
        if isinstance(value, Tensor | np.ndarray | numbers.Real):
            rows = as_tensor(value, name)
            rows = rows if rows.ndim else rows.reshape(1)
            fields[attributes.level_of(name, rows)][name] = rows
            continue
        kept = True
        parts = [value] * num_items if attributes.slices is None else _by_item(value, num_items)
        for record, part in zip(records, parts, strict=True):
            record.update(json.loads(part) if name == "meta" and isinstance(part, str) else {name: _plain(part, name)})
    return fields, records if kept else None


def recorded(records: Sequence[Mapping[str, Any]] | None, names: Sequence[str]) -> dict[str, Any]:
    """An item's record as attributes: some entries under their own names, the rest as JSON under `meta`."""
    if records is None:
        return {}
    record = records[0]
    rest = {name: value for name, value in record.items() if name not in names}
    own = {name: record[name] for name in names}
    return own | ({"meta": json.dumps(rest)} if rest or not own else {})


def shared_names(records: Sequence[Mapping[str, Any]] | None, taken: Iterable[str], kind: type) -> list[str]:
    """The entries that all records have as a string or a list, which PyG's batching keeps item by item."""
    records, taken = records or (), {"meta", *taken}
    return [
        name
        for name in (records[0] if records else {})
        if name.isidentifier() and name not in taken and not hasattr(kind, name)
        if all(isinstance(record.get(name), str | list) for record in records)
    ]


def _by_item(value: Any, num_items: int) -> list[Any]:
    """PyG's batches hold a list of strings, and a dict of what they hold."""
    if isinstance(value, Mapping):
        columns = {name: _by_item(part, num_items) for name, part in value.items()}
        return [{name: column[item] for name, column in columns.items()} for item in range(num_items)]
    return value.tolist() if isinstance(value, Tensor) else list(value)


def _plain(value: Any, name: str) -> Any:
    """What JSON holds, as it will come back."""
    try:
        return json.loads(json.dumps(value, default=_listed))
    except (TypeError, ValueError) as error:
        raise StructureError(
            f"`{name}` must be a tensor, or what JSON holds, to be kept; got {type(value).__name__} ({error}). "
            f"Delete it first: del data.{name}."
        ) from None


def _listed(value: Any) -> Any:
    if isinstance(value, Tensor | np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON serializable")
