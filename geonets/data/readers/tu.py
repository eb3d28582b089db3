"""TUDataset folders: many graphs as columns of text, `DS_A.txt` and its companions."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from geonets.core.structure import Structure
from geonets.core.topology import Graph
from geonets.data.readers.numbers import float32, table
from geonets.data.readers.source import Source

MAX_LABELS = 1000
"""How many different labels a column may have to become one-hot features, unless `max_labels` says otherwise."""


def read_tu(source: Source, *, attributes: bool = True, max_labels: int = MAX_LABELS) -> Structure:
    """The graphs of a TUDataset folder, one item each.

    `x` is the attributes of the nodes and then their labels one-hot, counted from the smallest, `edge_attr` likewise;
    `label` of the nodes, edges and globals are the labels as they stand in the files, and `edge_type` those of edges,
    counted from the smallest. `y` is the number of each graph's label among all labels, in ascending order, or its
    attributes where it has some. All is as in PyG's `TUDataset`, except that no edge is lost: PyG drops self-loops, and
    adds up the features of edges between the same nodes; here an edge is taken once only if it is listed again with
    the same label and attributes, as in IMDB-BINARY.

    Args:
        source: the folder of `DS_A.txt`, or the one above, with the files in `raw`.
        attributes: whether `x` and `edge_attr` begin with the attributes; PyG's `x` does not, unless asked.
        max_labels: the most labels of a column that become one-hot features.

    Raises:
        ReadError: if a file is missing, has another number of lines, or numbers nodes or graphs that are not there.

    Reference: C. Morris, N. Kriege, F. Bause, K. Kersting, P. Mutzel, M. Neumann, "TUDataset: A collection of benchmark
        datasets for learning with graphs", 2020, arXiv:2007.08663.
    """
    columns = _Columns(source)
    counts = _node_counts(columns)
    num_nodes, num_graphs = int(counts.sum()), len(counts)
    items = np.repeat(np.arange(num_graphs), counts)
    pairs = _pairs(columns, items)
    nodes = columns.features("node", num_nodes, attributes, max_labels)
    edges = columns.features("edge", len(pairs), attributes, max_labels)
    kept = _first_listed(pairs, edges)
    pairs, edges = pairs[kept], {name: field[kept] for name, field in edges.items()}
    edge_type = None
    if "label" in edges and edges["label"].ndim == 1:
        edge_type = edges["label"] - (edges["label"].min() if len(pairs) else 0)
    senders, receivers = torch.from_numpy(pairs).T
    topology = Graph(senders, receivers, torch.from_numpy(counts), edge_type)
    order = topology.links.input_order
    return Structure(
        topology,
        nodes=_renamed(nodes, "x"),
        edges={n: f if order is None else f[order] for n, f in _renamed(edges, "edge_attr").items()},
        globals=_targets(columns, num_graphs),
    )


class _Columns:
    """The files of a folder, as arrays of numbers."""

    def __init__(self, folder: Source) -> None:
        found = [path.relative_to(folder.path) for at in ("", "raw") for path in (folder.path / at).glob("*_A.txt")]
        if len(found) != 1:
            got = ", ".join(sorted(map(str, found))) or "none"
            raise folder.error("hold the edges of one dataset, DS_A.txt", got, "*_A.txt", "Name the folder of one.")
        self.folder = folder
        self.stem = str(found[0]).removesuffix("A.txt")

    def file(self, name: str) -> Source | None:
        """The file of this name, if there is one."""
        path = f"{self.stem}{name}.txt"
        return self.folder.member(path) if (self.folder.path / path).exists() else None

    def column(self, name: str, rows: int | None, row_is: str, kind: type, width: int | None = None) -> Tensor | None:
        """A file's numbers, `(rows,)` or `(rows, columns)`; None where there is no such file."""
        file = self.file(name)
        if file is None:
            return None
        lines = file.lines
        if rows is not None and len(lines) != rows:
            counted = f"{self.stem}{'A' if row_is == 'edge' else 'graph_indicator'}.txt"
            rule = f"have {rows} lines, one for each {row_is} of {counted}"
            place = f"end, line {len(lines)}"
            raise file.error(rule, f"{len(lines)} lines", place, "Fetch the whole folder again, or correct the file.")
        numbers = table(file, lines, columns=width, rows_are=row_is, separator=",", kind=kind)
        if kind is float:
            numbers = float32(file, numbers, lambda row: f"line {row + 1}")
        rows_of_one = numbers.ndim == 2 and numbers.shape[1] == 1
        return torch.from_numpy(numbers[:, 0].copy() if rows_of_one else numbers)

    def features(self, level: str, rows: int, attributes: bool, max_labels: int) -> dict[str, Tensor]:
        """The features of nodes or edges, and their labels as they are."""
        found: dict[str, Tensor] = {}
        parts = []
        own = self.column(f"{level}_attributes", rows, level, float)
        if own is not None and attributes:
            parts.append(own.reshape(rows, -1))
        label = self.column(f"{level}_labels", rows, level, int)
        if label is not None:
            found["label"] = label
            parts += [self._one_hot(column, level, max_labels) for column in label.reshape(rows, -1).unbind(1)]
        if parts:
            found["features"] = torch.cat(parts, 1)
        return found

    def _one_hot(self, label: Tensor, level: str, max_labels: int) -> Tensor:
        if not len(label):
            return torch.zeros(0, 0)
        low, high = int(label.min()), int(label.max())
        if high - low >= max_labels:
            file = self.folder.member(f"{self.stem}{level}_labels.txt")
            place = f"line {int(label.argmax()) + 1}"
            cure = "Raise the limit: read(path, max_labels=...)."
            raise file.error(f"have labels of at most {max_labels} kinds", f"{low} .. {high}", place, cure)
        return torch.nn.functional.one_hot(label - low, high - low + 1).float()


