"""Dense batches with a mask and adjacency matrices, as PyG's `to_dense_batch` and `to_dense_adj` make them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, StructureError
from geonets.core.shapes import expect
from geonets.core.structure import Structure
from geonets.core.tensors import as_tensor
from geonets.core.topology import Graph, Set, Topology
from geonets.data.constructors import of_topology
from geonets.data.interop.refusals import field_of, refuse_losses


def from_dense(x: Any, mask: Any = None, adj: Any = None, *, y: Any = None, **levels: Any) -> Structure:
    """A padded batch with a mask as sets, or with adjacency matrices as graphs: `from_dense(*to_dense(s))` is `s`.

    `adj[b, i, j]` that is not 0 is an edge from node `i` to node `j` of item `b`. Numbers other than a bool are kept:
    one a pair as `edges["edge_weight"]`, several as `edge_attr`.

    Args:
        x: `(B, N_max, C)` node features.
        mask: `(B, N_max)` bool, true where there is a node; everywhere unless given.
        adj: `(B, N_max, N_max)` or `(B, N_max, N_max, C)`; the result is a set without it.
        y: `(B, ...)` one target an item.
        **levels: further fields: `nodes=`, `globals=`, `meta=` as in `Structure`.

    Raises:
        DtypeError: if the mask is not bool.
        ShapeError: if the tensors do not fit together.
        StructureError: if an edge names a node that the mask leaves out.

    Example:
        >>> x, mask = torch.randn(2, 3, 4), torch.tensor([[True, True, False], [True, True, True]])
        >>> from_dense(x, mask)
        Structure of Set(2 items of 2 .. 3 nodes)
          nodes   x           (5, 4) float32
    """
    padded = as_tensor(x, "x")
    known = expect(padded, "B N C ...", "x")
    known = {axis: known[axis] for axis in "BN"}
    present = padded.new_ones(padded.shape[:2], dtype=torch.bool) if mask is None else as_tensor(mask, "mask")
    expect(present, "B N", "mask", **known)
    if present.dtype != torch.bool:
        raise DtypeError(f"`mask` must be bool; got {present.dtype}. Compare it: mask > 0.")
    counts, nodes = present.sum(1), {"x": padded[present]}
    if adj is None:
        return of_topology(Set(counts), nodes, y, levels)
    matrix = as_tensor(adj, "adj")
    expect(matrix, "B N N ...", "adj", **known)
    found = (matrix != 0).flatten(3).any(3) if matrix.ndim > 3 else matrix != 0
    items, senders, receivers = found.nonzero(as_tuple=True)
    outside = (~(present[items, senders] & present[items, receivers])).nonzero()
    if len(outside):
        row = int(outside[0])
        raise StructureError(
            f"`adj` must join nodes of the mask; got {int(senders[row])} -> {int(receivers[row])} "
            f"(item {int(items[row])}). Set it to 0 there."
        )
    numbers = present.flatten().cumsum(0).reshape(present.shape) - 1
    topology = Graph(numbers[items, senders], numbers[items, receivers], counts)
    if matrix.dtype != torch.bool:
        name = "edge_weight" if matrix.ndim == 3 else "edge_attr"
        rows = topology.links.in_receiver_order(matrix[items, senders, receivers])
        levels["edges"] = {name: rows, **levels.get("edges", {})}
    return of_topology(topology, nodes, y, levels)


def to_dense(
    structure: Structure, field: str | None = None, weight: str | None = None, padding_value: float = 0.0
) -> tuple[Tensor, Tensor, Tensor | None]:
    """One node field padded to the largest item, the mask of what is there, and the links as matrices.

    Args:
        structure: over any topology.
        field: which node field; `x` unless given.
        weight: the edge field that the matrices hold; unless given they are bool. Naming a field of either kind takes
            that part of a structure and leaves the rest; with none named there must be nothing that would be lost.
        padding_value: where there is no node.

    Returns:
        `(B, N_max, ...)`, `(B, N_max)` bool, and `(B, N_max, N_max, ...)` from row to column; None on sets.

    Raises:
        StructureError: if there is no such field, something would be lost, or two edges lead from one node to the same
            other.

    Example:
        >>> import geonets as gn
        >>> x, mask, adj = to_dense(gn.graph(torch.tensor([[0, 1], [1, 2]]), x=torch.ones(3, 1)))
        >>> adj.int().tolist()
        [[[0, 1, 0], [0, 0, 1], [0, 0, 0]]]
    """
    topology = structure.topology
    if field is None and weight is None:
        part = "gn.to_dense(structure, 'x')"
        refuse_losses(structure, "a dense batch", meta=(), edge_types=False, part=part, nodes=("x",))
    x = padded(topology, field_of(structure, "nodes", field or "x"), padding_value)
    mask = padded(topology, torch.ones(topology.num_nodes, dtype=torch.bool, device=topology.device), False)
    if not topology.has_links:
        return x, mask, None
    links, width = topology.links, mask.shape[1]
    places = places_of(topology)
    rows = field_of(structure, "edges", weight) if weight else torch.ones_like(links.senders, dtype=torch.bool)
    cells = places[links.senders] * width + places[links.receivers] % max(width, 1)
    if len(cells.unique()) < len(cells):
        ordered, order = cells.sort()
        row = order[1:][ordered[1:] == ordered[:-1]][0]
        raise StructureError(
            f"`structure` must have one edge at most from a node to another for a matrix; "
            f"got several from {int(links.senders[row])} to {int(links.receivers[row])}. Merge parallel edges first."
        )
    adj = rows.new_zeros((len(structure) * width * width, *rows.shape[1:])).index_copy(0, cells, rows)
    return x, mask, adj.reshape(len(structure), width, width, *rows.shape[1:])


def places_of(topology: Topology) -> Tensor:
    """`(N,)` the row of each node when all items are padded to the largest."""
    items = topology.item_ids
    local = torch.arange(topology.num_nodes, device=topology.device) - topology.node_offsets[items]
    return items * _width(topology) + local


def padded(topology: Topology, rows: Tensor, padding_value: float) -> Tensor:
    """`(B, N_max, ...)` rows of nodes, with a value where there is no node."""
    shape = topology.num_items, _width(topology)
    whole = rows.new_full((shape[0] * shape[1], *rows.shape[1:]), padding_value)
    return whole.index_copy(0, places_of(topology), rows).reshape(*shape, *rows.shape[1:])


def _width(topology: Topology) -> int:
    return int(topology.node_counts.max()) if topology.num_items else 0
