"""What is measured of loading: epochs of batches, also from a file that was never read, against PyG's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from cases import Molecules
from harness import Case
from torch import Tensor

import geonets as gn


def epoch(molecules: Molecules) -> Case:
    """All molecules once, in random order, 128 at a time."""
    from torch_geometric.loader import DataLoader

    def step() -> list[Tensor]:
        for _ in molecules.structure.batches(128, shuffle=True):
            pass
        return []

    def peer_step() -> list[Tensor]:
        for _ in DataLoader(molecules.list, batch_size=128, shuffle=True):  # pyright: ignore[reportArgumentType]
            pass
        return []

    return Case(
        "An epoch of shuffled batches of 128 from 10,000 molecules",
        "PyG DataLoader over a list",
        step,
        peer_step,
        8.0,
        check=lambda: _same(molecules, molecules.structure, molecules.list),
    )


def cold_epoch(molecules: Molecules) -> Case:
    """The same from a file: it is opened, every block compared with its checksum, and all batches made."""
    from torch_geometric.loader import DataLoader

    folder = Path(tempfile.mkdtemp())
    gn.save(molecules.structure, folder / "molecules.geonets")
    stored = _in_memory(folder, molecules.list)

    def step() -> list[Tensor]:
        for _ in gn.load(folder / "molecules.geonets").batches(128, shuffle=True):
            pass
        return []

    def peer_step() -> list[Tensor]:
        for _ in DataLoader(stored(), batch_size=128, shuffle=True):
            pass
        return []

    return Case(
        "The same from a file, opened anew and read for the first time",
        "PyG InMemoryDataset, loaded anew",
        step,
        peer_step,
        15.0,
        check=lambda: _same(molecules, gn.load(folder / "molecules.geonets"), stored()),
    )


def _in_memory(folder: Path, items: list[Any]) -> Any:
    """PyG's data set over a file that it wrote."""
    from torch_geometric.data import InMemoryDataset

    InMemoryDataset.save(items, str(folder / "molecules.pt"))

    class Stored(InMemoryDataset):
        def __init__(self) -> None:
            super().__init__(None)
            self.load(str(folder / "molecules.pt"))

    return Stored


def _same(molecules: Molecules, ours: gn.Structure, theirs: Any) -> Iterator[tuple[Tensor, Tensor]]:
    from torch_geometric.data import Batch

    chosen = molecules.batch(3)
    mine = ours[chosen]
    other: Any = Batch.from_data_list([theirs[item] for item in chosen.tolist()])
    links = mine.topology.links
    yield mine.x, other.x
    yield links.in_input_order(mine.edge_attr), other.edge_attr
    yield links.in_input_order(links.senders), other.edge_index[0]
    yield torch.as_tensor(mine.y), other.y
