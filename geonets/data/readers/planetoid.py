"""Planetoid's citation networks: `ind.cora.x` and its companions, which are pickles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.data.constructors import graph
from geonets.data.readers.numbers import table
from geonets.data.readers.pickles import Sparse, pickled
from geonets.data.readers.source import Source

NUM_VALIDATION = 500
MAX_DENSE = 1 << 30
"""The most bytes of features as a dense matrix, unless `max_dense` says otherwise."""


def read_planetoid(source: Source, *, max_dense: int = MAX_DENSE) -> Structure:
    """A citation network as one item: papers with `x` and `y`, citations both ways, and the public split.

    `nodes` has `train_mask` (the papers of `ind.*.y`), `val_mask` (the next 500) and `test_mask` (those that
    `ind.*.test.index` names), all bool. Papers that this index passes over, as in CiteSeer, are isolated nodes without
    features, of class 0 and of no split. All is as in PyG's `Planetoid`: self-loops and repeated citations are left
    out, and `meta` says how many. The files are never unpickled.

    Args:
        source: the folder of `ind.DS.x`, or the one above, with the files in `raw`.
        max_dense: the most bytes of `x`.

    Raises:
        ReadError: if a file is missing or cut, wants to run code, or names a node that is not there.

    Reference: Z. Yang, W. Cohen, R. Salakhutdinov, "Revisiting semi-supervised learning with graph embeddings", 2016,
        arXiv:1603.08861.
    """
    stem = _stem(source)
    files = {name: source.member(f"{stem}{name}") for name in ("x", "y", "allx", "ally", "tx", "ty", "graph")}
    index_file = source.member(f"{stem}test.index")
    features = {name: _matrix(files[name], max_dense) for name in ("x", "allx", "tx")}
    classes = {name: _matrix(files[name], max_dense) for name in ("y", "ally", "ty")}
    for rows, names in ((features, ("x", "allx", "tx")), (classes, ("y", "ally", "ty"))):
        for name in names[::2]:
            if rows[name].shape[1] != rows[names[1]].shape[1]:
                rule = f"have the {rows[names[1]].shape[1]} columns of {stem}{names[1]}"
                raise files[name].error(rule, str(rows[name].shape[1]), "shape", "Fetch the whole folder again.")
    for name, other in (("y", "x"), ("ally", "allx"), ("ty", "tx")):
        if len(classes[name]) != len(features[other]):
            rule = f"have a row for each of the {len(features[other])} rows of {stem}{other}"
            raise files[name].error(rule, str(len(classes[name])), "shape", "Fetch the whole folder again.")
    known = len(features["allx"])
    test = _test_index(index_file, known, len(features["tx"]))
    num_nodes = max(int(test.max()) + 1 if len(test) else 0, known)
    _bounded(index_file, (num_nodes, features["x"].shape[1]), max_dense)
    x = np.zeros((num_nodes, features["allx"].shape[1]), np.float32)
    y = np.zeros((num_nodes, classes["ally"].shape[1]), np.float32)
    for whole, rows, last in ((x, features["allx"], features["tx"]), (y, classes["ally"], classes["ty"])):
        whole[:known], whole[test] = rows, last
    senders, receivers, left_out = _citations(files["graph"], num_nodes)
    masks = {name: np.zeros(num_nodes, bool) for name in ("train_mask", "val_mask", "test_mask")}
    labelled = len(classes["y"])
    masks["train_mask"][:labelled] = masks["val_mask"][labelled : labelled + NUM_VALIDATION] = True
    masks["test_mask"][test] = True
    target = torch.from_numpy(y.argmax(1)) if y.shape[1] else torch.zeros(num_nodes, dtype=torch.long)
    return graph(
        torch.from_numpy(np.stack([senders, receivers])),
        x=torch.from_numpy(x),
        nodes={"y": target, **{name: torch.from_numpy(mask) for name, mask in masks.items()}},
        meta=[{"name": stem.rpartition("ind.")[2].rstrip("."), "left_out": left_out}],
    )


def _stem(source: Source) -> str:
    found = [path.relative_to(source.path) for at in ("", "raw") for path in (source.path / at).glob("ind.*.graph")]
    if len(found) != 1:
        got = ", ".join(sorted(map(str, found))) or "none"
        raise source.error("hold one network, ind.DS.graph", got, "ind.*.graph", "Name the folder of one.")
    return str(found[0]).removesuffix("graph")


def _matrix(file: Source, max_dense: int) -> np.ndarray:
    """A file's matrix, dense, in single precision."""
    found: Any = pickled(file)
    cure = "Fetch it again."
    if isinstance(found, np.ndarray) and found.ndim == 2:
        return _finite(file, found)
    if not isinstance(found, Sparse):
        raise file.error("hold a matrix", type(found).__name__, "the whole pickle", cure)
    shape, pointers, columns, values = found.shape, found.pointers, found.columns, found.values
    parts = (pointers, columns, values)
    if not all(isinstance(part, np.ndarray) and part.ndim == 1 for part in parts) or not _is_shape(shape):
        raise file.error("hold a sparse matrix", "one without a shape or arrays", "its state", cure)
    if not pointers.dtype.kind == columns.dtype.kind == "i":
        raise file.error("count in whole numbers", f"{pointers.dtype} and {columns.dtype}", "indptr, indices", cure)
    pointers, columns = pointers.astype(np.int64), columns.astype(np.int64)
    rising = len(pointers) == shape[0] + 1 and pointers[0] == 0 and (np.diff(pointers) >= 0).all()
    if not rising or not pointers[-1] == len(columns) == len(values):
        got = f"pointers that do not lead through {len(columns)} entries in {shape[0]} rows"
        raise file.error("hold a sparse matrix", got, "indptr", cure)
    if len(columns) and not 0 <= columns.min() <= columns.max() < shape[1]:
        entry = int(np.flatnonzero((columns < 0) | (columns >= shape[1]))[0])
        raise file.error(f"have columns between 0 and {shape[1] - 1}", str(columns[entry]), f"entry {entry}", cure)
    _bounded(file, shape, max_dense)
    dense = np.zeros(shape, np.float32)
    np.add.at(
        dense, (np.repeat(np.arange(shape[0]), np.diff(pointers)), columns), _finite(file, values)
    )  # repeats add up
    return dense


