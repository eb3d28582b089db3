"""Tables of pandas: rows in time become chains, and every level of a structure a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import DtypeError, StructureError
from geonets.core.options import number_or_one_of, one_of
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.core.tensors import as_tensor
from geonets.core.topology import Chain, Set
from geonets.data.constructors import of_topology
from geonets.data.interop.notes import as_json, from_json
from geonets.data.interop.refusals import refuse_losses

CHOICES = ("raise", "drop", "keep")


def from_pandas(
    frame: Any,
    columns: Sequence[str] | None = None,
    *,
    item: str | None = None,
    time: str | None = None,
    y: str | None = None,
    item_y: str | None = None,
    missing: str | float = "raise",
    dtype: torch.dtype | None = None,
) -> Structure:
    """A table whose rows are steps in time as chains: one an item, each in the order of time.

    `x` holds the columns. A target that is no number becomes class numbers, in the order of the sorted names. `meta`
    holds each item's name, and what `to_pandas` needs to know.

    Args:
        frame: a pandas DataFrame, one row a step, in any order.
        columns: which become `x`; unless given all that are numbers and named by no other argument.
        item: the column that says to which sequence a row belongs; one sequence unless given. Items stand in the order
            in which they first appear.
        time: the column that says when; the rows' own order unless given. It becomes `nodes["time"]`, dates as whole
            numbers in their unit.
        y: the column of a target with one value a row; it becomes `nodes["y"]`.
        item_y: the column of a target with one value an item, the same in all its rows; it becomes `globals["y"]`.
        missing: `"raise"`; `"drop"` the rows in which one of the columns is missing; `"keep"` them as NaN in `x`; or a
            number that stands for them in `x`.
        dtype: of `x` and real targets; torch's default unless given.

    Raises:
        DtypeError: if it is no DataFrame, or a column holds what is no number or no time.
        OptionError: if `missing` is another word.
        StructureError: if a column is not there, a value is missing, or `item_y` changes within an item.

    Example:
        >>> import pandas
        >>> frame = pandas.DataFrame({"station": list("abaa"), "day": [2, 1, 1, 3], "rain": [0.5, 1.0, 0.0, 2.0]})
        >>> weather = from_pandas(frame, ["rain"], item="station", time="day")
        >>> weather.topology, weather.x.flatten().tolist()
        (Chain(2 items of 1 .. 3 nodes along (time)), [0.0, 0.5, 2.0, 1.0])
    """
    pandas = require("pandas")
    require_frame(pandas, frame)
    number_or_one_of("missing", missing, CHOICES)
    kind = dtype or torch.get_default_dtype()
    roles = {"item": item, "time": time, "y": y, "item_y": item_y}
    named = [column for column in roles.values() if column is not None]
    chosen = list(columns) if columns is not None else numeric_columns(pandas, frame, named)
    require_columns(frame, [*chosen, *named])
    frame = frame.dropna(subset=[*chosen, *named]) if missing == "drop" else frame
    require_values(frame, named if missing != "raise" else [*chosen, *named])
    codes, names = pandas.factorize(frame[item]) if item is not None else (np.zeros(len(frame), np.int64), [None])
    order = np.argsort(_times(pandas, frame[time]), kind="stable") if time is not None else np.arange(len(frame))
    order = order[np.argsort(codes[order], kind="stable")]
    frame, counts = frame.iloc[order], np.bincount(codes, minlength=len(names))
    record: dict[str, Any] = {"columns": chosen, **{role: column for role, column in roles.items() if column}}
    nodes, whole = {"x": matrix(frame, chosen, kind, missing)}, {}
    if time is not None:
        nodes["time"] = as_tensor(_times(pandas, frame[time]).copy(), "time")
        record |= {"time_dtype": str(frame[time].dtype)} if nodes["time"].dtype == torch.long else {}
    if y is not None:
        nodes["y"], record["classes"] = labels(pandas, frame[y], kind)
    if item_y is not None:
        values, record["item_classes"] = labels(pandas, frame[item_y], kind)
        whole["y"] = _one_an_item(values, counts, names, item_y)
    name_of = "Name the items by text or numbers."
    meta = [{"name": as_json(name, "frame", name_of), "frame": record} for name in names]
    return of_topology(Chain(torch.from_numpy(counts)), nodes, None, {"globals": whole, "meta": meta})


def to_pandas(structure: Structure, level: str | None = None) -> Any:
    """One level of a structure as a table, the item of each row in its first column.

    A field of one number a row is a column of its name, one of several numbers the columns `name_0`, `name_1`, ...
    Columns, times and classes that `from_pandas` read are called and shown as they were. Edges stand in the order in
    which they were given, between `source` and `target`.

    Args:
        structure: over any topology.
        level: `"nodes"`, `"edges"`, `"globals"`, or a level of its own such as `"faces"`, whatever there is beside;
            unless given the nodes, and there must be nothing beside them that the table would lose.

    Returns:
        A pandas DataFrame.

    Raises:
        OptionError: if there is no such level.
        StructureError: if none is named and something would be lost.

    Example:
        >>> from geonets.data.constructors import chain
        >>> to_pandas(chain([torch.zeros(2, 1), torch.ones(1, 2)[:, :1]])).values.tolist()
        [[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]
    """
    pandas = require("pandas")
    if level is None:
        level, part, kept = "nodes", "gn.to_pandas(structure, 'nodes')", ("name", "frame")
        kinds = (Chain, Set)
        refuse_losses(structure, "a table", meta=kept, kinds=kinds, axes=("time",), part=part, nodes=None)
    one_of("level", level, ("nodes", "edges", "globals", *structure.levels))
    items, first, fields = (_edges if level == "edges" else _members)(structure, level)
    names = [record.get("name") for record in structure.meta or ()]
    names = list(range(len(structure))) if None in names or not names else [from_json(name) for name in names]
    record = structure.meta[0].get("frame", {}) if structure.meta else {}
    found = {record.get("item", "item"): [names[item] for item in items.tolist()], **first}
    for name, field in fields.items():
        found |= _columns(pandas, level, name, field.detach().cpu(), record)
    return pandas.DataFrame(found)


def _members(structure: Structure, level: str) -> tuple[Tensor, dict[str, Any], dict[str, Tensor]]:
    """The item of each row, no columns before the fields, and the fields; node numbers count from 0 in each item."""
    topology, own = structure.topology, structure.levels.get(level)
    counts = topology.node_counts if level == "nodes" else torch.ones_like(topology.node_counts)
    counts = counts if own is None else own.counts
    items = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    fields = dict(getattr(structure, level) if own is None else own.fields)
    for name in () if own is None else own.node_ids:
        starts = topology.node_offsets[items]
        fields[name] = fields[name] - starts.reshape(-1, *[1] * (fields[name].ndim - 1))
    return items, {}, fields


def _edges(structure: Structure, level: str) -> tuple[Tensor, dict[str, Any], dict[str, Tensor]]:
    """The item of each edge, the names of its ends, and the fields, in the order in which the edges were given."""
    topology, links = structure.topology, structure.topology.links
    items = topology.item_ids[links.in_input_order(links.receivers)]
    fields = {name: links.in_input_order(field) for name, field in structure.edges.items()}
    fields |= {} if links.edge_type is None else {"edge_type": links.in_input_order(links.edge_type)}
    names = structure.meta[0].get("node_names") if structure.meta and len(structure) == 1 else None
    ends = {}
    for word, rows in (("source", links.senders), ("target", links.receivers)):
        nodes = (links.in_input_order(rows) - topology.node_offsets[items]).tolist()
        ends[word] = [from_json(names[node]) for node in nodes] if names else nodes
    return items, ends, fields


def require_frame(pandas: Any, frame: Any) -> None:
    """Raise unless it is a table."""
    if not isinstance(frame, pandas.DataFrame):
        raise DtypeError(f"`frame` must be a pandas DataFrame; got {type(frame).__name__}. Wrap it: pandas.DataFrame.")


def require_columns(frame: Any, names: Sequence[str]) -> None:
    """Raise unless the table has columns of these names, each once."""
    for name in names:
        if list(frame.columns).count(name) != 1 or names.count(name) != 1:
            raise StructureError(
                f"`frame` must have the column {name!r} once, in one role; got "
                f"{', '.join(map(str, frame.columns)) or 'no columns'}. Name one of these."
            )


def require_values(frame: Any, names: Sequence[str]) -> None:
    """Raise if a value is missing, naming its row and column."""
    gaps = frame[list(names)].isna().to_numpy()
    if gaps.any():
        row, column = (int(place) for place in np.argwhere(gaps)[0])
        raise StructureError(
            f"`frame` must have no missing values in {', '.join(map(str, names))}; got one in column "
            f"{names[column]!r} (row {row}, index {frame.index[row]!r}; {int(gaps.sum())} in all). Fill them in, "
            "or pass missing='drop', 'keep' or a number to from_pandas, where that is meant."
        )


def numeric_columns(pandas: Any, frame: Any, named: list[str]) -> list[str]:
    """The columns that are numbers, beside those named."""
    is_number = pandas.api.types.is_numeric_dtype
    return [name for name, column in frame.items() if name not in named and is_number(column.dtype)]


def matrix(frame: Any, names: Sequence[str], dtype: torch.dtype, missing: str | float = "raise") -> Tensor:
    """`(N, C)` the columns as numbers."""
    filled = float(missing) if isinstance(missing, int | float) else float("nan")
    found = np.empty((len(frame), len(names)))
    for place, name in enumerate(names):
        try:
            found[:, place] = frame[name].to_numpy(dtype=np.float64, na_value=filled)
        except (TypeError, ValueError) as error:
            raise DtypeError(
                f"`columns` must hold numbers; got {frame[name].dtype} in column {name!r} ({error}). "
                "Encode it first, or leave it out."
            ) from None
    return torch.from_numpy(found).to(dtype)


def labels(pandas: Any, column: Any, dtype: torch.dtype) -> tuple[Tensor, list[Any] | None]:
    """A target as numbers, and the names of its classes where it was none."""
    if pandas.api.types.is_numeric_dtype(column.dtype):
        rows = as_tensor(np.array(column.to_numpy()), str(column.name))
        return rows.to(dtype) if rows.is_floating_point() else rows, None
    classes = pandas.Categorical(column)
    names = [as_json(name, "frame", "Name the classes by text.") for name in classes.categories.tolist()]
    return torch.from_numpy(classes.codes.astype(np.int64)), names


def _times(pandas: Any, column: Any) -> np.ndarray:
    """Times as numbers: dates and durations as whole numbers in their unit."""
    types = pandas.api.types
    if types.is_datetime64_any_dtype(column.dtype) or types.is_timedelta64_dtype(column.dtype):
        return column.astype("int64").to_numpy()
    if not types.is_numeric_dtype(column.dtype):
        raise DtypeError(
            f"`time` must be numbers, dates or durations; got {column.dtype} in column {column.name!r}. "
            "Read the dates first: pandas.to_datetime(frame[...])."
        )
    return column.to_numpy()


def _one_an_item(values: Tensor, counts: np.ndarray, names: Any, column: str) -> Tensor:
    starts = torch.from_numpy(np.cumsum(counts) - counts)
    first = values[starts] if len(values) else values
    changed = (values != first.repeat_interleave(torch.from_numpy(counts))).nonzero()
    if len(changed):
        item = int((starts <= int(changed[0])).sum()) - 1
        raise StructureError(
            f"`item_y` must name a column with one value an item; got several in {column!r} (item {names[item]!r}). "
            "Pass it as y, if it is a target of every row."
        )
    return first


def _columns(pandas: Any, level: str, name: str, field: Tensor, record: dict[str, Any]) -> dict[str, Any]:
    """A field as columns, called as they were where they came from a table."""
    of_items = level == "globals"
    known = {"x": None, "time": record.get("time"), "y": record.get("item_y" if of_items else "y")}
    called = known.get(name) or name
    classes = record.get("item_classes" if of_items else "classes") if name == "y" else None
    if level == "nodes" and name == "x" and field.ndim == 2 and len(record.get("columns", ())) == field.shape[1] > 0:
        return dict(zip(record["columns"], field.T.numpy(), strict=True))
    if classes is not None and field.ndim == 1:
        shown = {place: from_json(label) for place, label in enumerate(classes)}
        return {called: [shown.get(place) for place in field.tolist()]}
    if name == "time" and "time_dtype" in record and field.dtype == torch.long:
        return {called: pandas.Series(field.numpy()).astype(record["time_dtype"])}
    if field.ndim == 1:
        return {called: field.numpy()}
    return {f"{called}_{place}": column.numpy() for place, column in enumerate(field.flatten(1).T)}
