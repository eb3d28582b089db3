"""Edge lists: two nodes a line, perhaps with a weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.data.constructors import graph
from geonets.data.readers.networks import directions, repeated
from geonets.data.readers.numbers import float32, table
from geonets.data.readers.source import Source

COMMENTS = ("#", "%")


def read_edgelist(
    source: Source, *, directed: bool = False, num_nodes: int | None = None, separator: str | None = None
) -> Structure:
    """A network as one item, from lines of two nodes each; lines that begin with `#` or `%` are comments.

    Nodes are whole numbers or names. Numbers that are not just 0, 1, 2, ... are put in order and numbered anew, names
    in the order in which they appear; both are kept in `meta` as `node_names`. A third column of numbers becomes
    `edges["weight"]`; if there are more, they become `edge_attr` together.

    Args:
        source: the file.
        directed: whether a line leads from its first node to its second only; else it becomes two edges.
        num_nodes: how many nodes there are; they are then numbers from 0, and some may have no edge.
        separator: between the columns; white space unless given.

    Raises:
        ReadError: if a line has no two nodes, or other columns than the first; if a pair of an undirected network is
            listed twice.

    Reference: J. Leskovec, A. Krevl, "SNAP Datasets: Stanford Large Network Dataset Collection", 2014.
    """
    rows = [(n, line) for n, line in enumerate(source.lines, 1) if line.strip() and not line.startswith(COMMENTS)]
    lines, numbers = [line for _, line in rows], [number for number, _ in rows]

    def place(row: int) -> str:
        return f"line {numbers[row]}, edge {row}"

    pairs, names, weights = _columns(source, lines, numbers, separator)
    if num_nodes is not None and (
        names is not None or (pairs.size and not 0 <= pairs.min() <= pairs.max() < num_nodes)
    ):
        lost = 0 if names is not None else int(np.argwhere((pairs < 0) | (pairs >= num_nodes))[0, 0])
        rule = f"have nodes that are numbers between 0 and {num_nodes - 1}"
        raise source.error(rule, repr(lines[lost]), place(lost), "Leave out num_nodes, or correct the line.")
    if num_nodes is None and names is None:
        known, index = np.unique(pairs, return_inverse=True)
        pairs, names = index.reshape(-1, 2), known.tolist()
    again = repeated(pairs, directed)
    if len(again) and not directed:
        row, cure = int(again[0]), "Pass directed=True to take the lines as they are."
        raise source.error("list each pair of an undirected network once", repr(lines[row]), place(row), cure)
    edge_rows, edge_index = directions(pairs, directed)
    edges = {}
    if weights is not None:
        values = torch.from_numpy(float32(source, weights, place))[edge_rows]
        edges = {"weight": values[:, 0]} if values.shape[1] == 1 else {"edge_attr": values}
    meta: dict[str, Any] = {"directed": directed, "multigraph": bool(len(again))}
    if names is not None and names != list(range(len(names))):
        meta["node_names"] = names
    count = len(names) if names is not None else num_nodes
    return graph(edge_index, num_nodes=count, edges=edges, meta=[meta])


def is_edge_list(source: Source) -> bool:
    """Whether the first lines are two whole numbers each; three may as well be the coordinates of a point."""
    if source.is_folder:
        return False
    lines = source.head().decode("utf-8", "replace").splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith(COMMENTS)]
    complete = rows[:-1] or rows  # the last one may be cut
    return bool(rows) and all(len(row) == 2 and _is_whole(*row) for row in complete)


def _columns(
    source: Source, lines: list[str], numbers: list[int], separator: str | None
) -> tuple[np.ndarray, list[str] | None, np.ndarray | None]:
    """The pairs of nodes, the nodes' names where they have some, and the other columns."""
    first = lines[0].split(separator) if lines else []
    width, whole = len(first) if lines else 2, _is_whole(*first[:2])
    if width < 2:
        raise source.error("name two nodes a line", repr(lines[0]), f"line {numbers[0]}", "Check the separator.")
    if whole and width == 2:
        return _whole(source, lines, numbers, separator), None, None
    words = [line.split(separator) for line in lines]
    weights = None
    if width > 2:
        others = [" ".join(row[2:]) for row in words]
        weights = table(source, others, columns=width - 2, first_line=numbers, rows_are="edge")
    if whole:
        return _whole(source, [" ".join(row[:2]) for row in words], numbers, None), None, weights
    uneven = next((row for row, entries in enumerate(words) if len(entries) != width), None)
    if uneven is not None:
        place = f"line {numbers[uneven]}, edge {uneven}"
        raise source.error(f"have {width} columns in each line", repr(lines[uneven]), place, "Correct the line.")
    if len(words) > 1 and _is_whole(*words[1][:2]):
        place = f"line {numbers[0]}"
        raise source.error("have nodes of one kind", f"{lines[0]!r} above numbers", place, "Put # before a title.")
    number: dict[str, int] = {}
    pairs = [[number.setdefault(entry.strip(), len(number)) for entry in row[:2]] for row in words]
    return np.array(pairs, dtype=np.int64), list(number), weights


def _whole(source: Source, lines: list[str], numbers: list[int], separator: str | None) -> np.ndarray:
    return table(source, lines, columns=2, first_line=numbers, rows_are="edge", kind=int, separator=separator)


def _is_whole(*words: str) -> bool:
    return all(word.strip().removeprefix("-").isdecimal() and word.isascii() for word in words)
