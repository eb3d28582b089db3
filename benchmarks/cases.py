"""What is measured: uniform convolution and recurrence, batches of molecules, a graph convolution on a fresh batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from harness import Case
from torch import Tensor, nn

import geonets as gn


def stepped(out: Tensor, wanted: Sequence[Tensor], cotangent: Tensor) -> list[Tensor]:
    """The output, and the gradients that follow from a given gradient of the output."""
    return [out, *torch.autograd.grad(out, list(wanted), cotangent)]


def conv2d() -> Case:
    ours = gn.nn.Conv2d(32, 32, 3, padding=1)
    theirs = nn.Conv2d(32, 32, 3, padding=1)
    theirs.load_state_dict(ours.state_dict())
    images = torch.randn(16, 32, 32, 32)
    peer_x = images.clone().requires_grad_()
    rows = images.movedim(1, -1).reshape(-1, 32).clone().requires_grad_()
    structure = gn.Structure(gn.Grid((32, 32), num_items=16), {"x": rows})
    peer_cotangent = torch.randn(16, 32, 32, 32)
    cotangent = peer_cotangent.movedim(1, -1).reshape(-1, 32)

    def step() -> list[Tensor]:
        return stepped(ours(structure).x, [rows, *ours.parameters()], cotangent)

    def peer_step() -> list[Tensor]:
        out, grad, *rest = stepped(theirs(peer_x), [peer_x, *theirs.parameters()], peer_cotangent)
        return [out.movedim(1, -1).reshape(-1, 32), grad.movedim(1, -1).reshape(-1, 32), *rest]

    return Case("Conv2d 16 x 32 x 32 x 32, k3, forward and backward", "torch.nn.Conv2d", step, peer_step, 1 / 1.03)


def lstm() -> Case:
    ours, theirs = gn.nn.LSTM(64, 64), nn.LSTM(64, 64, batch_first=True)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(64, 50, 64, requires_grad=True)
    structure, cotangent = gn.chain(x), torch.randn(64, 50, 64)

    def step() -> list[Tensor]:
        return stepped(ours(structure).x, [x, *ours.parameters()], cotangent.flatten(0, 1))

    def peer_step() -> list[Tensor]:
        out, *grads = stepped(theirs(x)[0], [x, *theirs.parameters()], cotangent)
        return [out.reshape(-1, 64), *grads]

    return Case("LSTM 64 x 50 x 64 -> 64, forward and backward", "torch.nn.LSTM", step, peer_step, 1 / 1.03)


class Molecules:
    """10,000 molecule-like graphs of 9 to 29 atoms, as one Structure and as a list of PyG's `Data`."""

    def __init__(self, count: int = 10_000) -> None:
        from torch_geometric.data import Data

        generator = torch.Generator().manual_seed(0)
        self.sizes = torch.randint(9, 30, (count,), generator=generator).tolist()
        indices = [self._bonds(size, generator) for size in self.sizes]
        atoms = [torch.randn(size, 64, generator=generator) for size in self.sizes]
        bonds = [torch.randn(index.shape[1], 4, generator=generator) for index in indices]
        target = torch.randn(count, 1, generator=generator)
        self.structure = gn.graph(indices, atoms, bonds, y=target)
        self.list = [
            Data(x=x, edge_index=index, edge_attr=attr, y=y[None])
            for x, index, attr, y in zip(atoms, indices, bonds, target, strict=True)
        ]
        self.order = torch.randperm(count, generator=generator)

    @staticmethod
    def _bonds(size: int, generator: torch.Generator) -> Tensor:
        """A chain with branches and two rings, each bond in both directions."""
        child = torch.arange(1, size)
        parent = (child - torch.randint(1, 4, (size - 1,), generator=generator)).clamp(min=0)
        rings = torch.randint(0, size, (2, 2), generator=generator)
        one_way = torch.cat([torch.stack([child, parent]), rings[:, rings[0] != rings[1]]], 1)
        return torch.cat([one_way, one_way.flip(0)], 1)

    def batch(self, number: int) -> Tensor:
        """The numbers of the items in one batch of 128."""
        start = 128 * (number % 70)
        return self.order[start : start + 128]


def batches(molecules: Molecules) -> Case:
    from torch_geometric.loader import DataLoader

    chosen = torch.cat([molecules.batch(number) for number in range(8)])
    subset = [molecules.list[item] for item in chosen.tolist()]

    def ours() -> Iterator[gn.Structure]:
        return (molecules.structure[molecules.batch(number)] for number in range(8))

    def theirs() -> Iterator[Any]:
        return iter(DataLoader(subset, batch_size=128))  # pyright: ignore[reportArgumentType]

    def step() -> list[Tensor]:
        for _ in ours():  # as in training, a batch goes before the next one comes
            pass
        return []

    def peer_step() -> list[Tensor]:
        for _ in theirs():
            pass
        return []

    def check() -> Iterator[tuple[Tensor, Tensor]]:
        for mine, other in zip(ours(), theirs(), strict=True):
            links = mine.topology.links
            yield mine.x, other.x
            yield links.in_input_order(mine.edge_attr), other.edge_attr
            yield links.in_input_order(links.senders), other.edge_index[0]

    return Case("8 shuffled batches of 128 from 10,000 molecules", "PyG DataLoader", step, peer_step, 6.0, check=check)


def gcn(molecules: Molecules, peer_is_ready: bool) -> Case:
    """A graph convolution on a batch that was never seen: ours sliced, the peer's collated or, to its favour, ready."""
    from torch_geometric.data import Batch
    from torch_geometric.nn import GCNConv

    ours, theirs = gn.nn.GCNConv(64, 64), GCNConv(64, 64)
    theirs.load_state_dict(ours.state_dict())
    turns, peer_turns, cotangent = _count(), _count(), torch.randn(128 * 30, 64)
    lists = [[molecules.list[item] for item in molecules.batch(number).tolist()] for number in range(70)]
    ready: list[Any] = [Batch.from_data_list(items) for items in lists] if peer_is_ready else []

    def step() -> list[Tensor]:
        fresh = molecules.structure[molecules.batch(next(turns))]
        return stepped(ours(fresh).x, list(ours.parameters()), cotangent[: fresh.num_nodes])

    def peer_step() -> list[Tensor]:
        number = next(peer_turns) % 70
        batch: Any = ready[number] if peer_is_ready else Batch.from_data_list(lists[number])
        wanted = [theirs.bias, theirs.lin.weight]
        return stepped(theirs(batch.x, batch.edge_index), wanted, cotangent[: batch.num_nodes])

    name = "GCN 64 -> 64 on a fresh batch of 128, slicing included, forward and backward"
    peer = "PyG GCNConv, batch ready" if peer_is_ready else "PyG Batch and GCNConv"
    return Case(name, peer, step, peer_step, 1.5)


def _count() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1