def _node_counts(columns: _Columns) -> np.ndarray:
    """How many nodes each graph has."""
    folder = columns.folder
    file = columns.file("graph_indicator") or folder.member(f"{columns.stem}graph_indicator.txt")
    graphs = table(file, file.lines, columns=1, rows_are="node", kind=int)[:, 0]
    steps = np.diff(graphs, prepend=0)
    allowed = (steps == 0) | (steps == 1)
    if len(steps):
        allowed[0] = graphs[0] == 1
    wrong = np.flatnonzero(~allowed)
    if len(wrong):
        row = int(wrong[0])
        before = int(graphs[row - 1]) if row else 0
        rule = "number the graphs 1, 1, ..., 2, 2, ... without a gap" if row else "number the graphs from 1"
        got = f"{int(graphs[row])} after {before}" if row else f"{int(graphs[row])}"
        raise file.error(rule, got, f"line {row + 1}", "Sort and number the nodes by graph.")
    return np.bincount(graphs)[1:] if len(graphs) else np.zeros(0, np.int64)


def _pairs(columns: _Columns, items: np.ndarray) -> np.ndarray:
    """`(E, 2)` senders and receivers, counted from 0."""
    file = columns.folder.member(f"{columns.stem}A.txt")
    pairs = table(file, file.lines, columns=2, rows_are="edge", separator=",", kind=int) - 1
    lost = np.argwhere((pairs < 0) | (pairs >= len(items)))
    if len(lost):
        row, end = lost[0]
        rule = f"join nodes between 1 and {len(items)}, the lines of {columns.stem}graph_indicator.txt"
        raise file.error(rule, f"node {int(pairs[row, end]) + 1}", f"line {row + 1}", "Correct the edge.")
    leaving = np.flatnonzero(items[pairs[:, 0]] != items[pairs[:, 1]])
    if len(leaving):
        row = leaving[0]
        got = f"one from graph {items[pairs[row, 0]] + 1} to graph {items[pairs[row, 1]] + 1}"
        raise file.error("have edges inside one graph", got, f"line {row + 1}", "Correct the edge.")
    return pairs


def _first_listed(pairs: np.ndarray, edges: dict[str, Tensor]) -> np.ndarray:
    """The rows of edges that are not listed before with the same nodes, label and features, in ascending order."""
    keys = pairs[:, 0] * (int(pairs.max()) + 1 if len(pairs) else 1) + pairs[:, 1]
    first = np.unique(keys, return_index=True)[1]
    if len(first) < len(keys) and edges:
        columns = [field.reshape(len(keys), -1).double().numpy() for field in edges.values()]
        rank = np.unique(keys, return_inverse=True)[1][:, None]
        first = np.unique(np.concatenate([rank, *columns], 1), axis=0, return_index=True)[1]
    return np.sort(first)


def _targets(columns: _Columns, num_graphs: int) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    label = columns.column("graph_labels", num_graphs, "graph", int)
    if label is not None:
        found["label"] = label
        found["y"] = torch.unique(label, return_inverse=True)[1]
    attributes = columns.column("graph_attributes", num_graphs, "graph", float)
    if attributes is not None:
        found["y"] = attributes
    return found


def _renamed(found: dict[str, Tensor], features: str) -> dict[str, Tensor]:
    return {features if name == "features" else name: field for name, field in found.items()}
