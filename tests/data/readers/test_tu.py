"""TUDataset folders, beside PyG's own reader."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch
from network_files import FOLDER

import geonets as gn
from geonets.data.interop import from_pyg

REAL = Path(os.environ.get("GEONETS_DATA", "no such folder"), "tudataset")
COUNTS = {"MUTAG": 188, "PROTEINS": 1113, "ENZYMES": 600, "IMDB-BINARY": 1000, "PTC_MR": 344, "MSRC_9": 221}


def folder(at: Path, **files: str) -> Path:
    for name, text in {**FOLDER, **files}.items():
        if text:
            (at / f"S_{name}.txt").write_text(text)
    return at


def test_every_column_has_its_place(tmp_path: Path) -> None:
    s = gn.read(folder(tmp_path))
    assert s.x.tolist() == [[0.5, 1, 1, 0, 0], [2.5, 3, 0, 0, 1], [4.5, 5, 1, 0, 0]]
    assert s.nodes["label"].tolist() == [2, 4, 2]
    assert s.y.tolist() == [1, 0]
    assert s.globals["label"].tolist() == [5, -3]
    links = s.topology.links  # 1 -> 2 with label 7 is listed twice, with label 9 it is another edge
    assert sorted(zip(links.senders.tolist(), links.receivers.tolist(), s.edges["label"].tolist(), strict=True)) == [
        (0, 1, 7), (0, 1, 9), (1, 0, 7), (2, 2, 8),
    ]  # fmt: skip
    assert links.edge_type is not None
    assert links.edge_type.tolist() == (s.edges["label"] - 7).tolist() == s.edge_attr.argmax(1).tolist()


def test_attributes_may_stay_out_as_in_pyg(tmp_path: Path) -> None:
    assert gn.read(folder(tmp_path), attributes=False).x.shape == (3, 3)


def test_targets_may_be_numbers(tmp_path: Path) -> None:
    assert gn.read(folder(tmp_path, graph_attributes="0.5\n1.5\n")).y.tolist() == [0.5, 1.5]


def test_the_files_may_be_in_raw(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    folder(tmp_path / "raw")
    assert len(gn.read(tmp_path)) == 2


@pytest.mark.skipif(not REAL.exists(), reason="GEONETS_DATA names no folder with tudataset")
@pytest.mark.parametrize("name", COUNTS)
def test_equal_to_pyg(name: str, tmp_path: Path) -> None:
    from torch_geometric.datasets import TUDataset

    shutil.copytree(REAL / name, tmp_path / name)
    theirs = TUDataset(str(tmp_path), name, use_node_attr=True, use_edge_attr=True)
    ours = gn.read(REAL / name)
    assert len(ours) == COUNTS[name] == len(theirs)
    whole = from_pyg(list(theirs))
    for field in ("x", "y", "edge_attr"):
        mine, other = getattr(ours, field), getattr(whole, field)
        assert (mine is None) == (other is None)
        assert mine is None or field == "edge_attr" or torch.equal(mine, other)
    assert edges(ours) == edges(whole)


def edges(s: gn.Structure) -> list[tuple[int, ...]]:
    links = s.topology.links
    columns = [links.senders, links.receivers]
    if s.edge_attr is not None:
        columns.append(s.edge_attr.argmax(1))
    return sorted(map(tuple, torch.stack(columns, 1).tolist()))
