"""Batches: every item once, no batch larger than asked, the same under one seed, and ready ahead of time."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import torch
from every_layer.structures import graph
from hypothesis import given, settings
from hypothesis import strategies as st

import geonets as gn
from geonets.core.structure.ahead import ahead

OPTIONS = st.fixed_dictionaries(
    {
        "size": st.integers(1, 40),
        "shuffle": st.booleans(),
        "by": st.sampled_from(["items", "nodes", "edges"]),
        "bucket": st.sampled_from([None, 1, 3]),
        "prefetch": st.sampled_from([0, 2]),
        "drop_last": st.booleans(),
    }
)


def numbered(counts: list[int]) -> gn.Structure:
    """Graphs whose items know their number."""
    return graph(counts, 0).replace(globals={"number": torch.arange(len(counts))})


def numbers(batches: list[gn.Structure]) -> list[int]:
    return [number for batch in batches for number in batch.globals["number"].tolist()]


def full(batch: gn.Structure, by: str) -> int:
    return len(batch) if by == "items" else int(batch.item_sizes(by).sum())


@settings(max_examples=200, deadline=None)
@given(counts=st.lists(st.integers(0, 20), max_size=30), options=OPTIONS, seed=st.integers(0, 9))
def test_every_item_comes_once_within_the_budget(counts: list[int], options: dict[str, Any], seed: int) -> None:
    structure, by, size = numbered(counts), options["by"], options["size"]
    if by != "items" and counts and int(structure.item_sizes(by).max()) > size:
        with pytest.raises(gn.errors.OptionError, match="size of every item"):
            structure.batches(**options, seed=seed)
        return
    batches = list(structure.batches(**options, seed=seed))
    assert all(len(batch) > 0 and full(batch, by) <= size for batch in batches)
    found = numbers(batches)
    assert len(set(found)) == len(found)
    assert found == numbers(list(structure.batches(**options, seed=seed)))
    if not options["drop_last"]:
        assert sorted(found) == list(range(len(counts)))
    elif by == "items":
        assert len(batches) == len(counts) // size and all(len(batch) == size for batch in batches)
    if not options["shuffle"] and options["bucket"] is None:
        assert found == list(range(len(found)))
    for batch in batches[:2]:
        assert torch.equal(batch.x, structure[batch.globals["number"]].x)


def test_a_budget_is_used_up() -> None:
    structure = numbered([5, 5, 3, 2, 4, 1, 6])
    assert [full(batch, "nodes") for batch in structure.batches(10, by="nodes")] == [10, 10, 6]
    assert [full(batch, "nodes") for batch in structure.batches(10, by="nodes", drop_last=True)] == [10, 10]


def test_buckets_hold_items_of_similar_size_and_shuffle_their_batches() -> None:
    draw = torch.Generator().manual_seed(0)
    structure = numbered(torch.randint(1, 100, (400,), generator=draw).tolist())

    def spread(**options: Any) -> float:
        found = structure.batches(20, shuffle=True, seed=1, **options)
        return sum(float(b.topology.node_counts.double().std()) for b in found) / 20

    assert spread(bucket=10) < spread() / 4
    first = [int(b.topology.node_counts.max()) for b in structure.batches(20, shuffle=True, seed=1, bucket=20)]
    assert first != sorted(first)
    assert numbers(list(structure.batches(20, shuffle=True, seed=1, bucket=5))) != numbers(
        list(structure.batches(20, shuffle=True, seed=2, bucket=5))
    )


def test_the_thread_is_ahead_and_ends_with_the_loop() -> None:
    made: list[int] = []

    def source() -> Any:
        for number in range(100):
            made.append(number)
            yield number

    before = threading.active_count()
    loop = ahead(source(), 3)
    assert next(loop) == 0
    for _ in range(200):
        if len(made) >= 4:
            break
        time.sleep(0.01)
    assert 4 <= len(made) <= 6 and threading.active_count() == before + 1
    loop.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert threading.active_count() == before


def test_an_error_in_the_thread_comes_where_its_batch_would_have() -> None:
    def source() -> Any:
        yield 1
        raise gn.errors.StructureError("broken")

    loop = ahead(source(), 2)
    assert next(loop) == 1
    with pytest.raises(gn.errors.StructureError, match="broken"):
        next(loop)
    assert list(loop) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_the_thread_has_the_grad_mode_of_its_loop(enabled: bool) -> None:
    x = torch.randn(4, 2, requires_grad=True)
    with torch.set_grad_enabled(enabled):
        batch = next(gn.chain(x[:, None]).batches(2, shuffle=True, prefetch=1))
    assert batch.x.requires_grad is enabled
