"""Graphs from and to SciPy's sparse matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from geonets.core.errors import DtypeError, ShapeError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.core.tensors import as_tensor
from geonets.data.constructors import graph
from geonets.data.interop.refusals import field_of, refuse_losses


def from_scipy(adjacency: Any, x: Any = None, *, y: Any = None, **levels: Any) -> Structure:
    """Sparse adjacency matrices as graphs: every stored entry in row `i`, column `j` is an edge from `i` to `j`.

    The entries become `edges["edge_weight"]`, in their dtype, unless they are bool; stored zeros and repeated entries
    are edges too.

    Args:
        adjacency: a SciPy sparse matrix or array `(N, N)` of any format, or a list of them.
        x: `(N, C)` node features, or a list.
        y: `(B, ...)` one target an item.
        **levels: further fields: `nodes=`, `globals=`, `meta=` as in `Structure`.

    Raises:
        DtypeError: if it is no sparse matrix.
        ShapeError: if it is not square.

    Example:
        >>> import scipy.sparse
        >>> from_scipy(scipy.sparse.diags_array([1.0, 1.0], offsets=1, shape=(3, 3)))
        Structure of Graph(1 item of 3 nodes, 2 edges)
          edges   edge_weight (2,) float64
    """
    sparse = require("scipy.sparse", "scipy")
    several = isinstance(adjacency, list | tuple)
    matrices = []
    for item, matrix in enumerate(adjacency if several else [adjacency]):
        if not sparse.issparse(matrix):
            raise DtypeError(
                f"`adjacency` must be a SciPy sparse matrix; got {type(matrix).__name__} (item {item}). "
                "Wrap an array: scipy.sparse.coo_array(array)."
            )
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ShapeError(
                f"`adjacency` must be square; got shape {matrix.shape} (item {item}). "
                "Edges between two kinds of nodes are a relation of two structures: gn.relate."
            )
        matrices.append(matrix.tocoo())
    indices = [torch.from_numpy(np.stack([part.row, part.col]).astype(np.int64)) for part in matrices]
    rows = [as_tensor(part.data, "adjacency") for part in matrices]
    weighted = any(part.dtype != torch.bool for part in rows)
    edges = {"edge_weight": torch.cat(rows)} if weighted else {}
    features = x if several or x is None else [x]
    return graph(indices, features, num_nodes=[part.shape[0] for part in matrices], y=y, edges=edges, **levels)


def to_scipy(structure: Structure, weight: str | bool | None = None) -> Any:
    """The links as a SciPy `coo_array` `(N, N)`, from row to column, entries in the order in which they were given.

    Args:
        structure: over any topology that has links.
        weight: the edge field that becomes the entries, one number an edge; False takes the links alone, each True.
            Either takes that part of a structure and leaves the rest. Unless given, the entries are `edge_weight` where
            there is one, else True, and there must be nothing else that a matrix would lose.

    Returns:
        One array for one item; a list of them for several.

    Raises:
        StructureError: if there is no such field, or something would be lost.
        ShapeError: if it has more than one number an edge.

    Example:
        >>> to_scipy(graph(torch.tensor([[0, 1], [1, 2]]))).toarray().astype(int).tolist()
        [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    """
    sparse = require("scipy.sparse", "scipy")
    if weight is None:
        part = "gn.to_scipy(structure, weight=False)"
        refuse_losses(structure, "a matrix", meta=(), edge_types=False, part=part, edges=("edge_weight",))
        weight = "edge_weight" in structure.edges and "edge_weight"
    name = weight if isinstance(weight, str) else None
    if name is not None and (rows := field_of(structure, "edges", name)).ndim != 1:
        raise ShapeError(
            f"`weight` must name an edge field of one number an edge; got {name!r} of shape {tuple(rows.shape)}. "
            "Choose a column, and give it a name of its own."
        )
    arrays = []
    for item in structure:
        links = item.topology.links
        rows = torch.ones_like(links.senders, dtype=torch.bool) if name is None else item.edges[name].detach()
        ends = (links.in_input_order(part).cpu().numpy() for part in (links.senders, links.receivers))
        shape = item.num_nodes, item.num_nodes
        arrays.append(sparse.coo_array((links.in_input_order(rows).cpu().numpy(), tuple(ends)), shape=shape))
    return arrays[0] if len(arrays) == 1 else arrays
