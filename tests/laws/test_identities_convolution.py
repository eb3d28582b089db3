"""What must be the same convolution under two names."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from drawing import assert_same, with_grads

import geonets as gn
from geonets.core.topology import EdgeList

CONVS = [gn.nn.Conv1d, gn.nn.Conv2d, gn.nn.Conv3d]


def doubles(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize("sigma", [1.0, 0.6])
@pytest.mark.parametrize("kernel", [(3,), (4,), (3, 3), (2, 5), (3, 2, 3)], ids=str)
def test_a_kernel_point_convolution_on_lattice_points_is_a_convolution(kernel: tuple[int, ...], sigma: float) -> None:
    """Thomas et al. 2019 with kernel points on the offsets: each neighbour has the whole of one weight."""
    axes, sizes = len(kernel), [(5, 4, 3)[: len(kernel)], (2, 6, 4)[: len(kernel)]]
    conv: Any = CONVS[axes - 1](2, 3, kernel, padding="same").double()  # pyright: ignore[reportArgumentType]
    offsets = [tuple(k - (n - 1) // 2 for k, n in zip(place, kernel, strict=True)) for place in _places(kernel)]
    layer = gn.nn.KPConv(2, 3, sigma, torch.tensor(offsets).double(), radius=4.0, bias=True).double()
    if sigma == 1.0:
        torch.testing.assert_close(gn.nn.KPConv(2, 3, 1.0, kernel).double().kernel_points, layer.kernel_points)
    layer.load_state_dict({**layer.state_dict(), "weight": conv.weight.flatten(2), "bias": conv.bias})
    images = [doubles(*size, 2) for size in sizes]
    clouds = gn.points(
        [torch.tensor(list(_places(size))).double() for size in sizes], x=[image.reshape(-1, 2) for image in images]
    )
    rows, grad, *weights = with_grads(conv, gn.grid(images))
    found, found_grad, _, *found_weights = with_grads(layer, clouds)  # the third is the gradient of the positions
    assert_same([found, found_grad, *found_weights], [rows, grad, weights[0].flatten(2), weights[1]])


def test_a_relational_convolution_with_a_relation_for_each_offset_is_a_convolution() -> None:
    """Schlichtkrull et al. 2018: with offsets for relations c = 1, so that mean and sum are the same."""
    conv = gn.nn.Conv2d(3, 4, 3, padding=1).double()
    image = gn.grid([doubles(5, 4, 3), doubles(2, 3, 3)])
    edges = conv.spec.neighborhood.edges(image)
    graph = gn.graph(
        torch.stack([edges.senders, edges.receivers]), x=image.x, edge_type=edges.edge_type, num_nodes=image.num_nodes
    )
    rows, grad, weight, bias = with_grads(conv, image)
    for aggr in ("mean", "sum"):
        layer = gn.nn.RGCNConv(3, 4, 9, aggr=aggr, root_weight=False).double()
        layer.load_state_dict({"weight": conv.weight.flatten(2).permute(2, 1, 0), "bias": conv.bias})
        assert_same(with_grads(layer, graph), [rows, grad, weight.flatten(2).permute(2, 1, 0), bias])


def test_a_relational_sum_is_an_edge_conditioned_convolution_with_one_hot_edges() -> None:
    """Simonovsky & Komodakis 2017: a filter that depends on the edge, where the edge is a relation."""
    generator = torch.Generator().manual_seed(0)
    index, types = torch.randint(0, 6, (2, 20), generator=generator), torch.randint(0, 3, (20,), generator=generator)
    layer = gn.nn.RGCNConv(2, 4, 3, aggr="sum", root_weight=False, bias=False).double()
    hot = torch.nn.functional.one_hot(types, 3).double()
    graph = gn.graph(index, x=doubles(6, 2), edge_type=types, edge_attr=hot, num_nodes=6)

    def message(sender: torch.Tensor, edge: torch.Tensor) -> torch.Tensor:
        return torch.einsum("er,rio,ei->eo", edge, layer.weight, sender)

    conditioned = gn.nn.MessagePassing(message, "sum", reads=("sender", "edge"))
    torch.testing.assert_close(layer(graph).x, conditioned(graph).x, atol=1e-10, rtol=1e-10)


def test_causal_convolutions_of_growing_dilation_are_wavenet() -> None:
    """A residual block of van den Oord et al. 2016, section 2.3, lag by lag; and nothing of the future is heard."""
    dilations, x = [1, 2, 4, 8], doubles(30, 3)
    filters = [gn.nn.Conv1d(3, 3, 2, dilation=lag, padding="causal").double() for lag in dilations]
    gates = [gn.nn.Conv1d(3, 3, 2, dilation=lag, padding="causal").double() for lag in dilations]

    def ours(rows: torch.Tensor) -> torch.Tensor:
        chain = gn.chain([rows])
        for to_filter, to_gate in zip(filters, gates, strict=True):
            chain = chain.replace(x=chain.x + to_filter(chain).x.tanh() * to_gate(chain).x.sigmoid())
        return chain.x

    def lagged(conv: Any, rows: torch.Tensor, lag: int) -> torch.Tensor:
        before = torch.cat([rows.new_zeros(lag, 3), rows[:-lag]])
        return rows @ conv.weight[:, :, 1].T + before @ conv.weight[:, :, 0].T + conv.bias

    theirs = x
    for to_filter, to_gate, lag in zip(filters, gates, dilations, strict=True):
        theirs = theirs + lagged(to_filter, theirs, lag).tanh() * lagged(to_gate, theirs, lag).sigmoid()
    torch.testing.assert_close(ours(x), theirs, atol=1e-10, rtol=1e-10)
    leaf = x.clone().requires_grad_()
    (grad,) = torch.autograd.grad(ours(leaf)[25].sum(), leaf)
    heard = grad.abs().sum(1).nonzero().flatten()
    assert heard.tolist() == list(range(10, 26))  # as many steps as the dilations add up to, and itself


def test_a_video_convolution_is_relational_on_the_strong_product_of_time_and_image() -> None:
    """27 pairs of a lag and an offset give `Conv3d`; the 3 + 9 of a Cartesian product do not."""
    conv = gn.nn.Conv3d(2, 3, 3, padding=1).double()
    video = gn.grid(doubles(1, 3, 4, 5, 2), axes=("time", "y", "x"))
    time = gn.Stencil((3,), (1,), (1,), (1,), (1,)).edges(gn.chain(doubles(1, 3, 1)))
    image = gn.Stencil((3, 3), (1, 1), (1, 1), (1, 1), (1, 1)).edges(gn.grid(doubles(1, 4, 5, 1)))
    assert time.edge_type is not None and image.edge_type is not None
    senders = (time.senders[:, None] * 20 + image.senders).flatten()
    receivers = (time.receivers[:, None] * 20 + image.receivers).flatten()
    strong = EdgeList.of(
        senders, receivers, (time.edge_type[:, None] * 9 + image.edge_type).flatten(), num_senders=60, num_receivers=60
    )
    edges = conv.spec.neighborhood.edges(video)
    for ours, theirs in zip(_sorted(strong), _sorted(edges), strict=True):
        assert torch.equal(ours, theirs)


def test_a_transposed_convolution_is_the_gradient_of_a_convolution() -> None:
    conv, x = gn.nn.Conv2d(2, 3, 3, stride=2, padding=1, bias=False).double(), doubles(1, 7, 6, 2).requires_grad_()
    back = gn.nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1, bias=False).double()
    back.load_state_dict(conv.state_dict())
    forth = conv(gn.grid(x))
    cotangent = torch.randn_like(forth.x)
    (grad,) = torch.autograd.grad(forth.x, x, cotangent)
    found = back(forth.replace(x=cotangent), output_size=(7, 6))
    torch.testing.assert_close(found.x, grad.reshape(-1, 2), atol=1e-10, rtol=1e-10)


def _places(sizes: tuple[int, ...]) -> Any:
    return itertools.product(*(range(size) for size in sizes))


def _sorted(edges: EdgeList) -> list[torch.Tensor]:
    assert edges.edge_type is not None
    order = (edges.receivers * 27 + edges.edge_type).argsort()
    return [part[order] for part in (edges.senders, edges.receivers, edges.edge_type)]
