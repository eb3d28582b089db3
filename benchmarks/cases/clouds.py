"""Point clouds: convolutions on nearest neighbours against PyG, and the published models against plain rewrites."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
from harness import Case
from limits import Work
from peers.pointnet import Abstraction, EdgeBlock, Trunk
from torch import Tensor, nn

import geonets as gn
from cases.steps import images_of, rows_of, stepped, weights_of

CLOUDS, POINTS, NEAR, WIDTH = 4, 1024, 20, 64


def _near() -> tuple[gn.Structure, Tensor]:
    """Clouds with their 20 nearest neighbours as edges, and the same edges for the peer."""
    clouds = gn.connect(gn.points(torch.randn(CLOUDS, POINTS, 3)), gn.KNN(NEAR))
    links = clouds.topology.links
    return clouds, torch.stack([links.senders, links.receivers])


def edgeconv() -> Case:
    """`relu(W [x_i, x_j - x_i])` and the maximum: the layer of the paper without its norm."""
    from torch_geometric import nn as pyg

    def network() -> nn.Module:
        return nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.ReLU())

    return _on_neighbors("EdgeConv (max)", 20, gn.nn.EdgeConv(network()), pyg.EdgeConv(network()))


def gat() -> Case:
    from torch_geometric import nn as pyg

    layers = (room.GATConv(WIDTH, WIDTH // 4, heads=4) for room in (gn.nn, pyg))
    return _on_neighbors("GAT, 4 heads,", 5, *layers)


def _on_neighbors(name: str, asked: float, ours: Any, theirs: Any) -> Case:
    theirs.load_state_dict(ours.state_dict())
    clouds, index = _near()
    x = torch.randn(CLOUDS * POINTS, WIDTH, requires_grad=True)
    structure, cotangent = clouds.replace(x=x), torch.randn(CLOUDS * POINTS, WIDTH)

    def step() -> list[Tensor]:
        return stepped(ours(structure).x, [x, *weights_of(ours)], cotangent)

    def peer_step() -> list[Tensor]:
        return stepped(theirs(x, index), [x, *weights_of(theirs)], cotangent)

    return Case(
        f"{name} on {CLOUDS} x {POINTS} points, {NEAR} neighbours, {WIDTH} channels", asked, step, {"PyG": peer_step}
    )


def trunk(items: int = 32, asked: float = 1.2) -> Case:
    """The shared MLP with batch norm, and the maximum over the points."""
    widths = [3, 64, 64, 64, 128, 1024]
    ours = gn.nn.Readout("max", nn=gn.nn.MLP(widths, norm="batch", activate_last=True))
    theirs = Trunk(widths)
    _copy(ours, theirs)
    pos = torch.randn(items, POINTS, 3)
    clouds, cotangent = gn.points(pos), torch.randn(items, widths[-1])
    peer_pos = pos.transpose(1, 2).contiguous()
    structure = clouds.replace(x=clouds.pos)

    def step() -> list[Tensor]:
        return stepped(ours(structure).x, weights_of(ours), cotangent)

    peers = {
        name: lambda run=run: _like(ours, stepped(run(peer_pos), weights_of(theirs), cotangent))
        for name, run in {"plain rewrite": theirs, "the same, compiled": torch.compile(theirs)}.items()
    }
    products = sum(a * b for a, b in itertools.pairwise(widths))
    work = Work(3 * 2 * items * POINTS * products, 4 * 3 * items * POINTS * sum(widths))
    return Case(f"PointNet's trunk, {items} x {POINTS} points, to 1024 channels", asked, step, peers, 0.1, work=work)


def abstraction(items: int = 16, kept: int = 512, most: int = 32, radius: float = 0.5) -> Case:
    """PointNet++'s first level. The radius is such that all groups are full, so that both norms see the same."""
    widths = [3, 64, 64, 128]
    ours = gn.nn.SetAbstraction(kept, radius, most, gn.nn.MLP(widths, norm="batch", activate_last=True), start="first")
    theirs = Abstraction(kept, radius, most, widths)
    _copy(ours, theirs)
    pos = torch.rand(items, POINTS, 3)
    clouds, cotangent = gn.points(pos), torch.randn(items * kept, widths[-1])
    given = images_of(cotangent, items, kept)

    def step() -> list[Tensor]:
        return stepped(ours(clouds).x, weights_of(ours), cotangent)

    def peer_step() -> list[Tensor]:
        out, *rest = _like(ours, stepped(theirs(pos)[1], weights_of(theirs), given))
        return [rows_of(out), *rest]

    name = f"PointNet++'s first abstraction, {items} x {POINTS} -> {kept} points, {most} neighbours"
    return Case(name, 1.8, step, {"plain rewrite": peer_step}, 0.1)


def dgcnn(items: int = 16) -> Case:
    """DGCNN's block in 64 channels with its search in feature space."""
    network = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH, bias=False), nn.BatchNorm1d(WIDTH), nn.LeakyReLU(0.2))
    ours, theirs = gn.nn.DynamicEdgeConv(network, NEAR), EdgeBlock(NEAR, WIDTH, WIDTH)
    _copy(ours, theirs)
    x = torch.randn(items, WIDTH, POINTS)
    peer_x = x.clone().requires_grad_()
    rows = rows_of(x).clone().requires_grad_()
    structure = gn.Structure(gn.Set([POINTS] * items), {"x": rows})
    cotangent = torch.randn(items * POINTS, WIDTH)
    given = images_of(cotangent, items, POINTS)

    def step() -> list[Tensor]:
        return stepped(ours(structure).x, [rows, *weights_of(ours)], cotangent)

    def peer_step() -> list[Tensor]:
        out, grad, *rest = stepped(theirs(peer_x), [peer_x, *weights_of(theirs)], given)
        return [rows_of(out), rows_of(grad), *_like(ours, [out, *rest])[1:]]

    name = f"DGCNN's block with its search, {items} x {POINTS} points, {WIDTH} channels, {NEAR} neighbours"
    return Case(name, 2.4, step, {"plain rewrite": peer_step}, 1e-2)


def _copy(ours: nn.Module, theirs: nn.Module) -> None:
    """Our weights in the peer's shapes."""
    with torch.no_grad():
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            other.copy_(mine.reshape(other.shape))


def _like(ours: nn.Module, results: list[Tensor]) -> list[Tensor]:
    """Gradients of the peer's weights in our shapes."""
    out, *grads = results
    return [out, *[grad.reshape(mine.shape) for grad, mine in zip(grads, ours.parameters(), strict=True)]]


CASES: dict[str, Callable[[], Case]] = {
    "edgeconv": edgeconv,
    "gat_near": gat,
    "trunk": trunk,
    "abstraction": abstraction,
    "dgcnn": dgcnn,
}
