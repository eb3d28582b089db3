"""Sparse grids: links, windows, places, constructors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import grids
from hypothesis import given, settings
from hypothesis import strategies as st

import geonets as gn


def _sparse(structure: gn.Structure) -> gn.SparseGrid:
    assert isinstance(structure.topology, gn.SparseGrid)
    return structure.topology


def test_nodes_are_numbered_as_on_the_lattice() -> None:
    whole = gn.Grid([(2, 3), (0, 2), (2, 2)], ("y", "x"))
    sparse = gn.SparseGrid(whole, torch.tensor([[0, 1], [1, 2], [1, 0]]), [2, 0, 1])
    assert sparse.nodes_of_lattice.tolist() == [1, 5, 8]
    assert repr(sparse) == "SparseGrid(3 items of 0 .. 2 nodes at 0 x 2 .. 2 x 3 places along (y, x))"
    assert torch.equal(gn.SparseGrid.of_nodes(whole, torch.tensor([1, 5, 8])).coordinates(), sparse.coordinates())


def test_a_million_places_a_side_are_never_built() -> None:
    corner = torch.tensor([[0, 0, 0], [2**20 - 1] * 3])
    sparse = gn.Structure(gn.SparseGrid(gn.Grid((2**20,) * 3, periodic=True), corner, 2), {"x": torch.ones(2, 1)})
    assert sparse.topology.links.num_edges == 0
    conv = gn.nn.Conv3d(1, 1, 3, padding=1, bias=False)
    conv.weight.data.fill_(1.0)
    assert conv(sparse).x.flatten().tolist() == [2.0, 2.0]  # the corners touch, around all three axes


@settings(max_examples=150, deadline=None)
@given(data=st.data(), periodic=st.booleans())
def test_windows_follow_the_submanifold_rule(data: Any, periodic: bool) -> None:
    each = st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel, dilation = data.draw(each), data.draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    stride = (1, 1) if periodic else data.draw(each)
    padding = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    stencil = gn.Stencil(kernel, stride, padding, padding, dilation)
    whole = data.draw(grids(1, 2, smallest=5, periodic=periodic))
    mask = torch.tensor([data.draw(st.booleans()) for _ in range(whole.num_nodes)], dtype=torch.bool)
    part = whole.nodes_where(mask)
    topology, dense = part.topology, stencil.target(whole.topology)
    assert isinstance(topology, gn.SparseGrid) and isinstance(dense, gn.Grid) and isinstance(whole.topology, gn.Grid)
    places = [(i, *p) for i, p in zip(topology.item_ids.tolist(), topology.coordinates().tolist(), strict=True)]
    found = stencil.target(topology)
    assert isinstance(found, gn.SparseGrid)
    expected = []
    for item, target in zip(dense.item_ids.tolist(), dense.coordinates().tolist(), strict=True):
        sizes = whole.topology.sizes.sizes[item].tolist()
        blocks = [
            [
                at % size if around else at
                for at in range(s * p - pad + d * (k - 1) // 2, s * p - pad + d * (k - 1) // 2 + s)
            ]
            for s, p, pad, d, k, size, around in zip(
                stride, target, padding, dilation, kernel, sizes, whole.topology.periodic, strict=True
            )
        ]
        expected += [(item, *target)] if any((item, y, x) in places for y in blocks[0] for x in blocks[1]) else []
    assert [(i, *p) for i, p in zip(found.item_ids.tolist(), found.coordinates().tolist(), strict=True)] == expected
    of_whole, of_part = stencil.edges(whole), stencil.edges(part)
    heard = mask[of_whole.senders] & torch.isin(of_whole.receivers, found.nodes_of_lattice)
    assert torch.equal(topology.nodes_of_lattice[of_part.senders], of_whole.senders[heard])
    assert torch.equal(found.nodes_of_lattice[of_part.receivers], of_whole.receivers[heard])
    assert of_part.edge_type is not None and of_whole.edge_type is not None
    assert torch.equal(of_part.edge_type, of_whole.edge_type[heard])


def test_voxels_are_sorted_with_their_features() -> None:
    places = [torch.tensor([[2, 1], [0, 3], [0, 1]]), torch.zeros(0, 2, dtype=torch.long)]
    scan = gn.voxels(places, x=[torch.tensor([[1.0], [2.0], [3.0]]), torch.zeros(0, 1)], y=torch.tensor([4, 5]))
    assert scan.x.flatten().tolist() == [3.0, 2.0, 1.0] and scan.y.tolist() == [4, 5]
    assert _sparse(scan).coordinates().tolist() == [[0, 1], [0, 3], [2, 1]]
    assert _sparse(scan).lattice.sizes.sizes.tolist() == [[3, 4], [0, 0]]
    named = gn.voxels(places, nodes={"mass": torch.tensor([1, 2, 3])}, sizes=(4, 4), axes=("a", "b"), periodic="b")
    assert named.nodes["mass"].tolist() == [3, 2, 1] and _sparse(named).lattice.periodic == (False, True)


def test_an_items_lattice_does_not_depend_on_its_mates() -> None:
    first, second = torch.tensor([[1, 1]]), torch.tensor([[5, 0]])
    together = gn.voxels([first, second])
    assert _sparse(together).lattice.sizes.sizes.tolist() == [[2, 2], [6, 1]]


@pytest.mark.parametrize("make", [lambda: gn.nn.Conv2d(2, 3, 3, padding=1), lambda: gn.nn.SAGEConv(2, 3)])
def test_what_does_not_exist_is_never_heard(make: Any) -> None:
    """Two blobs with a gap between them are two images."""
    layer, x = make().double(), torch.randn(1, 4, 9, 2, dtype=torch.float64)
    mask = torch.ones(4, 9, dtype=torch.bool)
    mask[:, 4] = False
    both = layer(gn.grid(x).nodes_where(mask.flatten())).x
    left, right = (layer(gn.grid(x[:, :, part])).x for part in (slice(0, 4), slice(5, 9)))
    torch.testing.assert_close(both.reshape(4, 8, 3)[:, :4].flatten(0, 1), left, atol=1e-12, rtol=1e-12)
    torch.testing.assert_close(both.reshape(4, 8, 3)[:, 4:].flatten(0, 1), right, atol=1e-12, rtol=1e-12)
