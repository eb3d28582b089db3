"""`keep_sparse`: features that are mostly zero, as a level of their entries."""

from __future__ import annotations

from torch import Tensor

from geonets.core.errors import ShapeError
from geonets.core.structure import Level, Structure


def keep_sparse(structure: Structure, x: Tensor, level: str) -> Structure:
    """The structure with a level that holds only those features that are not zero, such as the words of a paper.

    `gn.nn.SparseLinear` and `gn.nn.GCNConv(..., level=...)` read it. Slices and batches take the entries along with
    their nodes, and files keep them.

    Args:
        structure: whose nodes have the features.
        x: `(N, C)` in torch's sparse layout, COO or CSR, or dense.
        level: what to call the features.

    Returns:
        The structure with the level, whose rows are entries: `nodes`, `channels` and `values`.

    Raises:
        ShapeError: if `x` has not one row a node.

    Example:
        >>> import torch, geonets as gn
        >>> words = torch.tensor([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 2.0]]).to_sparse_coo()
        >>> papers = gn.keep_sparse(gn.graph(torch.tensor([[0, 1], [1, 2]]), num_nodes=3), words, "words")
        >>> papers.levels["words"]["values"].tolist()
        [1.0, 1.0, 2.0]
        >>> gn.nn.GCNConv(4, 8, level="words")(papers).x.shape
        torch.Size([3, 8])
    """
    if x.ndim != 2 or len(x) != structure.num_nodes:
        raise ShapeError(
            f"`x` must have the shape (N, C) with N={structure.num_nodes}; got shape {tuple(x.shape)}. "
            "Pass a row for each node of all items."
        )
    entries = x.to_sparse_coo().coalesce()
    nodes, channels = (row.clone() for row in entries.indices())  # views of a sparse tensor are not traced
    counts = structure.topology.item_ids.index_select(0, nodes).bincount(minlength=len(structure))
    fields = {"nodes": nodes, "channels": channels, "values": entries.values().clone()}
    return structure.replace(levels={**structure.levels, level: Level(counts, fields, frozenset({"nodes"}))})
