"""Loops of one's own: torch's DataLoader with workers, samplers of several ranks, and budgets."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from every_layer.structures import chain, cloud, graph, moving
from same import assert_same_structure
from torch.utils.data import BatchSampler, ConcatDataset, DataLoader, DistributedSampler, Subset

import geonets as gn

COUNTS = [3, 5, 0, 2, 4, 7, 1, 6]


def numbered(make: Any = graph) -> gn.Structure:
    structure = make(COUNTS, 0)
    meta = [{"item": item} for item in range(len(COUNTS))]
    return structure.replace(globals={"number": torch.arange(len(COUNTS))}, meta=meta)


def numbers(loader: Any) -> list[list[int]]:
    return [batch.globals["number"].tolist() for batch in loader]


@pytest.mark.parametrize("make", [graph, chain, cloud, moving])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_is_an_index(make: Any, workers: int) -> None:
    structure = numbered(make)
    loader = DataLoader(gn.ItemDataset(structure), batch_size=3, num_workers=workers)
    found = list(loader)
    assert len(loader) == len(found) == 3
    for batch, items in zip(found, ([0, 1, 2], [3, 4, 5], [6, 7]), strict=True):
        assert_same_structure(batch, structure[items])


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_read_a_stored_structure(workers: int, tmp_path: Path) -> None:
    structure = numbered()
    gn.save(structure, tmp_path / "some.geonets")
    loader = DataLoader(gn.ItemDataset(gn.load(tmp_path / "some.geonets")), batch_size=1, num_workers=workers)
    for item, batch in enumerate(loader):
        assert_same_structure(batch, structure[item])


def test_spawned_workers_open_the_file_themselves(tmp_path: Path) -> None:
    structure = numbered()
    gn.save(structure, tmp_path / "some.geonets")
    dataset = gn.ItemDataset(gn.load(tmp_path / "some.geonets"))
    assert len(pickle.dumps(dataset)) < 500 < len(pickle.dumps(gn.ItemDataset(structure)))
    loader = DataLoader(dataset, batch_size=4, num_workers=1, multiprocessing_context="spawn")
    assert numbers(loader) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(pickle.loads(pickle.dumps(dataset))) == 8


def test_ranks_share_the_items() -> None:
    dataset = gn.ItemDataset(numbered())
    seen: list[int] = []
    for rank in range(2):
        sampler = DistributedSampler(dataset, num_replicas=2, rank=rank, shuffle=True, seed=3)
        loader = DataLoader(dataset, batch_size=2, sampler=sampler, num_workers=1)
        seen += [number for batch in numbers(loader) for number in batch]
    assert sorted(seen) == list(range(8))


def test_budgets_under_a_loader_of_several_ranks() -> None:
    structure = numbered()
    dataset, sizes = gn.ItemDataset(structure), structure.topology.node_counts
    seen: list[int] = []
    for rank in range(2):
        ranks = DistributedSampler(dataset, num_replicas=2, rank=rank, shuffle=False)
        loader = DataLoader(dataset, batch_sampler=gn.BudgetSampler(ranks, sizes, budget=8))
        for batch in loader:
            assert 0 < batch.num_nodes <= 8
            seen += batch.globals["number"].tolist()
    assert sorted(seen) == list(range(8))


def test_torchs_own_samplers_and_datasets() -> None:
    dataset = gn.ItemDataset(numbered())
    sampler = BatchSampler([5, 1, 0], batch_size=2, drop_last=False)
    assert numbers(DataLoader(dataset, batch_sampler=sampler)) == [[5, 1], [0]]
    assert numbers(DataLoader(Subset(dataset, [4, 2, 7]), batch_size=2)) == [[4, 2], [7]]
    both: Any = ConcatDataset([dataset, dataset])
    assert numbers(DataLoader(both, batch_size=6)) == [[0, 1, 2, 3, 4, 5], [6, 7, 0, 1, 2, 3], [4, 5, 6, 7]]
    assert_same_structure(dataset[3], numbered()[3])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*pin_memory.*")  # there is no accelerator here
        assert numbers(DataLoader(dataset, batch_size=8, pin_memory=True)) == [list(range(8))]
