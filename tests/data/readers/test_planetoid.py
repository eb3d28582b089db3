"""Planetoid's pickles, which are never run, beside PyG's reader."""

from __future__ import annotations

import os
import pickle
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch

import geonets as gn
from geonets.data.readers import Source
from geonets.data.readers.pickles import Sparse, pickled

REAL = Path(os.environ.get("GEONETS_DATA", "no such folder"), "planetoid", "Cora")


def network(at: Path, test: list[int], name: str = "cora", **files: Any) -> Path:
    """A folder as Planetoid's, of 510 known papers and some to test, with features that are their own numbers."""

    def rows(first: int, count: int) -> Any:
        return scipy.sparse.csr_matrix(np.arange(first, first + count, dtype=np.float32)[:, None] + [[0, 1]])

    def classes(count: int) -> np.ndarray:
        return np.eye(3, dtype=np.int32)[np.arange(count) % 3]

    graph = defaultdict(list, {0: [1, 1, 0], 1: [0], 2: [max(test)]})
    contents = {"x": rows(1, 4), "y": classes(4), "allx": rows(1, 510), "ally": classes(510), "graph": graph}
    contents |= {"tx": rows(1001, len(test)), "ty": classes(len(test))}
    for part, content in {**contents, **files}.items():
        (at / f"ind.{name}.{part}").write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, 2))
    (at / f"ind.{name}.test.index").write_text("".join(f"{node}\n" for node in test))
    return at


def test_tested_papers_stand_where_the_index_says(tmp_path: Path) -> None:
    s = gn.read(network(tmp_path, [512, 510, 511]))
    assert s.x[509:, 0].tolist() == [510, 1002, 1003, 1001]
    assert s.y[510:].tolist() == [1, 2, 0]
    assert [int(s.nodes[f"{part}_mask"].sum()) for part in ("train", "val", "test")] == [4, 500, 3]
    links = s.topology.links
    assert list(zip(links.senders.tolist(), links.receivers.tolist(), strict=True)) == [(1, 0), (0, 1), (2, 512)]
    assert s.meta == ({"name": "cora", "left_out": {"self_loops": 1, "repeated": 1}},)


def test_papers_that_the_index_passes_over_are_isolated(tmp_path: Path) -> None:
    from torch_geometric.io import read_planetoid_data

    s = gn.read(network(tmp_path, [513, 510], "citeseer"))
    theirs: Any = read_planetoid_data(str(tmp_path), "citeseer")
    assert s.num_nodes == theirs.num_nodes == 514
    assert torch.equal(s.x, theirs.x)
    assert torch.equal(s.y, theirs.y)
    assert not s.nodes["test_mask"][511:513].any()


@pytest.mark.skipif(not REAL.exists(), reason="GEONETS_DATA names no folder with planetoid/Cora")
def test_cora_equals_pyg(tmp_path: Path) -> None:
    from torch_geometric.datasets import Planetoid

    shutil.copytree(REAL.parent, tmp_path / "copy")
    theirs: Any = Planetoid(str(tmp_path / "copy"), "Cora")[0]
    ours = gn.read(REAL)
    assert (ours.num_nodes, ours.topology.links.num_edges, ours.x.shape[1]) == (2708, 10556, 1433)
    for name in ("x", "y", "train_mask", "val_mask", "test_mask"):
        assert torch.equal(ours.nodes[name], theirs[name])
    links = ours.topology.links
    mine = torch.stack([links.senders, links.receivers], 1)
    assert sorted(map(tuple, mine.tolist())) == sorted(map(tuple, theirs.edge_index.T.tolist()))


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_pickles_of_every_protocol(tmp_path: Path, protocol: int) -> None:
    things = [
        np.arange(6, dtype=np.int64).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=">f4").reshape(2, 3)),
        defaultdict(list, {1: [2, 3], 2: []}),
    ]
    file = tmp_path / "thing"
    for thing in things:
        file.write_bytes(pickle.dumps(thing, protocol))
        found = pickled(Source(file))
        assert isinstance(thing, np.ndarray) or found == dict(thing)
        np.testing.assert_array_equal(found, thing) if isinstance(thing, np.ndarray) else None
    matrix = scipy.sparse.csr_matrix(np.eye(3))
    file.write_bytes(pickle.dumps(matrix, max(protocol, 2)))
    found = pickled(Source(file))
    assert isinstance(found, Sparse)
    assert found.shape == (3, 3)
    np.testing.assert_array_equal(found.columns, [0, 1, 2])


class Payload:
    def __reduce__(self) -> Any:
        return os.system, ("touch PWNED",)


class Hidden(dict[str, int]):
    pass


DEEP = b"\x80\x02}" + b"(" + b"K\x01" + b"\x85" * 200_000 + b"K\x01u."
HOSTILE = {
    "code": (pickle.dumps(Payload(), 2), "the name posix.system"),
    "a class": (pickle.dumps(Hidden(), 2), "the name .*Hidden"),
    "a deep key": (DEEP, "a key that is tuple"),
    "a far memory": (b"\x80\x02Nr\xff\xff\xff\xff\x86.", "an instruction without"),
    "nothing": (b".", "a broken one"),
    "a mark too far": (b"\x80\x02(\x85.", "an instruction without"),
    "a large array": (pickle.dumps(np.zeros(3), 2).replace(b"K\x03", b"K\xff"), "an array of another shape"),
    "objects": (pickle.dumps(np.array([{}]), 2), "an array of what is no number"),
    "a name itself": (b"\x80\x02cnumpy\nndarray\n.", "the name 'numpy ndarray' itself"),
    "a state for a list": (b"\x80\x02]}b.", "a state for list"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_table_of_numbers_is_refused(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content, message = HOSTILE[case]
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(gn.errors.ReadError, match=rf"{message}.*byte \d+"):
        pickled(Source(tmp_path / "file"))
    assert not (tmp_path / "PWNED").exists()
