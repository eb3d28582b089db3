"""`tree`: trees from the parent of each node."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.neighborhoods import require_acyclic
from geonets.core.structure import Structure
from geonets.data.constructors import graph


def tree(parents: Any, x: Any = None, **fields: Any) -> Structure:
    """Trees, as graphs in which every node but the root speaks to its parent.

    Args:
        parents: `(N,)` the parent of each node, -1 for the root; or a list of them, each counting its nodes from 0.
        x: `(N, C)` node features, or a list.
        **fields: further fields as in `gn.graph`; `edge_attr` and `edge_type` have one row for each node but the root,
            in the order of the nodes.

    Returns:
        A Structure over a `Graph`; a recurrence on it goes from the leaves to the root.

    Raises:
        StructureError: if an item with nodes has not one root, or its edges form a cycle, or a parent is not there.

    Example:
        >>> sentence = tree(torch.tensor([-1, 0, 0, 1]), x=torch.randn(4, 3))
        >>> sentence.topology.links.senders.tolist(), sentence.topology.links.receivers.tolist()
        ([1, 2, 3], [0, 0, 1])
    """
    several = isinstance(parents, list | tuple) and not (parents and isinstance(parents[0], int))
    above = [torch.as_tensor(part) for part in (parents if several else [parents])]
    ends, counts = [], []
    for item, parent in enumerate(above):
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
