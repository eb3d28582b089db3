"""A folder of files behaves as the one Structure that was saved."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from every_layer.structures import chain, cloud, graph, grid, moving, sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from same import assert_same_structure
from torch.utils.data import DataLoader

import geonets as gn

COUNTS = [3, 0, 5, 1, 4, 2, 2, 6, 1, 3]


def numbered(make: Any = graph) -> gn.Structure:
    meta = [{"item": item} for item in range(len(COUNTS))]
    return make(COUNTS, 0).replace(globals={"number": torch.arange(len(COUNTS))}, meta=meta)


@settings(max_examples=60, deadline=None)
@given(
    make=st.sampled_from([graph, chain, cloud, grid, moving, sparse]),
    shard=st.integers(1, 12),
    chosen=st.lists(st.integers(-len(COUNTS), len(COUNTS) - 1), max_size=8),
)
def test_an_index_means_the_same_items(
    make: Any, shard: int, chosen: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    structure, folder = numbered(make), tmp_path_factory.mktemp("shards")
    gn.save(structure, folder, shard=shard)
    shards = gn.load(folder)
    assert isinstance(shards, gn.Shards) and len(shards) == 10
    for index in (chosen, slice(2, 7), slice(None, None, -3), -1, torch.arange(10) % 3 == 1):
        assert_same_structure(shards[index], structure[index])
    assert torch.equal(shards.item_sizes("nodes"), structure.item_sizes("nodes"))
    assert [item.globals["number"].item() for item in shards] == list(range(10))


@pytest.mark.parametrize("options", [{}, {"by": "nodes", "bucket": 2}, {"by": "edges"}, {"prefetch": 2}])
def test_batches_are_those_of_the_structure(options: dict[str, Any], tmp_path: Path) -> None:
    structure = numbered()
    gn.save(structure, tmp_path, shard=3)
    ours = gn.load(tmp_path).batches(20, shuffle=True, seed=4, **options)
    for batch, other in zip(ours, structure.batches(20, shuffle=True, seed=4, **options), strict=True):
        assert_same_structure(batch, other)


def test_a_generator_fills_files_of_one_size(tmp_path: Path) -> None:
    structure = numbered()

    def parts() -> Iterator[gn.Structure]:
        for start, stop in ((0, 1), (1, 1), (1, 8), (8, 10)):
            yield structure[start:stop]

    gn.save(parts(), tmp_path, shard=4)
    assert json.loads((tmp_path / "index.json").read_text())["items"] == [4, 4, 2]
    assert_same_structure(gn.load(tmp_path)[:], structure)
    gn.save(gn.load(tmp_path), tmp_path / "again", shard=3)
    assert_same_structure(gn.load(tmp_path / "again")[:], structure)


def test_only_what_is_asked_for_is_opened(tmp_path: Path) -> None:
    gn.save(numbered(), tmp_path, shard=2)
    for name in sorted(os.listdir(tmp_path))[1:5]:
        (tmp_path / name).unlink()
    shards = gn.load(tmp_path)
    assert len(shards) == 10 and len(shards[[0, 1]]) == 2
    with pytest.raises(gn.errors.ReadError, match="files that are there"):
        shards[[0, 5]]


def test_few_files_are_open_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geonets.data.storage.shards.MOST_OPEN", 2)
    structure = numbered()
    gn.save(structure, tmp_path, shard=1)
    before = len(os.listdir("/proc/self/fd"))
    shards = gn.load(tmp_path)
    for item in range(10):
        assert_same_structure(shards[item], structure[item])
    assert len(os.listdir("/proc/self/fd")) <= before + 4
    assert_same_structure(shards[:], structure)


def test_workers_read_shards(tmp_path: Path) -> None:
    gn.save(numbered(), tmp_path, shard=3)
    shards = gn.load(tmp_path)
    loader = DataLoader(gn.ItemDataset(shards), batch_size=5, num_workers=2)
    assert [batch.globals["number"].tolist() for batch in loader] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert len(pickle.loads(pickle.dumps(shards))) == 10 and repr(shards) == "Shards(10 items in 4 files)"


def test_a_killed_process_leaves_a_whole_folder(tmp_path: Path) -> None:
    versions = [numbered()[:7], numbered()]
    gn.save(versions[0], tmp_path, shard=3)
    draw = random.Random(1)
    for _ in range(10):
        child = os.fork()
        if not child:
            while True:
                for version in versions:
                    gn.save(version, tmp_path, shard=3)
        time.sleep(draw.uniform(0.001, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = gn.load(tmp_path)
        assert_same_structure(found[:], versions[len(found) == 10])
    gn.save(versions[1], tmp_path, shard=3)
    assert len([name for name in os.listdir(tmp_path) if not name.startswith(".")]) == 5


def test_a_generator_that_fails_leaves_the_old_folder(tmp_path: Path) -> None:
    gn.save(numbered(), tmp_path, shard=3)
    before = sorted(os.listdir(tmp_path))

    def parts() -> Iterator[gn.Structure]:
        yield numbered()
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        gn.save(parts(), tmp_path, shard=3)
    assert sorted(os.listdir(tmp_path)) == before
