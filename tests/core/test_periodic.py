"""Lattices whose axes close upon themselves: links, windows, slices, products."""

from __future__ import annotations

import itertools

import pytest
import torch

import geonets as gn


def heard(edges: gn.EdgeList) -> list[list[int]]:
    """The senders of each node, in edge order."""
    return [edges.senders[first:last].tolist() for first, last in itertools.pairwise(edges.pointers.tolist())]


def test_a_ring_links_its_ends() -> None:
    links = gn.Chain([4, 2, 1, 0], periodic=True).links
    assert heard(links) == [[3, 1], [0, 2], [1, 3], [2, 0], [5, 5], [4, 4], [6, 6]]
    assert links.edge_type is not None and links.edge_type.tolist() == [0, 1] * 7


def test_a_torus_is_networkxs() -> None:
    import networkx

    expected = networkx.grid_2d_graph(3, 4, periodic=True).to_directed()
    number = {(y, x): 4 * y + x for y, x in expected}
    links = gn.Grid((3, 4), periodic=True).links
    found = sorted(zip(links.senders.tolist(), links.receivers.tolist(), strict=True))
    assert found == sorted((number[a], number[b]) for a, b in expected.edges)


def test_a_cylinder_is_periodic_along_the_axis_that_is_named() -> None:
    cylinder = gn.grid(torch.zeros(1, 2, 3, 1), periodic=["x"]).topology
    assert cylinder.links.num_edges == 2 * 3 * 2 + 2 * 3
    assert repr(cylinder) == "Grid(1 item of 2 x 3 nodes along (y, x), periodic along (x))"
    assert gn.Grid((2, 3), periodic="x").links.num_edges == cylinder.links.num_edges


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_windows_go_round_whatever_the_padding_mode(mode: str) -> None:
    stencil = gn.Stencil((3,), (2,), (1,), (1,), (1,), mode)
    assert heard(stencil.edges(gn.Structure(gn.Chain(6, periodic=True)))) == [[5, 0, 1], [1, 2, 3], [3, 4, 5]]


def test_padding_says_where_the_first_window_starts() -> None:
    ring = gn.Structure(gn.Chain([4, 2], periodic=True))
    for padding, first in ((0, [0, 1, 2]), (1, [3, 0, 1]), (5, [3, 0, 1])):
        edges = gn.Stencil((3,), (1,), (padding,), (0,), (1,)).edges(ring)
        assert heard(edges)[0] == first and edges.num_edges == 3 * 6


def test_a_window_larger_than_its_ring_goes_round_more_than_once() -> None:
    edges = gn.Stencil((5,), (1,), (2,), (2,), (1,)).edges(gn.Structure(gn.Chain(2, periodic=True)))
    assert heard(edges) == [[0, 1, 0, 1, 0], [1, 0, 1, 0, 1]]


def test_the_mean_over_a_window_counts_all_its_places() -> None:
    ring = gn.chain(torch.tensor([[[1.0], [2.0], [6.0]]]), periodic=True)
    for count_padding in (True, False):
        pool = gn.nn.AvgPool1d(3, stride=1, padding=1, count_include_pad=count_padding)
        assert pool(ring).x.flatten().tolist() == [3.0, 3.0, 3.0]


def test_slices_batches_and_products_stay_periodic() -> None:
    rings = gn.Chain([4, 2, 3], periodic=True)
    assert rings.select(slice(1, 2))[0].periodic == rings.select(torch.tensor([2, 0]))[0].periodic == (True,)
    assert gn.Chain.join([rings, rings]).periodic == (True,)
    video = gn.Product(gn.Chain(3), gn.Grid((4, 5), periodic=["x"]))
    assert isinstance(video, gn.Grid) and video.periodic == (False, False, True)
    pooled = gn.nn.MaxPool2d(2)(gn.grid(torch.zeros(1, 4, 6, 1), periodic=True))
    assert pooled.topology.uniform == (2, 3) and pooled.topology.periodic == (True, True)


def test_a_recurrence_needs_a_first_node_whatever_would_run_it() -> None:
    ring = gn.chain(torch.zeros(2, 3, 4), periodic=True)
    for layer in (gn.nn.LSTM(4, 2), gn.nn.GRU(4, 2, bidirectional=True)):
        with pytest.raises(gn.errors.StructureError, match="a first node along every axis"):
            layer(ring)
        with gn.reference(), pytest.raises(gn.errors.StructureError, match="a first node along every axis"):
            layer(ring)
