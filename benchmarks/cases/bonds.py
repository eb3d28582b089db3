"""Messages that bonds and distances shape, on batches of molecules: NNConv, SchNet's interaction, EGNN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from harness import Case
from peers.egnn import EGCL
from torch import Tensor, nn

import geonets as gn
from cases.molecules import BATCH, BATCHES, molecules
from cases.steps import stepped, turns, weights_of
from geonets.nn.molecule.schnet import LOG_2

CHANNELS, GAUSSIANS, CUTOFF = 32, 50, 10.0


def nnconv(categorical: bool) -> Case:
    """A matrix for every bond; with categories, one for each of four kinds."""
    from torch_geometric import nn as pyg

    def filters() -> nn.Module:
        return nn.Sequential(nn.Linear(4, CHANNELS), nn.ReLU(), nn.Linear(CHANNELS, CHANNELS**2))

    all_of_them, turn, peer_turn = molecules(), turns(BATCHES), turns(BATCHES)
    ours, theirs = (room.NNConv(CHANNELS, CHANNELS, filters()) for room in (gn.nn, pyg))
    theirs.load_state_dict(ours.state_dict())
    cotangent = torch.randn(BATCH * 30, CHANNELS)
    structure, ready = all_of_them.structure, all_of_them.ready
    if not categorical:
        draw = torch.Generator().manual_seed(1)
        bonds = torch.randn(structure.edge_attr.shape[0], 4, generator=draw)
        structure = structure.replace(edge_attr=bonds)
        ready = [_with_bonds(structure[all_of_them.batch(number)], batch) for number, batch in enumerate(ready)]
    structure = structure.replace(x=structure.x[:, :CHANNELS].contiguous())

    def step() -> list[Tensor]:
        fresh = structure[all_of_them.batch(turn())]
        return stepped(ours(fresh).x, weights_of(ours), cotangent[: fresh.num_nodes])

    def peer_step() -> list[Tensor]:
        batch = ready[peer_turn()]
        out = theirs(batch.x[:, :CHANNELS], batch.edge_index, batch.edge_attr)
        return stepped(out, weights_of(theirs), cotangent[: len(out)])

    kind = "4 categorical bonds" if categorical else "4 bond features"
    name = f"NNConv {CHANNELS} -> {CHANNELS}, {kind}, on a fresh batch of {BATCH} molecules"
    return Case(name, 25.0 if categorical else 3.2, step, {"PyG": peer_step})


def _with_bonds(fresh: gn.Structure, batch: Any) -> Any:
    """PyG's batch with the bond features of ours."""
    changed = batch.clone()
    changed.edge_attr = fresh.topology.links.in_input_order(fresh.edge_attr)
    return changed


def schnet(hidden: int = 128, filters: int = 128) -> Case:
    """Every pair of atoms of a molecule."""
    from torch_geometric.nn.models.schnet import InteractionBlock

    structure, pairs = _complete()
    ours = gn.nn.SchNetInteraction(hidden, GAUSSIANS, filters, CUTOFF, gn.WithoutLoops(gn.Complete()))
    theirs = InteractionBlock(hidden, GAUSSIANS, filters, CUTOFF)
    theirs.load_state_dict(ours.state_dict())
    shifted: Any = (theirs.mlp[1], theirs.act)
    for act in shifted:  # ours is theirs in single precision, whatever the default
        act.shift = LOG_2
    x = torch.randn(structure.num_nodes, hidden, requires_grad=True)
    cotangent = torch.randn(structure.num_nodes, hidden)
    structure, pos = structure.replace(x=x), structure.pos
    senders, receivers = pairs
    centres = torch.linspace(0, CUTOFF, GAUSSIANS)

    def step() -> list[Tensor]:
        return stepped(ours(structure).x, [x, *weights_of(ours)], cotangent)

    def peer_step() -> list[Tensor]:
        distances = (pos[senders] - pos[receivers]).norm(dim=1)
        smeared = (-0.5 / (centres[1] - centres[0]) ** 2 * (distances[:, None] - centres) ** 2).exp()
        out = theirs(x, pairs, distances, smeared)
        return stepped(out, [x, *[dict(theirs.named_parameters())[n] for n, _ in ours.named_parameters()]], cotangent)

    name = f"SchNet's interaction, {hidden} channels, {len(senders):,} pairs in {BATCH} molecules"
    return Case(name, 1.8, step, {"PyG InteractionBlock": peer_step})


def egnn(hidden: int = 64) -> Case:
    """Likewise; the peer is a plain rewrite of the layer."""
    structure, pairs = _complete()
    ours = gn.nn.EGNNConv(hidden, hidden, neighborhood=gn.WithoutLoops(gn.Complete()))
    theirs: Any = EGCL(hidden)
    theirs.load_state_dict(ours.state_dict())
    senders, receivers = pairs
    compiled: Any = torch.compile(theirs, dynamic=False)
    x = torch.randn(structure.num_nodes, hidden, requires_grad=True)
    pos = structure.pos.clone().requires_grad_()
    structure = structure.replace(x=x, pos=pos)
    cotangent, push = torch.randn(structure.num_nodes, hidden), torch.randn(structure.num_nodes, 3)

    def finish(heard: tuple[Tensor, Tensor], layer: nn.Module) -> list[Tensor]:
        return [*heard, *torch.autograd.grad(heard, [x, pos, *weights_of(layer)], [cotangent, push])]

    def step() -> list[Tensor]:
        heard = ours(structure)
        return finish((heard.x, heard.pos), ours)

    peers: dict[str, Callable[[], list[Tensor]]] = {
        "plain rewrite": lambda: finish(theirs(x, pos, senders, receivers), theirs),
        "the same, compiled": lambda: finish(compiled(x, pos, senders, receivers), theirs),
    }
    return Case(f"EGNN, {hidden} channels, {pairs.shape[1]:,} pairs in {BATCH} molecules", 1.3, step, peers)


def _complete() -> tuple[gn.Structure, Tensor]:
    """A batch of atoms without bonds, and all pairs of each molecule for the peer."""
    fresh = molecules().structure[molecules().batch(0)]
    cloud = gn.Structure(gn.Set(fresh.topology.node_counts), {"pos": fresh.pos})
    edges = gn.WithoutLoops(gn.Complete()).edges(cloud, cloud)
    return cloud, torch.stack([edges.senders, edges.receivers])


CASES: dict[str, Callable[[], Case]] = {
    "nnconv": lambda: nnconv(categorical=False),
    "nnconv_kinds": lambda: nnconv(categorical=True),
    "schnet": schnet,
    "egnn": egnn,
}
