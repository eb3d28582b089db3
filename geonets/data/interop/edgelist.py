"""Graphs from pandas tables of edges, as NetworkX reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from geonets.core.errors import StructureError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.constructors import graph
from geonets.data.interop.notes import as_json
from geonets.data.interop.pandas import labels, matrix, numeric_columns, require_columns, require_frame, require_values


def from_pandas_edgelist(
    frame: Any,
    source: str = "source",
    target: str = "target",
    columns: Sequence[str] | None = None,
    *,
    edge_type: str | None = None,
    nodes: Any = None,
    dtype: torch.dtype | None = None,
) -> Structure:
    """A table with one row an edge as one graph; `to_pandas(structure, "edges")` is such a table.

    Nodes are numbered in the order of their sorted names, or of the table `nodes`; `meta` holds the names.

    Args:
        frame: a pandas DataFrame, one row an edge.
        source: the column that names the senders.
        target: the column that names the receivers.
        columns: which become `edge_attr`; unless given all that are numbers and named by no other argument.
        edge_type: the column of the relation; its names become numbers in the order of the sorted names.
        nodes: a DataFrame with one row a node, whose index names them and whose numeric columns become `x`.
        dtype: of `edge_attr` and `x`; torch's default unless given.

    Raises:
        DtypeError: if it is no DataFrame, or a column of `columns` holds what is no number.
        StructureError: if a column is not there, a value is missing, or an edge names a node that `nodes` lacks.

    Example:
        >>> import pandas
        >>> frame = pandas.DataFrame({"source": ["bob", "cid"], "target": ["ann", "ann"], "weight": [1.0, 2.0]})
        >>> from_pandas_edgelist(frame)
        Structure of Graph(1 item of 3 nodes, 2 edges)
          edges   edge_attr   (2, 1) float32
    """
    pandas = require("pandas")
    require_frame(pandas, frame)
    kind = dtype or torch.get_default_dtype()
    named = [source, target, *([edge_type] if edge_type is not None else [])]
    chosen = list(columns) if columns is not None else numeric_columns(pandas, frame, named)
    require_columns(frame, [*chosen, *named])
    require_values(frame, [*chosen, *named])
    ends, names = _numbered(pandas, frame[source], frame[target], nodes)
    options: dict[str, Any] = {"edge_attr": matrix(frame, chosen, kind)} if chosen else {}
    meta: dict[str, Any] = {}
    if names != list(range(len(names))):
        meta["node_names"] = [as_json(name, "frame", "Name the nodes by text or numbers.") for name in names]
    if edge_type is not None:
        options["edge_type"], classes = labels(pandas, frame[edge_type], kind)
        meta |= {} if classes is None else {"edge_types": classes}
    if nodes is not None and (features := numeric_columns(pandas, nodes, [])):
        require_values(nodes, features)
        options["x"] = matrix(nodes, features, kind)
    return graph(torch.from_numpy(ends), num_nodes=len(names), meta=[meta] if meta else None, **options)


def _numbered(pandas: Any, source: Any, target: Any, nodes: Any) -> tuple[np.ndarray, list[Any]]:
    """`(2, E)` node numbers, and the name of each node."""
    listed = pandas.concat([source, target], ignore_index=True)
    if nodes is None:
        names = pandas.Index(listed.unique())
        names = names.sort_values() if names.inferred_type not in ("mixed", "mixed-integer") else names
    else:
        require_frame(pandas, nodes)
        names = nodes.index
    unknown = None if names.is_unique else names[names.duplicated()][0]
    numbers = names.get_indexer(listed) if unknown is None else np.empty(0)
    if unknown is None and (numbers < 0).any():
        unknown = listed[int((numbers < 0).argmax())]
    if unknown is not None:
        raise StructureError(
            f"`nodes` must name every node of the edges once in its index; got {unknown!r} not once. "
            "Add or remove its row, or leave out nodes."
        )
    return numbers.astype(np.int64).reshape(2, -1), names.tolist()
