"""`tree`: trees from the parent of each node."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import ShapeError, StructureError
from geonets.core.neighborhoods import require_acyclic
from geonets.core.structure import Structure
from geonets.data.constructors import graph


def tree(parents: Any, x: Any = None, **fields: Any) -> Structure:
    """Trees, as graphs in which every node but the root speaks to its parent.

    Args:
        parents: `(N,)` the parent of each node, -1 for the root; or `(2, N - 1)` edges, from the child in row 0 to its
            parent in row 1; or a list of either, one a tree, each counting its nodes from 0.
        x: `(N, C)` node features, or a list.
        **fields: further fields as in `gn.graph`; `edge_attr` and `edge_type` have one row for each node but the root,
            in the order of the nodes.

    Returns:
        A Structure over a `Graph`; a recurrence on it goes from the leaves to the root.

    Raises:
        StructureError: if an item with nodes has not one root, a node has two parents, a parent is not there, or the
            edges form a cycle.

    Example:
        >>> sentence = tree(torch.tensor([-1, 0, 0, 1]), x=torch.randn(4, 3))
        >>> sentence.topology.links.senders.tolist(), sentence.topology.links.receivers.tolist()
        ([1, 2, 3], [0, 0, 1])
    """
    several = isinstance(parents, list | tuple) and not (parents and isinstance(parents[0], int))
    above = [torch.as_tensor(part) for part in (parents if several else [parents])]
    ends, counts = [], []
    for item, given in enumerate(above):
        parent = _parents(given, item) if given.ndim == 2 else given
        ends.append(_edges(parent, item))
        counts.append(len(parent))
    found = graph(ends if several else ends[0], x, num_nodes=counts if several else counts[0], **fields)
    require_acyclic(found.topology)
    return found


def _edges(parent: Tensor, item: int) -> Tensor:
    """`(2, N - 1)`: from each node but the root to its parent."""
    roots = (parent == -1).nonzero().flatten()
    if len(parent) and len(roots) != 1:
        raise StructureError(
            f"`parents` must be -1 for one node of each tree, its root; got {len(roots)} such nodes (item {item}). "
            "Give every other node the number of its parent, or pass a list of trees."
        )
    children = (parent != -1).nonzero().flatten()
    return torch.stack([children, parent[children]])


def _parents(edges: Tensor, item: int) -> Tensor:
    """`(N,)` the parent of each node, from edges of which there is one for each node but the root."""
    if len(edges) != 2 or edges.is_floating_point():
        raise ShapeError(
            f"`parents` must be (N,) node numbers or (2, N - 1) edges; got {edges.dtype} of shape {tuple(edges.shape)} "
            f"(item {item}). Pass children in row 0 and parents in row 1."
        )
    count = edges.shape[1] + 1
    if edges.numel() and (int(edges.min()) < 0 or int(edges.max()) >= count):
        raise StructureError(
            f"`parents` must name nodes between 0 and {count - 1}, one more than there are edges; "
            f"got {int(edges.min())} .. {int(edges.max())} (item {item}). Number the nodes from 0."
        )
    given = torch.bincount(edges[0], minlength=count)
    if bool((given > 1).any()):
        node = int(given.argmax())
        raise StructureError(
            f"`parents` must give each node one parent; got {int(given[node])} for node {node} (item {item}). "
            "A node with several is one of a gn.graph."
        )
    return edges.new_full((count,), -1).index_copy_(0, edges[0], edges[1])
