"""Laws of every transform: batch = item by item, order of nodes and items, nothing lost, empties, seeds."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch

import geonets as gn
from geonets import transforms as t

partial = functools.partial


def clouds(counts: tuple[int, ...] = (7, 0, 1, 12), seed: int = 0) -> gn.Structure:
    generator = torch.Generator().manual_seed(seed)
    parts = [torch.randn(count, 3, generator=generator, dtype=torch.float64) for count in counts]
    total = sum(counts)
    return gn.points(
        parts,
        x=[part @ torch.tensor([[1.0, 2.0], [0.0, 1.0], [1.0, 1.0]]).double() for part in parts],
        y=torch.arange(len(counts)),
        nodes={"normal": torch.randn(total, 3, generator=generator).double(), "kind": torch.arange(total) % 4},
        globals={"force": torch.randn(len(counts), 3, generator=generator).double()},
        meta=[{"name": str(item)} for item in range(len(counts))],
    )


def graphs(seed: int = 0, counts: tuple[int, ...] = (6, 0, 1, 9)) -> gn.Structure:
    """With loops, double links, isolated nodes, link fields, link types, and a level of pairs of nodes."""
    generator = torch.Generator().manual_seed(seed)
    cloud, ends, shift = clouds(counts, seed), [], 0
    for count in counts:
        if count:
            ends.append(torch.randint(0, max(1, count - 1), (2, 2 * count), generator=generator) + shift)
        shift += count
    edge_index = torch.cat(ends, 1)
    graph = gn.graph(
        edge_index,
        x=cloud.x,
        pos=cloud.pos,
        batch=cloud.topology.item_ids,
        num_items=len(counts),
        edge_attr=torch.randn(edge_index.shape[1], 2, generator=generator).double(),
        edge_type=torch.randint(0, 2, (edge_index.shape[1],), generator=generator),
        nodes={"normal": cloud.nodes["normal"], "kind": cloud.nodes["kind"]},
        y=cloud.y,
        meta=cloud.meta,
    )
    last = cloud.topology.node_offsets[1:] - 1
    pairs = gn.Level(
        cloud.topology.node_counts.clamp(max=1),
        {"ends": last[cloud.topology.node_counts > 0][:, None].expand(-1, 2).clone()},
        frozenset({"ends"}),
    )
    return graph.replace(levels={"pairs": pairs})


EXACT: dict[str, Callable[[gn.Structure], gn.Structure]] = {
    "center": t.center,
    "normalize": t.normalize,
    "normalize to cube": partial(t.normalize, to="cube"),
    "rotate by a matrix": partial(t.rotate, matrix=torch.linalg.qr(torch.randn(3, 3).double())[0], vectors=["normal"]),
    "scale": partial(t.scale, factor=3.0),
    "flip": partial(t.flip, axis="y", vectors=["normal"]),
    "standardize": t.standardize,
    "one_hot": partial(t.one_hot, name="kind", num_classes=4),
    "join": partial(t.join, names=["x", "pos", "kind"]),
    "composed": t.compose(t.normalize, partial(t.one_hot, name="kind", num_classes=4)),
}
LINKED: dict[str, Callable[[gn.Structure], gn.Structure]] = {
    "add_self_loops": partial(t.add_self_loops, fill=2.0, edge_type=1),
    "remove_self_loops": t.remove_self_loops,
    "to_undirected": t.to_undirected,
    **{f"coalesce {reduce}": partial(t.coalesce, reduce=reduce) for reduce in ("sum", "mean", "max", "min", "first")},
    "degree": t.degree,
    "degree out": partial(t.degree, direction="out"),
    "largest_component": t.largest_component,
    "random_walk_encoding": partial(t.random_walk_encoding, steps=5),
    "laplacian_encoding": partial(t.laplacian_encoding, k=3),
}
RANDOM: dict[str, Callable[..., gn.Structure]] = {
    "rotate": partial(t.rotate, vectors=["normal"]),
    "rotate about an axis": partial(t.rotate, axis="z", degrees=30),
    "scale": partial(t.scale, factor=(0.5, 2.0)),
    "flip": partial(t.flip, axis=0, share=0.5),
    "jitter": partial(t.jitter, std=0.1),
    "subsample": partial(t.subsample, ratio=3),
    "random_crop": partial(t.random_crop, nodes=4),
}


def same(ours: gn.Structure, theirs: gn.Structure, tolerance: float = 1e-12) -> None:
    """Topology, links, all fields and records."""
    assert type(ours.topology) is type(theirs.topology)
    assert ours.topology.node_counts.tolist() == theirs.topology.node_counts.tolist()
    if ours.topology.has_links:
        mine, other = ours.topology.links, theirs.topology.links
        assert torch.equal(mine.senders, other.senders) and torch.equal(mine.receivers, other.receivers)
        assert (mine.edge_type is None) == (other.edge_type is None)
        if mine.edge_type is not None and other.edge_type is not None:
            assert torch.equal(mine.edge_type, other.edge_type)
    assert ours.meta == theirs.meta and ours.levels.keys() == theirs.levels.keys()
    pairs = [(getattr(ours, level), getattr(theirs, level)) for level in ("nodes", "edges", "globals")]
    pairs += [(ours.levels[name].fields, theirs.levels[name].fields) for name in ours.levels]
    for mine, other in pairs:
        assert mine.keys() == other.keys()
        for name in mine:
            torch.testing.assert_close(mine[name], other[name], atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("name", [*EXACT, *LINKED])
def test_a_batch_is_its_items_one_by_one(name: str) -> None:
    structures = [graphs(seed) for seed in range(5)] + ([clouds()] if name in EXACT else [])
    for structure in structures:
        transform = {**EXACT, **LINKED}[name]
        whole = transform(structure)
        same(whole, gn.batch([transform(item) for item in structure]), 1e-9 if "laplacian" in name else 1e-12)


@pytest.mark.parametrize("name", [*EXACT, *LINKED])
def test_the_order_of_items_changes_with_the_items_only(name: str) -> None:
    structure, order = graphs(7), torch.tensor([3, 1, 0, 2, 3])
    transform = {**EXACT, **LINKED}[name]
    same(transform(structure)[order], transform(structure[order]), 1e-9)


@pytest.mark.parametrize("name", RANDOM)
def test_a_random_item_depends_on_the_seed_and_its_place_not_on_its_mates(name: str) -> None:
    transform, structure = RANDOM[name], clouds((7, 0, 1, 12))
    once, again, other = (transform(structure, seed=seed) for seed in (5, 5, 6))
    same(once, again)
    assert any(
        mine.shape != theirs.shape or not torch.equal(mine, theirs)
        for mine, theirs in zip(once.nodes.values(), other.nodes.values(), strict=True)
    )
    mates = gn.batch([clouds((30,), 3), clouds((2,), 4), clouds((0,), 5), structure[3]])
    same(transform(mates, seed=5)[3], once[3])


@pytest.mark.parametrize("name", RANDOM)
def test_generators_move_on_and_torch_has_one_of_its_own(name: str) -> None:
    transform, structure = RANDOM[name], clouds((9, 9, 9, 9, 9, 9))
    generator = torch.Generator().manual_seed(3)
    first, second = (transform(structure, seed=generator) for _ in range(2))
    same(first, transform(structure, seed=torch.Generator().manual_seed(3)))
    assert not torch.equal(first.pos, second.pos)
    torch.manual_seed(1)
    drawn = transform(structure)
    torch.manual_seed(1)
    same(drawn, transform(structure))


@pytest.mark.parametrize("name", [*EXACT, *LINKED, *RANDOM])
def test_nothing_is_lost_and_nothing_changes_in_the_input(name: str) -> None:
    structure = graphs(2)
    before = pickle.loads(pickle.dumps(structure))
    transform = {**EXACT, **LINKED, **{k: partial(v, seed=0) for k, v in RANDOM.items()}}[name]
    found = transform(structure)
    same(structure, before)
    assert found.meta == structure.meta and torch.equal(found.y, structure.y)
    assert structure.nodes.keys() <= found.nodes.keys() and structure.edges.keys() == found.edges.keys()
    assert found.levels.keys() == structure.levels.keys()
    if found.num_nodes == structure.num_nodes:
        assert torch.equal(found.levels["pairs"]["ends"], structure.levels["pairs"]["ends"])
    else:
        items = found.topology.item_ids[found.levels["pairs"]["ends"][:, 0]]
        assert torch.equal(items, torch.repeat_interleave(found.levels["pairs"].counts))


@pytest.mark.parametrize("name", [*EXACT, *LINKED, *RANDOM])
def test_nothing_of_nothing_is_nothing(name: str) -> None:
    transform = {**EXACT, **LINKED, **{k: partial(v, seed=0) for k, v in RANDOM.items()}}[name]
    structure = graphs()
    for empty in (structure[:0], structure[1], structure[2]):
        found = transform(empty)
        assert len(found) == len(empty)
        assert all(bool(field.double().isfinite().all()) for field in found.nodes.values())


@pytest.mark.parametrize("name", [*EXACT, *LINKED])
def test_nodes_may_come_in_any_order(name: str) -> None:
    structure = graphs(4)[3]
    order = torch.randperm(structure.num_nodes, generator=torch.Generator().manual_seed(0))
    new = order.argsort()
    links = structure.topology.links
    moved = gn.graph(
        new[torch.stack([links.senders, links.receivers])],
        x=structure.x[order],
        pos=structure.pos[order],
        edge_attr=structure.edge_attr,
        edge_type=links.edge_type,
        nodes={name: structure.nodes[name][order] for name in ("normal", "kind")},
    )
    transform = {**EXACT, **LINKED}[name]
    if name == "laplacian_encoding":  # all columns: of equal eigenvalues only the space that they span is known
        transform = partial(t.laplacian_encoding, k=structure.num_nodes - 1)
    before, after = transform(structure), transform(moved)
    if name == "largest_component":
        assert before.num_nodes == after.num_nodes
        return
    if name == "laplacian_encoding":
        ours, theirs = (s.nodes["laplacian"].double() for s in (before, after))
        torch.testing.assert_close((ours @ ours.T)[order][:, order], theirs @ theirs.T, atol=1e-5, rtol=1e-5)
        return
    for field in before.nodes:
        torch.testing.assert_close(before.nodes[field][order], after.nodes[field], atol=1e-9, rtol=1e-9)
    ours, theirs = before.topology.links, after.topology.links
    mine = torch.cat([new[ours.senders][:, None], new[ours.receivers][:, None], before.edge_attr], 1)
    other = torch.cat([theirs.senders[:, None], theirs.receivers[:, None], after.edge_attr], 1)
    torch.testing.assert_close(torch.tensor(sorted(mine.tolist())), torch.tensor(sorted(other.tolist())))


def test_a_composition_is_its_steps_and_travels_to_workers() -> None:
    steps = [t.normalize, partial(t.rotate, axis="z", seed=3), partial(t.jitter, std=0.1, seed=4)]
    composed: Any = pickle.loads(pickle.dumps(t.compose(*steps)))
    structure = clouds()
    expected = structure
    for step in steps:
        expected = step(expected)
    same(composed(structure), expected)
    same(t.compose()(structure), structure)
