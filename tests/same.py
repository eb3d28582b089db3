"""Whether two structures are the same to the last bit, in all that they hold."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

import geonets as gn


def assert_same_structure(ours: gn.Structure, theirs: gn.Structure) -> None:
    """Topology, fields, levels, meta, types, and the order in which edges were given."""
    assert len(ours) == len(theirs)
    assert_same_topology(ours.topology, theirs.topology)
    assert_same_fields(ours, theirs)
    assert ours.levels.keys() == theirs.levels.keys()
    for name, level in ours.levels.items():
        other = theirs.levels[name]
        assert level.node_ids == other.node_ids and torch.equal(level.counts, other.counts)
        assert level.fields.keys() == other.fields.keys()
        for field, rows in level.fields.items():
            assert_same_tensor(rows, other.fields[field])
    assert (None if ours.meta is None else list(ours.meta)) == (None if theirs.meta is None else list(theirs.meta))


def assert_same_fields(ours: gn.Structure, theirs: gn.Structure) -> None:
    for level in ("nodes", "edges", "globals"):
        mine, other = getattr(ours, level), getattr(theirs, level)
        assert mine.keys() == other.keys()
        for name, field in mine.items():
            assert_same_tensor(field, other[name])


def assert_same_topology(ours: gn.Topology, theirs: gn.Topology) -> None:
    assert type(ours) is type(theirs)
    assert torch.equal(ours.sizes.sizes, theirs.sizes.sizes) and torch.equal(ours.node_offsets, theirs.node_offsets)
    mine: Any = ours
    other: Any = theirs
    if isinstance(ours, gn.Chain | gn.Grid):
        assert mine.axes == other.axes and mine.periodic == other.periodic
    if isinstance(ours, gn.SparseGrid):
        assert_same_tensor(mine.places, other.places)
        assert_same_topology(mine.full, other.full)
    if isinstance(ours, gn.Product):
        assert_same_topology(mine.first, other.first)
        assert_same_topology(mine.second, other.second)
    if isinstance(ours, gn.Graph):
        assert torch.equal(ours.edge_offsets, theirs.edge_offsets)
        assert_same_edges(ours.links, theirs.links)


def assert_same_edges(mine: gn.EdgeList, other: gn.EdgeList) -> None:
    assert (mine.num_senders, mine.num_receivers, mine.has_loops) == (
        other.num_senders,
        other.num_receivers,
        other.has_loops,
    )
    for name in ("senders", "receivers", "pointers", "degrees", "receivers_by_sender", "edge_type", "loop_counts"):
        assert_same_tensor(getattr(mine, name), getattr(other, name))
    assert_same_tensor(mine.input_order, other.input_order)
    assert_same_tensor(mine.transpose.rows, other.transpose.rows)
    assert_same_tensor(mine.transpose.pointers, other.transpose.pointers)


def assert_same_tensor(mine: Tensor | None, other: Tensor | None) -> None:
    if mine is None or other is None:
        assert mine is None and other is None
        return
    assert mine.dtype == other.dtype and mine.shape == other.shape
    same = torch.equal(mine, other)
    assert same or (torch.equal(mine.isnan(), other.isnan()) and torch.equal(mine.nan_to_num(), other.nan_to_num()))
