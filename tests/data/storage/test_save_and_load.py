"""What is saved comes back as it was, whole and item by item; other programs can read it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from drawing import ANY
from every_layer.structures import chain, cloud, forest, graph, grid, moving, ring, sparse, torus, volume
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from same import assert_same_structure

import geonets as gn
from geonets.data.storage.header import DTYPES
from geonets.data.storage.records import StoredRecords


def with_everything(structure: gn.Structure) -> gn.Structure:
    """Globals, meta, a level whose rows name nodes, and fields of edges where there are links."""
    count, nodes = len(structure), structure.num_nodes
    filled = structure.topology.node_counts > 0
    first = structure.topology.node_offsets[:-1][filled]
    corners = gn.Level(
        filled.long(), {"ids": torch.stack([first, first], 1), "w/o%": first.float()}, frozenset({"ids"})
    )
    edges = {}
    if structure.topology.has_links:
        edges = {"weight": torch.arange(structure.topology.links.num_edges).to(torch.float16)}
    return structure.replace(
        globals={"y": torch.arange(count), "yes": torch.ones(count, 2, dtype=torch.bool)},
        nodes={"half": torch.arange(nodes).to(torch.bfloat16), "deep": torch.zeros(nodes, 2, 0, 3, dtype=torch.int8)},
        edges=edges,
        levels={"corners": corners},
        meta=[{"name": f"ìtem {item}", "list": [1, {"a": None}]} for item in range(count)],
    )


def stored(structure: gn.Structure, folder: Path) -> gn.Structure:
    gn.save(structure, folder / "some.geonets")
    return gn.load(folder / "some.geonets")


@settings(max_examples=150, deadline=None)
@given(structure=ANY, data=st.data())
def test_drawn_structures_come_back(
    structure: gn.Structure, data: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    structure, count = with_everything(structure), len(structure)
    folder = tmp_path_factory.mktemp("drawn")
    assert_same_structure(stored(structure, folder), structure)
    again = gn.load(folder / "some.geonets")
    assert repr(again) == repr(structure)
    chosen = data.draw(st.lists(st.integers(-count, count - 1), max_size=5)) if count else []
    assert_same_structure(again[chosen], structure[chosen])
    start, stop = sorted(data.draw(st.tuples(st.integers(0, count), st.integers(0, count))))
    assert_same_structure(gn.load(folder / "some.geonets")[start:stop], structure[start:stop])
    if again.edges and count:
        assert_same_structure(again[0], structure[0])


@pytest.mark.parametrize("make", [chain, grid, volume, ring, torus, sparse, moving, cloud, graph, forest])
@pytest.mark.parametrize("counts", [[3, 0, 5, 1], [4, 4], [0], []])
def test_every_kind_comes_back(make: Any, counts: list[int], tmp_path: Path) -> None:
    structure = with_everything(make(counts, 1))
    again = stored(structure, tmp_path)
    for item in range(len(structure)):
        assert_same_structure(again[item], structure[item])
    assert_same_structure(again, structure)
    assert_same_structure(stored(again[:], tmp_path), structure)


def test_products_in_products_come_back(tmp_path: Path) -> None:
    inner = gn.Product(gn.Set([2, 3]), graph([2, 4], 0).topology)
    topology = gn.Product(gn.Chain([2, 1]), gn.Product(inner, gn.Set([1, 2])))
    structure = gn.Structure(topology, {"x": torch.randn(topology.num_nodes, 1)})
    assert_same_structure(stored(structure, tmp_path), structure)


def test_edges_given_in_a_mixed_order_come_back_in_it(tmp_path: Path) -> None:
    index = torch.tensor([[3, 0, 4, 1, 2, 3], [4, 1, 3, 2, 0, 3]])  # items alternate
    structure = gn.Structure(gn.Graph(index[0], index[1], [3, 2]), {"x": torch.randn(5, 1)})
    assert structure.topology.links.input_order is not None
    again = stored(structure, tmp_path)
    assert torch.equal(again.topology.links.in_input_order(again.topology.links.senders), index[0])
    assert_same_structure(again, structure)


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=str)
def test_every_type_comes_back(dtype: torch.dtype, tmp_path: Path) -> None:
    raw = torch.randint(0, 2 if dtype == torch.bool else 256, (6, 16), generator=torch.Generator().manual_seed(0))
    field = raw.to(torch.bool) if dtype == torch.bool else raw.to(torch.uint8).view(dtype)
    again = stored(gn.Structure(gn.Set([2, 4]), {"x": field}), tmp_path)
    assert again.x.dtype == dtype and again[1].x.dtype == dtype
    assert torch.equal(again.x.view(torch.uint8), field.view(torch.uint8))


def test_odd_layouts_come_back(tmp_path: Path) -> None:
    fields = {
        "steps": torch.randn(4, 8)[:, ::2],
        "turned": torch.randn(3, 4).T,
        "one": torch.randn(1, 1).expand(4, 2),
        "conjugate": torch.randn(4, 2, dtype=torch.complex64).conj(),
        "graded": torch.randn(4, 2, requires_grad=True),
        "empty": torch.empty(4, 0),
    }
    structure = gn.Structure(gn.Set(4), fields)
    again = stored(structure, tmp_path)
    for name, field in fields.items():
        assert torch.equal(again.nodes[name], field), name
    single = gn.Structure(gn.Set(1), {"x": torch.arange(6)[::2][:1]})
    assert torch.equal(stored(single, tmp_path).x, single.x)


def test_the_safetensors_package_reads_it(tmp_path: Path) -> None:
    structure = with_everything(graph([3, 5], 0))
    gn.save(structure, tmp_path / "some.geonets")
    tensors = load_file(tmp_path / "some.geonets")
    assert torch.equal(tensors["nodes/x"], structure.x)
    assert torch.equal(tensors["nodes/half"], structure.nodes["half"])
    assert torch.equal(tensors["topology/senders"], structure.topology.links.senders)
    assert torch.equal(tensors["levels/corners/w%2Fo%25"], structure.levels["corners"]["w/o%"])


def test_nothing_is_sorted_when_a_stored_graph_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    structure = graph([3, 5, 2], 0)
    again = stored(structure, tmp_path)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something was sorted")

    for name in ("sort", "argsort"):
        monkeypatch.setattr(torch, name, refuse)
        monkeypatch.setattr(torch.Tensor, name, refuse)
    for links in (again[[2, 0]].topology.links, again[1:].topology.links, again.topology.links):
        assert len(links.transpose.rows) == len(links.receivers_by_sender) == links.num_edges
        assert links.input_order is not None


def test_what_is_not_asked_for_is_not_read(tmp_path: Path) -> None:
    structure = with_everything(gn.batch([graph([20] * 40, seed) for seed in range(40)]))
    again = stored(structure, tmp_path)
    held = again.nodes.held  # pyright: ignore[reportAttributeAccessIssue]
    blocks = held["x"].blocks
    assert (
        repr(again)
        and len(again) == 1600
        and again.topology.links.num_edges
        and blocks.num_pending == len(blocks.pending)
    )
    assert again[[7]].num_nodes == 20
    assert len(blocks.pending) - blocks.num_pending <= 2
    assert isinstance(again.meta, StoredRecords)
    assert again.x.shape == (32000, 4) and blocks.num_pending == 0
    assert held["pos"].blocks.num_pending > 0


def test_a_write_into_a_loaded_tensor_stays_in_memory(tmp_path: Path) -> None:
    structure = cloud([4, 5], 0)
    again = stored(structure, tmp_path)
    again[0].x.zero_()
    assert not again.x[:4].any()
    assert_same_structure(gn.load(tmp_path / "some.geonets"), structure)


def test_meta_is_decoded_when_it_is_asked_for(tmp_path: Path) -> None:
    structure = with_everything(chain([1, 2, 3, 4], 0))
    meta = stored(structure, tmp_path).meta
    assert isinstance(meta, StoredRecords) and structure.meta is not None
    assert meta == structure.meta and meta[-1] == structure.meta[-1] and "4" in repr(meta)
    assert meta[1:3] == structure.meta[1:3] and meta[torch.tensor([3, 0])][0] == structure.meta[3]
    assert pickle.loads(pickle.dumps(meta)) == structure.meta
    assert meta != 3


def test_changes_and_copies_of_a_stored_structure(tmp_path: Path) -> None:
    structure = with_everything(graph([3, 5], 0))
    again = stored(structure, tmp_path)
    changed = again.replace(x=structure.x * 2, nodes={"pos": None})
    assert torch.equal(changed[1].x, structure[1].x * 2) and "pos" not in changed.nodes
    assert_same_structure(pickle.loads(pickle.dumps(again)), structure)
    assert_same_structure(again.to("cpu"), structure)
    assert_same_structure(gn.batch([again, again])[2:], structure)
    assert torch.equal(gn.nn.GCNConv(4, 2).double()(again).x.isfinite().all(), torch.tensor(True))


READER = """
import sys, torch, geonets as gn
stored, seed = gn.load(sys.argv[1]), int(sys.argv[2])
total = sum(float(batch.x.sum()) for batch in stored.batches(7, shuffle=True, seed=seed))
print(round(total, 6))
"""


def test_two_processes_read_at_once(tmp_path: Path) -> None:
    structure = gn.batch([graph([20] * 10, seed) for seed in range(10)])
    gn.save(structure, tmp_path / "some.geonets")
    commands = [[sys.executable, "-c", READER, str(tmp_path / "some.geonets"), str(seed)] for seed in (1, 2)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    assert [reader.communicate()[0].strip() for reader in readers] == [str(round(float(structure.x.sum()), 6))] * 2


@pytest.mark.parametrize("make", [chain, graph, grid, sparse])
def test_large_tensors_are_read_piece_by_piece(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geonets.data.storage.checksums.LARGE", 0)
    structure = with_everything(make([3, 0, 5, 1, 30], 1))
    again = stored(structure, tmp_path)
    for chosen in ([4, 0], [1, 1, 2], [3], []):
        assert_same_structure(again[chosen], structure[chosen])
    assert_same_structure(again, structure)
