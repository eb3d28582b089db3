"""Splits are the same everywhere, cover all rows once, and keep what they promise."""

from __future__ import annotations

import pytest
import torch

from geonets.data.catalog import splits

FRACTIONS = (0.7, 0.2, 0.1)
SMILES = (
    ["c1ccccc1" + "C" * n for n in range(12)] + ["C1CCCCC1" + "C" * n for n in range(5)] + ["CC", "CCC", "c1ccncc1"]
)
Y = torch.tensor([0] * 70 + [1] * 20 + [2] * 10)


def parts_of(kind: str, seed: int) -> dict[str, torch.Tensor]:
    if kind == "random":
        return splits.random(100, FRACTIONS, seed)
    if kind == "stratified":
        return splits.stratified(Y, FRACTIONS, seed)
    if kind == "folds":
        return splits.folds(Y, 10, seed)[3]
    return splits.scaffold(SMILES, FRACTIONS)


@pytest.mark.parametrize("kind", ["random", "stratified", "folds", "scaffold"])
def test_every_row_is_in_one_part(kind: str) -> None:
    parts = parts_of(kind, seed=0)
    together = torch.cat(list(parts.values()))
    assert together.sort().values.equal(torch.arange(len(SMILES) if kind == "scaffold" else 100))
    assert all(rows.equal(rows.sort().values) for rows in parts.values())
    again = parts_of(kind, seed=0)
    assert all(rows.equal(again[name]) for name, rows in parts.items())
    if kind != "scaffold":
        assert not parts["test"].equal(parts_of(kind, seed=1)["test"])


def test_the_draw_is_the_same_on_every_machine() -> None:
    assert splits.random(20, (0.5, 0.25, 0.25), seed=7)["test"].tolist() == [0, 5, 6, 10, 13]
    assert splits.stratified(Y, (0.9, 0.05, 0.05), seed=7)["test"].tolist() == [13, 19, 20, 77, 94]


@pytest.mark.parametrize("fractions", [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.8, 0.1, 0.1)])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 1000])
def test_parts_are_as_large_as_stated(count: int, fractions: tuple[float, ...]) -> None:
    for parts in (splits.random(count, fractions, 0), splits.stratified(torch.zeros(count), fractions, 0)):
        assert all(abs(len(rows) - share * count) <= 1 for rows, share in zip(parts.values(), fractions, strict=True))


def test_classes_have_the_same_share_everywhere() -> None:
    parts = splits.stratified(Y, FRACTIONS, seed=3)
    assert {name: Y[rows].bincount(minlength=3).tolist() for name, rows in parts.items()} == {
        "train": [49, 14, 7],
        "val": [14, 4, 2],
        "test": [7, 2, 1],
    }


def test_folds_test_every_row_once_and_validate_on_the_next() -> None:
    found = splits.folds(Y, 10, seed=0)
    assert torch.cat([parts["test"] for parts in found]).sort().values.equal(torch.arange(100))
    assert all(Y[parts["test"]].bincount(minlength=3).tolist() == [7, 2, 1] for parts in found)
    assert all(parts["val"].equal(after["test"]) for parts, after in zip(found, found[1:] + found[:1], strict=True))


def test_parts_share_no_scaffold() -> None:
    from rdkit.Chem.Scaffolds.MurckoScaffold import MurckoScaffoldSmiles

    parts = splits.scaffold(SMILES, FRACTIONS)
    frames = [{MurckoScaffoldSmiles(SMILES[row]) for row in rows} for rows in parts.values()]
    assert not (frames[0] & frames[1] or frames[0] & frames[2] or frames[1] & frames[2])
    assert set(range(12)) <= set(parts["train"].tolist())  # the largest family trains


def test_families_are_filled_in_as_deepchem_does() -> None:
    assert splits.scaffold(["c1ccccc1", "C1CCCCC1", "c1ccccc1C", "C1CCNCC1"], (0.5, 0.25, 0.25))["test"].tolist() == [1]


def test_a_family_that_does_not_fit_leaves_its_place_to_a_smaller_one() -> None:
    families = ["c1ccccc1"] * 6 + ["C1CCCCC1"] * 3 + ["C1CCNCC1"]
    parts = splits.scaffold(families, (0.8, 0.1, 0.1))
    assert [rows.tolist() for rows in parts.values()] == [[0, 1, 2, 3, 4, 5, 9], [6, 7, 8], []]
