"""What is measured of loading: epochs of batches, also from a file that was never read, against PyG's."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from harness import Case
from torch import Tensor

import geonets as gn
from cases.molecules import BATCH, Molecules, molecules


def epoch() -> Case:
    """All molecules once, in random order, 128 at a time."""
    from torch_geometric.loader import DataLoader

    known = molecules()

    def step() -> list[Tensor]:
        for _ in known.structure.batches(BATCH, shuffle=True):
            pass
        return []

    def peer_step() -> list[Tensor]:
        for _ in DataLoader(known.list, batch_size=BATCH, shuffle=True):  # pyright: ignore[reportArgumentType]
            pass
        return []

    return Case(
        f"An epoch of shuffled batches of {BATCH} from 10,000 molecules",
        8.0,
        step,
        {"PyG DataLoader over a list": peer_step},
        check=lambda: _same(known, known.structure, known.list),
    )


def cold_epoch() -> Case:
    """The same from a file: it is opened, every block compared with its checksum, and all batches made."""
    from torch_geometric.loader import DataLoader

    known, folder = molecules(), Path(tempfile.mkdtemp())
    gn.save(known.structure, folder / "molecules.geonets")
    stored = _in_memory(folder, known.list)

    def step() -> list[Tensor]:
        for _ in gn.load(folder / "molecules.geonets").batches(BATCH, shuffle=True):
            pass
        return []

    def peer_step() -> list[Tensor]:
        for _ in DataLoader(stored(), batch_size=BATCH, shuffle=True):
            pass
        return []

    return Case(
        "The same from a file, opened anew and read for the first time",
        15.0,
        step,
        {"PyG InMemoryDataset, loaded anew": peer_step},
        check=lambda: _same(known, gn.load(folder / "molecules.geonets"), stored()),
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


def _same(known: Molecules, ours: gn.Structure, theirs: Any) -> Iterator[tuple[Tensor, Tensor]]:
    from torch_geometric.data import Batch

    chosen = known.batch(3)
    mine = ours[chosen]
    other: Any = Batch.from_data_list([theirs[item] for item in chosen.tolist()])
    links = mine.topology.links
    yield mine.x, other.x
    yield links.in_input_order(mine.edge_attr), other.edge_attr
    yield links.in_input_order(links.senders), other.edge_index[0]
    yield torch.as_tensor(mine.y), other.y


CASES: dict[str, Callable[[], Case]] = {"epoch": epoch, "cold_epoch": cold_epoch}