def _finite(file: Source, values: np.ndarray) -> np.ndarray:
    """The values in single precision."""
    wrong = ~(np.abs(values.astype(np.float64)) <= np.finfo(np.float32).max)
    if wrong.any():
        got, place = str(values[wrong][0]), f"value {int(np.flatnonzero(wrong)[0])}"
        raise file.error("hold finite numbers below 3.4e38", got, place, "Correct the file.")
    return values.astype(np.float32)


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, tuple) and len(shape) == 2 and all(type(size) is int and 0 <= size < 2**31 for size in shape)
    )


def _bounded(file: Source, shape: tuple[int, int], max_dense: int) -> None:
    if 4 * shape[0] * shape[1] > max_dense:
        rule, got = f"have at most {max_dense} bytes of features", f"{shape[0]} x {shape[1]} of them"
        raise file.error(rule, got, "shape", "Raise the limit: read(path, max_dense=...).")


def _test_index(file: Source, known: int, count: int) -> np.ndarray:
    """The node of each row of `tx`, in the order in which both files list them."""
    lines = file.lines
    test = table(file, lines, columns=1, rows_are="test node", kind=int)[:, 0]
    if len(test) != count:
        rule = f"have {count} lines, one for each row of {Path(file.name).name.replace('test.index', 'tx')}"
        raise file.error(rule, f"{len(test)} lines", f"end, line {len(test)}", "Fetch the whole folder again.")
    seen: set[int] = set()
    limit = known + max(2 * count, 64)  # CiteSeer passes over 15 of 1015
    for line, node in enumerate(test.tolist(), 1):
        if not known <= node < limit or node in seen:
            rule = f"name nodes between {known} and {limit - 1}, each once"
            raise file.error(rule, str(node), f"line {line}", "Correct the line.")
        seen.add(node)
    return test


def _citations(file: Source, num_nodes: int) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """Senders and receivers without self-loops and repetitions, in receiver order; how many of these there were."""
    found: Any = pickled(file)
    if not isinstance(found, dict):
        raise file.error("hold a dict of neighbours", type(found).__name__, "the whole pickle", "Fetch it again.")
    for node, neighbours in found.items():
        if type(node) is not int or not isinstance(neighbours, list):
            got = f"{type(neighbours).__name__} for {type(node).__name__}"
            raise file.error("list the neighbours of numbered nodes", got, "its entries", "Fetch it again.")
        for other in (node, *neighbours):
            if type(other) is not int or not 0 <= other < num_nodes:
                got = str(other) if type(other) is int and abs(other) < 2**63 else type(other).__name__
                place = f"entry {list(found).index(node)}, neighbours of a node"
                rule = f"name nodes between 0 and {num_nodes - 1}"
                raise file.error(rule, got, place, "Fetch the whole folder again.")
    counts = [len(neighbours) for neighbours in found.values()]
    senders = np.repeat(np.array(list(found), np.int64), counts)
    receivers = np.array([other for neighbours in found.values() for other in neighbours], np.int64)
    proper = senders != receivers
    keys = np.unique(receivers[proper] * num_nodes + senders[proper])
    left_out = {"self_loops": int((~proper).sum()), "repeated": int(proper.sum()) - len(keys)}
    return keys % max(num_nodes, 1), keys // max(num_nodes, 1), left_out
