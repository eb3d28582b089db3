"""Links added, merged and taken away: `add_self_loops`, `remove_self_loops`, `to_undirected`, `coalesce`.

Nodes, globals, further levels and meta stay; fields of the links go with them. The result is over a `Graph`, in which
links that were there keep the order in which they were given, and new ones follow.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, StructureError
from geonets.core.options import one_of
from geonets.core.ranges import segment_max, segment_min, segment_sum
from geonets.core.structure import Structure
from geonets.core.topology import Graph

REDUCTIONS = ("sum", "mean", "max", "min", "first")


def add_self_loops(
    structure: Structure, fill: float | Mapping[str, float] | None = None, edge_type: int | None = None
) -> Structure:
    """A link from each node to itself where there is none yet; twice is once.

    Args:
        structure: over any topology that has links.
        fill: what the new links have in the links' fields, one number for all or one for each field.
        edge_type: the new links' relation, where links have types.

    Raises:
        StructureError: if links have fields or types, and `fill` or `edge_type` does not say what a loop has.

    Example:
        >>> import geonets as gn
        >>> looped = gn.transforms.add_self_loops(gn.graph(torch.tensor([[0, 1], [1, 1]]), num_nodes=3))
        >>> looped.topology.links.senders.tolist(), looped.topology.links.receivers.tolist()
        ([0, 0, 1, 2], [0, 1, 1, 2])
    """
    ends, types, fields = _as_given(structure)
    loops = ends[0] == ends[1]
    bare = torch.ones(structure.num_nodes, dtype=torch.bool, device=ends.device)
    new = bare.index_fill_(0, ends[0][loops], False).nonzero().squeeze(1)
    if types is not None:
        if edge_type is None:
            raise StructureError(
                "`edge_type` must be given where links have types; got none for the loops. Pass a type of their own."
            )
        types = torch.cat([types, torch.full_like(new, edge_type)])
    filled = {}
    for name, rows in fields.items():
        value = fill.get(name) if isinstance(fill, Mapping) else fill
        if value is None:
            raise StructureError(
                f"`fill` must say what a loop has in the field {name!r} of the links; got nothing. "
                f"Pass fill={{{name!r}: 1.0}}, or take the field off: replace(edges={{{name!r}: None}})."
            )
        filled[name] = torch.cat([rows, rows.new_full((len(new), *rows.shape[1:]), value)])
    return _relinked(structure, torch.cat([ends, new.expand(2, -1)], 1), types, filled)


def remove_self_loops(structure: Structure) -> Structure:
    """No link from a node to itself.

    Args:
        structure: over any topology that has links.

    Example:
        >>> import geonets as gn
        >>> gn.transforms.remove_self_loops(gn.graph(torch.tensor([[0, 1], [1, 1]]))).topology
        Graph(1 item of 2 nodes, 1 edges)
    """
    ends, types, fields = _as_given(structure)
    return _chosen(structure, ends, types, fields, (ends[0] != ends[1]).nonzero().squeeze(1))


def to_undirected(structure: Structure) -> Structure:
    """Every link both ways: where a node does not speak back, it does now, with the fields and the type of the link.

    A link that has an answer of its type already is left as it is, so twice is once and no weight is doubled. (PyG's
    `to_undirected` adds up the fields of a link and of its answer.)

    Args:
        structure: over any topology that has links.

    Example:
        >>> import geonets as gn
        >>> gn.transforms.to_undirected(gn.graph(torch.tensor([[0, 1, 1], [1, 0, 2]]))).topology
        Graph(1 item of 3 nodes, 4 edges)
    """
    ends, types, fields = _as_given(structure)
    _, names = _distinct(torch.cat([ends, ends.flip(0)], 1), None if types is None else torch.cat([types, types]))
    own, reverse = names[: ends.shape[1]], names[ends.shape[1] :]
    answered = torch.zeros(len(names), dtype=torch.bool, device=names.device).index_fill_(0, own, True)
    new = (~answered[reverse]).nonzero().squeeze(1)
    rows = torch.cat([torch.arange(ends.shape[1], device=ends.device), new])
    both = torch.cat([ends, ends.flip(0)[:, new]], 1)
    return _relinked(
        structure,
        both,
        None if types is None else types[rows],
        {name: field.index_select(0, rows) for name, field in fields.items()},
    )


def coalesce(structure: Structure, reduce: str = "sum") -> Structure:
    """Of links with the same ends and type only one, which stands where the first stood.

    Args:
        structure: over any topology that has links.
        reduce: what becomes of their fields: `"sum"`, `"mean"`, `"max"`, `"min"`, or those of the `"first"`.

    Raises:
        DtypeError: if whole numbers are to be averaged, or words of truth added.
        OptionError: if `reduce` is another word.

    Example:
        >>> import geonets as gn
        >>> twice = gn.graph(torch.tensor([[0, 0], [1, 1]]), edge_attr=torch.tensor([[1.0], [5.0]]))
        >>> gn.transforms.coalesce(twice).edge_attr
        tensor([[6.]])
    """
    one_of("reduce", reduce, REDUCTIONS)
    ends, types, fields = _as_given(structure)
    firsts, names = _distinct(ends, types)
    order = names.argsort(stable=True)
    segments = names[order]
    offsets = torch.searchsorted(segments, torch.arange(len(firsts) + 1, device=ends.device))
    merged = {}
    for name, rows in fields.items():
        if reduce != "first" and (rows.dtype == torch.bool or (reduce == "mean" and not rows.is_floating_point())):
            raise DtypeError(
                f"`edges[{name!r}]` must be numbers that have a {reduce}; got {rows.dtype}. "
                "Convert it with .float(), or pass reduce='first'."
            )
        merged[name] = _reduced(reduce, rows.index_select(0, order), offsets, segments)
    whole = _chosen(structure, ends, types, {}, firsts)
    order = whole.topology.links.input_order
    return whole.replace(
        edges={n: rows if order is None else rows.index_select(0, order) for n, rows in merged.items()}
    )


def _reduced(reduce: str, rows: Tensor, offsets: Tensor, segments: Tensor) -> Tensor:
    counts = offsets[1:] - offsets[:-1]
    if reduce == "first":
        return rows.index_select(0, offsets[:-1])
    if reduce in ("max", "min"):
        return (segment_max if reduce == "max" else segment_min)(rows, offsets, segments)
    if not rows.is_floating_point():
        return rows.new_zeros(len(counts), *rows.shape[1:]).index_add(0, segments, rows)
    total = segment_sum(rows, offsets, segments)
    return total if reduce == "sum" else total / counts.reshape(-1, *[1] * (rows.ndim - 1)).to(rows.dtype)


def _as_given(structure: Structure) -> tuple[Tensor, Tensor | None, dict[str, Tensor]]:
    """Senders and receivers `(2, E)`, types and fields of the links in the order in which they were given."""
    links = structure.topology.links
    ends = torch.stack([links.in_input_order(links.senders), links.in_input_order(links.receivers)])
    types = None if links.edge_type is None else links.in_input_order(links.edge_type)
    return ends, types, {name: links.in_input_order(rows) for name, rows in structure.edges.items()}


def _relinked(structure: Structure, ends: Tensor, types: Tensor | None, fields: Mapping[str, Tensor]) -> Structure:
    topology = Graph(ends[0], ends[1], structure.topology.node_counts, types)
    order = topology.links.input_order
    rows = {name: field if order is None else field.index_select(0, order) for name, field in fields.items()}
    return Structure(topology, structure.nodes, rows, structure.globals, structure.levels, structure.meta)


def _chosen(
    structure: Structure, ends: Tensor, types: Tensor | None, fields: Mapping[str, Tensor], rows: Tensor
) -> Structure:
    kept = {name: field.index_select(0, rows) for name, field in fields.items()}
    return _relinked(structure, ends[:, rows], None if types is None else types[rows], kept)


def _distinct(ends: Tensor, types: Tensor | None) -> tuple[Tensor, Tensor]:
    """Of every kind of link (ends and type) the first row; and for each row which kind it is, in order of the first."""
    parts = [*ends, *([] if types is None else [types])]
    _, names = torch.unique(torch.stack(parts, 1), dim=0, return_inverse=True)
    count = int(names.max()) + 1 if len(names) else 0
    numbers = torch.arange(len(names), device=ends.device)
    firsts, order = numbers.new_full((count,), len(names)).scatter_reduce(0, names, numbers, "amin").sort()
    return firsts, torch.empty_like(order).index_copy_(0, order, torch.arange(count, device=ends.device))[names]
