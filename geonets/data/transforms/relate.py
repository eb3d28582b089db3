"""`relate`: edges from the nodes of one structure to those of another, as a level."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import ShapeError
from geonets.core.neighborhoods import Between
from geonets.core.structure import Level, Structure


def relate(structure: Structure, source: Structure, edge_index: Any, level: str, edge_type: Any = None) -> Structure:
    """The structure with a level that says which nodes of another structure its nodes hear: node sets of two kinds.

    A layer with `neighborhood=gn.Between(level)` then takes both. Slices and batches of the two, taken alike, stay
    related.

    Args:
        structure: whose nodes hear.
        source: whose nodes are heard, with as many items.
        edge_index: `(2, E)` senders (nodes of `source`) in row 0 and receivers (of `structure`) in row 1, or a list of
            them, one an item, each counting both kinds of nodes from 0.
        level: what to call the relation.
        edge_type: `(E,)` relations within it, or a list; or None.

    Raises:
        ShapeError: if there is not one list of edges an item.
        StructureError: if an edge names a node that is not there.

    Example:
        >>> import geonets as gn
        >>> users, films = gn.points(None, x=[torch.randn(3, 4)]), gn.points(None, x=[torch.randn(2, 5)])
        >>> films = gn.relate(films, users, torch.tensor([[0, 1, 2, 2], [0, 0, 0, 1]]), "rated by")
        >>> hears = gn.nn.MessagePassing(
        ...     lambda user: user, "mean", reads=("sender",), neighborhood=gn.Between("rated by")
        ... )
        >>> hears(films, source=users).x.shape
        torch.Size([2, 4])
    """
    several = isinstance(edge_index, list | tuple)
    ends = [torch.as_tensor(part) for part in (edge_index if several else [edge_index])]
    if len(ends) != len(structure):
        raise ShapeError(
            f"`edge_index` must hold one (2, E) tensor for each of the {len(structure)} items; got {len(ends)}. "
            "Pass a list of one tensor an item."
        )
    starts = structure.topology.node_offsets
    receivers = [part[1] + start for part, start in zip(ends, starts, strict=False)]
    fields: dict[str, Tensor] = {
        "senders": torch.cat([part[0] for part in ends]) if ends else starts.new_zeros(0),
        "receivers": torch.cat(receivers) if receivers else starts.new_zeros(0),
    }
    if edge_type is not None:
        fields["edge_type"] = torch.cat([torch.as_tensor(part) for part in (edge_type if several else [edge_type])])
    counts = torch.tensor([part.shape[1] for part in ends], dtype=torch.long, device=starts.device)
    related = structure.replace(levels={**structure.levels, level: Level(counts, fields, frozenset({"receivers"}))})
    Between(level).edges(related, source)
    return related
