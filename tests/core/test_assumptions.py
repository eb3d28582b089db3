"""What each kind of structure takes for granted."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import geonets as gn

body = gn.Graph(torch.tensor([0, 1]), torch.tensor([1, 0]), 2)
VIDEO = gn.Grid((3, 4, 5), ("time", "y", "x"))
SAID: list[tuple[Any, str, str]] = [
    (gn.Chain(3), "order", "along (time)"),
    (gn.Chain(3), "cost", "the length"),
    (gn.Chain(3), "causality", "hears the future too"),
    (VIDEO, "spacing", "each of (time, y, x)"),
    (VIDEO, "translation", "exact in the interior"),
    (VIDEO, "boundary", "along time, y, x items end"),
    (gn.Grid((3, 4), periodic="x"), "translation", "exact along x, elsewhere in the interior"),
    (gn.Grid((3, 4), periodic=True), "translation", "exact everywhere"),
    (gn.Grid((3, 4), periodic=True), "boundary", "along y, x there is none"),
    (gn.SparseGrid(gn.Grid((3, 4)), torch.tensor([[1, 1]]), 1), "cost", "the nodes that exist"),
    (gn.SparseGrid(gn.Grid((3, 4)), torch.tensor([[1, 1]]), 1), "existence", "say nothing"),
    (gn.Set(3), "locality", "there are no links"),
    (body, "relations", "all edges mean the same"),
    (gn.Graph(torch.tensor([0]), torch.tensor([1]), 2, torch.tensor([0])), "relations", "of one type"),
    (body, "permutation", "Weisfeiler-Leman"),
    (gn.Product(gn.Chain(3), body), "order", "first nodes follow one another along (time)"),
    (gn.Chain([3, 4]), "sizes", "as these do"),
]


@pytest.mark.parametrize(("topology", "aspect", "words"), SAID, ids=[f"{n}" for n in range(len(SAID))])
def test_each_kind_says_what_it_assumes(topology: Any, aspect: str, words: str) -> None:
    said = gn.Structure(topology).assumptions()
    assert words in said[aspect]
    assert f"{aspect} " in str(said) and len(str(said).splitlines()) == len(said)


def test_what_is_not_assumed_is_not_said() -> None:
    assert "causality" not in gn.Structure(gn.Grid((3, 4))).assumptions()
    assert "rotation and scale" not in gn.Structure(gn.Set(2)).assumptions()
    assert "one unit" in gn.points([torch.randn(3, 3)]).assumptions()["rotation and scale"]
    assert "as these do" not in gn.Structure(gn.Chain(3)).assumptions()["sizes"]
