"""Which level an attribute of PyG's belongs to."""

from __future__ import annotations

import dataclasses
import json
import numbers
from collections.abc import Mapping
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
        counts: nodes of each item.
        num_edges: of all items.
        slices: of a batch, where each item begins in each attribute.
        levels: of some attributes the level that the user says.
    """

    store: Any
    counts: list[int]
    num_edges: int
    slices: Mapping[str, Any] | None
    levels: Mapping[str, str]

    def level_of(self, name: str, rows: Tensor) -> str:
        """The level of which the attribute has the rows.

        Raises:
            OptionError: if the user says a level that there is not.
            StructureError: if it has the rows of none.
        """
        sizes = {"globals": len(self.counts), "edges": self.num_edges, "nodes": sum(self.counts)}
        fitting = [level for level, size in sizes.items() if size == len(rows)]
        if name in self.levels:
            one_of("levels", self.levels[name], LEVELS)
            fitting = [level for level in fitting if level == self.levels[name]]
        elif name != "y" and len(fitting) > 1:
            fitting = self._by_item(name, fitting)
            fitting = [level for level in fitting if level != "globals"] or fitting
            if len(fitting) > 1:
                fitting = ["edges" if self.store.is_edge_attr(name) else "nodes"]
        if not fitting:
            raise StructureError(
                f"`{name}` must have a row for each of {sizes['nodes']} nodes, {sizes['edges']} edges or "
                f"{sizes['globals']} graphs; got shape {tuple(rows.shape)}. Delete it, or reshape it first: "
                f"data.{name} = data.{name}[None] for one row a graph."
            )
        return fitting[0]

    def _by_item(self, name: str, fitting: list[str]) -> list[str]:
        """Of levels with as many rows, those whose rows are shared out among the items as the attribute's are."""
        bounds = (self.slices or {}).get(name)
        if not isinstance(bounds, Tensor):
            return fitting
        own, edge_bounds = bounds.diff().tolist(), (self.slices or {}).get("edge_index")
        shares = {"globals": [1] * len(self.counts), "nodes": self.counts}
        shares |= {"edges": edge_bounds.diff().tolist()} if isinstance(edge_bounds, Tensor) else {}
        return [level for level in fitting if shares.get(level) == own] or fitting


def placed(attributes: Attributes, given: Mapping[str, Any]) -> tuple[dict[str, dict[str, Tensor]], Any]:
    """Fields by level, and a record for each item, or None.

    Raises:
        StructureError: if an attribute is neither rows of a level nor what JSON holds.
    """
    fields: dict[str, dict[str, Tensor]] = {level: {} for level in LEVELS}
    num_items = len(attributes.counts)
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
