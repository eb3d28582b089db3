"""Splits: which rows train, validate and test; the same on every machine."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

from geonets.core.packages import require

T = TypeVar("T")
Parts = dict[str, Tensor]
"""Rows of `train`, `val` and `test`, in ascending order."""


def random(count: int, fractions: Sequence[float], seed: int) -> Parts:
    """Parts drawn at random.

    Args:
        count: of the rows.
        fractions: of train, val and test, rounded to whole rows.
        seed: of the drawing.

    Example:
        >>> {name: len(rows) for name, rows in random(10, (0.8, 0.1, 0.1), seed=0).items()}
        {'train': 8, 'val': 1, 'test': 1}
    """
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return _cut(order, fractions)


def stratified(y: Tensor, fractions: Sequence[float], seed: int) -> Parts:
    """Parts drawn at random in which every class has the same share, as far as whole rows allow.

    Args:
        y: `(count,)` classes.
        fractions: of train, val and test.
        seed: of the drawing.

    Example:
        >>> stratified(torch.tensor([0] * 8 + [1] * 4), (0.5, 0.25, 0.25), seed=0)["test"] // 8
        tensor([0, 0, 1])
    """
    dealt = _dealt(y, seed)
    place = torch.empty(len(y), dtype=torch.double)
    for kind in y.unique():
        of_kind = dealt[y[dealt] == kind]
        place[of_kind] = (torch.arange(len(of_kind), dtype=torch.double) + 0.5) / len(of_kind)
    return _cut(place.argsort(stable=True), fractions)


def folds(y: Tensor, count: int, seed: int) -> list[Parts]:
    """Cross validation: each fold tests once, and the next one validates meanwhile.

    Args:
        y: `(count,)` classes, which are spread evenly over the folds.
        count: of the folds, at least three.
        seed: of the drawing.

    Example:
        >>> [part["test"].tolist() for part in folds(torch.zeros(4, dtype=torch.long), 4, seed=0)]
        [[0], [1], [3], [2]]
    """
    dealt = _dealt(y, seed)
    of_fold = [dealt[number::count].sort().values for number in range(count)]
    found = []
    for number in range(count):
        val = (number + 1) % count
        train = torch.cat([rows for other, rows in enumerate(of_fold) if other not in (number, val)])
        found.append({"train": train.sort().values, "val": of_fold[val], "test": of_fold[number]})
    return found


def scaffold(smiles: Sequence[str], fractions: Sequence[float]) -> Parts:
    """Parts that share no scaffold: the largest families train, the rarest test.

    Args:
        smiles: of the molecules.
        fractions: of train, val and test; a family is never divided.

    Reference: Z. Wu et al., "MoleculeNet: a benchmark for molecular machine learning", 2018, section 3.3; G. W. Bemis,
        M. A. Murcko, "The properties of known drugs. 1. Molecular frameworks", 1996.

    Example:
        >>> rings = ["c1ccccc1C", "c1ccccc1CC", "C1CCCCC1", "c1ccncc1"]
        >>> {name: rows.tolist() for name, rows in scaffold(rings, (0.5, 0.25, 0.25)).items()}
        {'train': [0, 1], 'val': [3], 'test': [2]}
    """
    murcko = require("rdkit.Chem.Scaffolds.MurckoScaffold", "rdkit")
    families = collections.defaultdict(list)
    for row, molecule in enumerate(smiles):
        families[murcko.MurckoScaffoldSmiles(molecule, includeChirality=False)].append(row)
    limits = [fractions[0] * len(smiles), (fractions[0] + fractions[1]) * len(smiles)]
    train: list[int] = []
    val: list[int] = []
    test: list[int] = []
    for family in sorted(families.values(), key=lambda rows: (len(rows), rows[0]), reverse=True):
        if len(train) + len(family) <= limits[0]:
            train += family
        elif len(train) + len(val) + len(family) <= limits[1]:
            val += family
        else:
            test += family
    return {name: torch.tensor(sorted(rows), dtype=torch.long) for name, rows in _named(train, val, test)}


def _dealt(y: Tensor, seed: int) -> Tensor:
    """All rows, class after class, at random within each."""
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    return order[y[order].argsort(stable=True)]


def _cut(order: Tensor, fractions: Sequence[float]) -> Parts:
    stops = [round(share * len(order)) for share in itertools.accumulate(fractions)]
    parts = (order[: stops[0]], order[stops[0] : stops[1]], order[stops[1] :])
    return {name: rows.sort().values for name, rows in _named(*parts)}


def _named(train: T, val: T, test: T) -> tuple[tuple[str, T], ...]:
    return ("train", train), ("val", val), ("test", test)
