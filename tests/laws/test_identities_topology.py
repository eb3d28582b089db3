"""What periodic lattices, sparse grids, products and slices must be equal to."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import assert_same, with_grads

import geonets as gn


@pytest.mark.parametrize("size", [(6, 7), (1, 4), (2, 3)], ids=str)
@pytest.mark.parametrize("shift", [(1, 0), (2, 3), (-1, 2)], ids=str)
def test_on_a_torus_a_zero_padded_convolution_commutes_with_shifts_exactly(size: Any, shift: Any) -> None:
    """There is no border to be padded: translation is an exact symmetry, as with `padding_mode="circular"`."""
    x = torch.randn(2, *size, 3, dtype=torch.float64)
    conv = gn.nn.Conv2d(3, 4, 3, padding=1).double()
    before = conv(gn.grid(x, periodic=True)).x.reshape(2, *size, 4)
    after = conv(gn.grid(x.roll(shift, (1, 2)), periodic=True)).x.reshape(2, *size, 4)
    torch.testing.assert_close(after, before.roll(shift, (1, 2)), atol=1e-12, rtol=1e-12)
    assert (conv(gn.grid(x)).x.reshape(2, *size, 4) - before).abs().max() > 1e-3


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_convolution_on_a_ring_is_torchs_circular_one(stride: int) -> None:
    x = torch.randn(2, 6, 3, dtype=torch.float64)
    ring, chain = gn.chain(x, periodic=True), gn.chain(x)
    conv = gn.nn.Conv1d(3, 4, 3, stride=stride, padding=1).double()
    circular = gn.nn.Conv1d(3, 4, 3, stride=stride, padding=1, padding_mode="circular").double()
    circular.load_state_dict(conv.state_dict())
    assert_same(with_grads(conv, ring), with_grads(circular, chain))


def test_a_ring_is_a_graph_with_the_same_links() -> None:
    rings = gn.Chain([5, 1, 2, 0], periodic=True)
    links = rings.links
    graph = gn.Graph(links.senders, links.receivers, rings.node_counts)
    x = torch.randn(8, 3, dtype=torch.float64)
    for layer in (gn.nn.GCNConv(3, 2).double(), gn.nn.SAGEConv(3, 2, aggr="max").double()):
        assert_same(with_grads(layer, gn.Structure(rings, {"x": x})), with_grads(layer, gn.Structure(graph, {"x": x})))
