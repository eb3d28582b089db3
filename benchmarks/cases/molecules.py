"""Batches of molecules against PyG: convolutions three layers deep on batches that were never seen."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from harness import Case
from torch import Tensor, nn

import geonets as gn
from cases.steps import sorted_index, stepped, turns, weights_of

WIDTH, DEPTH, BATCH, BATCHES = 64, 3, 128, 40


class Molecules:
    """Molecule-like graphs of 9 to 29 atoms, as one Structure and as a list of PyG's `Data`."""

    def __init__(self, count: int) -> None:
        from torch_geometric.data import Data

        generator = torch.Generator().manual_seed(0)
        self.sizes = torch.randint(9, 30, (count,), generator=generator).tolist()
        indices = [self._bonds(size, generator) for size in self.sizes]
        atoms = [torch.randn(size, WIDTH, generator=generator) for size in self.sizes]
        kinds = [torch.randint(4, (index.shape[1],), generator=generator) for index in indices]
        bonds = [nn.functional.one_hot(kind, 4).to(torch.get_default_dtype()) for kind in kinds]
        places = [torch.randn(size, 3, generator=generator) for size in self.sizes]
        target = torch.randn(count, 1, generator=generator)
        self.structure = gn.graph(indices, atoms, bonds, edge_type=kinds, pos=places, y=target)
        self.list = [
            Data(x=x, edge_index=index, edge_attr=attr, edge_type=kind, pos=pos, y=y[None])
            for x, index, attr, kind, pos, y in zip(atoms, indices, bonds, kinds, places, target, strict=True)
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
        start = BATCH * (number % BATCHES)
        return self.order[start : start + BATCH]

    @functools.cached_property
    def ready(self) -> list[Any]:
        """PyG's batches, collated beforehand."""
        from torch_geometric.data import Batch

        chosen = [self.batch(number).tolist() for number in range(BATCHES)]
        return [Batch.from_data_list([self.list[item] for item in items]) for items in chosen]


def molecules() -> Molecules:
    """The same for all cases, in torch's default type."""
    return _molecules(torch.get_default_dtype())


@functools.lru_cache(1)
def _molecules(dtype: torch.dtype) -> Molecules:
    with torch.random.fork_rng():
        return Molecules(10_000 if dtype == torch.float32 else BATCH * BATCHES)


def deep(name: str, asked: float, ours: Callable[[], Any], theirs: Callable[[], Any], ways: Sequence[str]) -> Case:
    """Three layers with ReLU between. Ours slices its batch from all molecules, the peer's stand ready."""
    all_of_them = molecules()
    mine, peer = nn.ModuleList([ours() for _ in range(DEPTH)]), nn.ModuleList([theirs() for _ in range(DEPTH)])
    peer.load_state_dict(mine.state_dict())
    cotangent = torch.randn(BATCH * 30, WIDTH)
    relu = gn.nn.ReLU()
    turn = turns(BATCHES)

    def step() -> list[Tensor]:
        fresh = hidden = all_of_them.structure[all_of_them.batch(turn())]
        for number, layer in enumerate(mine):
            hidden = layer(relu(hidden) if number else hidden)
        return stepped(hidden.x, weights_of(mine), cotangent[: fresh.num_nodes])

    def peer_step(way: str) -> Callable[[], list[Tensor]]:
        own_turn = turns(BATCHES)

        def run() -> list[Tensor]:
            batch = all_of_them.ready[own_turn()]
            edges = _WAYS[way](batch)
            hidden = batch.x
            for number, layer in enumerate(peer):
                hidden = layer(hidden.relu() if number else hidden, *edges)
            return stepped(hidden, weights_of(peer), cotangent[: len(hidden)])

        return run

    title = f"{name}, {DEPTH} layers of {WIDTH}, on a fresh batch of {BATCH} molecules"
    return Case(title, asked, step, {f"PyG, {way}": peer_step(way) for way in ways})


def _default(batch: Any) -> tuple[Any, ...]:
    return (batch.edge_index,)


def _sorted(batch: Any) -> tuple[Any, ...]:
    return (sorted_index(batch.edge_index, batch.num_nodes),)


_WAYS = {"as it comes": _default, "EdgeIndex": _sorted}


def _mlp() -> nn.Sequential:
    return nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))


def _conv(name: str, asked: float, *arguments: Any, **options: Any) -> Callable[[], Case]:
    ways = ["as it comes", "EdgeIndex"]

    def case() -> Case:
        from torch_geometric import nn as pyg

        def of(room: Any) -> Any:
            return getattr(room, name)(
                *[argument() if callable(argument) else argument for argument in arguments], **options
            )

        return deep(name.removesuffix("Conv"), asked, lambda: of(gn.nn), lambda: of(pyg), ways)

    return case


CASES: dict[str, Callable[[], Case]] = {
    "gcn": _conv("GCNConv", 2.2, WIDTH, WIDTH),
    "gin": _conv("GINConv", 1.4, _mlp),
    "sage_max": _conv("SAGEConv", 3.5, WIDTH, WIDTH, aggr="max"),
    "gat": _conv("GATConv", 2.7, WIDTH, WIDTH // 4, heads=4),
    "gatv2": _conv("GATv2Conv", 2.7, WIDTH, WIDTH // 4, heads=4),
    "gatedgcn": _conv("ResGatedGraphConv", 1.2, WIDTH, WIDTH),
}
