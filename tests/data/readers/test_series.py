"""Time series of the UEA archive, and text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from messages.tables import ts

import geonets as gn

DATA = Path(os.environ.get("GEONETS_DATA", "no such folder"), "sequences")
real = pytest.mark.skipif(not DATA.exists(), reason="GEONETS_DATA is unset")


def test_cases_of_different_lengths() -> None:
    found = ts("1,2,3:4,5,6:b", "7:8:a")
    assert found.topology.node_counts.tolist() == [3, 1]
    assert found.x.tolist() == [[1, 4], [2, 5], [3, 6], [7, 8]]
    assert (found.y.tolist(), (found.meta or [{}])[0]) == ([1, 0], {"classes": ["a", "b"]})


def test_targets_missing_values_and_none() -> None:
    assert ts("1:2.5", "3:-1", head="@targetLabel true\n").y.tolist() == [2.5, -1]
    assert ts("1,?:a", missing=0).x.tolist() == [[1], [0]]
    assert ts("1,?:a", missing="keep").x.isnan().sum() == 1
    assert ts("1,2", "3,4", head="@classLabel false\n").y is None
    assert ts("1:z", "2:y", head="@classLabel true\n").y.tolist() == [1, 0]


def test_cases_that_are_left_out_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    path.write_text("@classLabel true a b\n@data\n1,2:a\n1,x:b\n3:c\n4:b\n")
    found, errors = gn.read(path, on_error="skip")
    assert (found.x.flatten().tolist(), found.y.tolist()) == ([1, 2, 4], [0, 1])
    assert [error.place for error in errors] == ["line 4, dimension 0", "record 3, line 5"]


SETS = [
    ("JapaneseVowels", (270, 370), 12, 9, None),
    ("BasicMotions", (40, 40), 6, 4, 100),
    ("GunPoint", (50, 150), 1, 2, 150),
]


@real
@pytest.mark.parametrize(("name", "cases", "channels", "classes", "steps"), SETS, ids=[s[0] for s in SETS])
def test_archive(name: str, cases: tuple[int, int], channels: int, classes: int, steps: int | None) -> None:
    for part, count in zip(("TRAIN", "TEST"), cases, strict=True):
        path = DATA / f"uea/{name}_{part}.ts"
        found = gn.read(path)
        assert (len(found), found.x.shape[1]) == (count, channels)
        assert found.y.unique().tolist() == list(range(classes))
        assert steps is None or found.topology.node_counts.unique().tolist() == [steps]
        *dimensions, label = path.read_text().splitlines()[-1].split(":")
        last = torch.tensor([[float(value) for value in dimension.split(",")] for dimension in dimensions]).T
        assert torch.equal(found[count - 1].x, last)
        assert (found.meta or [{}])[0]["classes"][found.y[-1]] == label


def test_text_is_a_chain_of_characters(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("añ\n🙂a")
    text = gn.read(path, format="text")
    alphabet = (text.meta or [{}])[0]["alphabet"]
    assert "".join(alphabet[place] for place in text.x.tolist()) == "añ\n🙂a"
    assert gn.read(path, format="text", alphabet="🙂añ\n").x.tolist() == [1, 2, 3, 0, 1]


@real
def test_shakespeare() -> None:
    path = DATA / "text/tinyshakespeare_input.txt"
    text = gn.read(path, format="text")
    assert text.x.shape == (1_115_394,)
    alphabet = (text.meta or [{}])[0]["alphabet"]
    assert len(alphabet) == 65
    assert "".join(alphabet[place] for place in text.x[:1000].tolist()) == path.read_text()[:1000]
