"""Real molecules: what takes three bonds to see, and how active a drug candidate is."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import geonets.nn as layers
from geonets.core.errors import ReadError
from geonets.core.structure import Structure
from geonets.data.interop import molecule
from geonets.data.interop.chemistry import ATOM_FEATURES, BOND_TYPES
from geonets.tour.breakage import without_edges
from geonets.tour.trials import Bound, Budget, Contest, Part, Solid, Task
from geonets.training import r2, rmse

TEXT = """
Two questions about real molecules that come with RDKit. Atoms know their element and nothing else, bonds their type;
what an atom is part of, it has to hear from its neighbours, three rounds long. The twin has the same layers, on
molecules without bonds.

**Paths.** How many N~C~C~O paths are in each of 4,991 molecules of the National Cancer Institute's list (those that
RDKit can read; a fifth to test)? The network gives each atom a number, and they are added up.

**Activity.** How active (-log10 of a molar concentration) are the 1,017 compounds of ChEMBL document CHEMBL2321810, as
measured (a fifth to test)? Between 4.3 and 9.2; the root mean squared error is in the same unit.
"""
PATH = "N~C~C~O"
LARGEST_SHOWN = 24
"""Atoms of a molecule that is still easy to look at."""
PATHS_BUDGET = Budget(25, 64, 3e-3)
ACTIVITY_BUDGET = Budget(40, 32, 5e-3, 1e-2)


def paths_data(quick: bool = False) -> Structure:
    """The NCI molecules; `y` is the number of N~C~C~O paths."""
    from rdkit import Chem, RDConfig, rdBase

    source = _shipped(Path(RDConfig.RDDataDir, "NCI", "first_5K.smi"))
    pattern = Chem.MolFromSmarts(PATH)
    strings, counts = [], []
    with rdBase.BlockLogs():
        for line in source.read_text(encoding="utf-8").splitlines()[: 400 if quick else None]:
            smiles = line.split()[0]
            parsed = Chem.MolFromSmiles(smiles)
            if parsed is not None:
                strings.append(smiles)
                counts.append(len(parsed.GetSubstructMatches(pattern, maxMatches=10_000)))
    return elements_only(molecule(strings, y=torch.tensor(counts, dtype=torch.float32)))


def activity_data(quick: bool = False) -> Structure:
    """The ChEMBL molecules; `y` is the measured activity."""
    from rdkit import RDConfig

    folder = Path(RDConfig.RDContribDir, "FreeWilson", "data")
    with _shipped(folder / "CHEMBL2321810_act.csv").open(encoding="utf-8", newline="") as text:
        activity = {row["Name"]: float(row["Act"]) for row in csv.DictReader(text)}
    lines = _shipped(folder / "CHEMBL2321810.smi").read_text(encoding="utf-8").splitlines()[: 200 if quick else None]
    strings, names = zip(*(line.split() for line in lines), strict=True)
    return elements_only(molecule(strings, y=torch.tensor([activity[name] for name in names])))


def elements_only(molecules: Structure) -> Structure:
    """`x` says which element an atom is and nothing else, `edge_attr` which type a bond is."""
    number = molecules.x[:, ATOM_FEATURES.index("atomic_number")]
    bonds: Any = molecules.topology.links.edge_type
    kind = functional.one_hot(bonds, len(BOND_TYPES) + 1)
    return molecules.replace(x=(number[:, None] == number.unique()).float(), edge_attr=kind.float())


def graph_model(elements: int, width: int, per_atom: bool, rounds: int = 3) -> nn.Module:
    """Rounds of GINE with bond types; a sum over the atoms comes after the last layer (`per_atom`) or before it."""

    def conv() -> nn.Module:
        inner = layers.MLP([width, width, width], norm="batch", activate_last=True)
        return layers.GINEConv(inner, edge_dim=len(BOND_TYPES) + 1)

    head, readout = layers.MLP([width, width, 1]), layers.Readout("sum")
    end = [head, readout] if per_atom else [readout, head]
    return layers.Sequential(layers.Linear(elements, width), *(conv() for _ in range(rounds)), *end)


def visit(seed: int = 0, quick: bool = False) -> Part:
    """Train on both questions, with bonds and without."""
    paths, example = _paths(seed, quick)
    return Part("Molecules: a graph of atoms", TEXT, (paths, _activity(seed, quick)), (example,))


def _paths(seed: int, quick: bool) -> tuple[Contest, Solid]:
    data = paths_data(quick)
    train, test = _split(len(data))
    scale = float(data[train].y.std())
    task = _task(0.0, scale, r2, PATHS_BUDGET, seed, quick)

    def run(name: str, given: Structure, asked: Bound, broken: bool = False) -> Any:
        learn = given[train].replace(y=given[train].y / scale)
        return task.run(name, lambda: graph_model(given.x.shape[1], 64, True), learn, given[test], asked, broken)

    model = run("GINE, 3 rounds", data, Bound(">=", 0.96))
    twin = run("no bonds", without_edges(data), Bound("<=", 0.3), broken=True)
    held_out = data[test]
    small = held_out.topology.node_counts <= LARGEST_SHOWN
    shown = int(torch.where(small, held_out.y, -1).argmax())
    guess = float(model.rows[shown]) * scale
    smiles = held_out.meta[shown]["smiles"] if held_out.meta else ""
    caption = f"{smiles}: {int(held_out.y[shown])} {PATH} paths. The network, which never saw it, says {guess:.2f}."
    return Contest(f"{PATH} paths", "R2", model, (twin,)), Solid(
        molecule(smiles), None, "A molecule and its paths", caption
    )


def _activity(seed: int, quick: bool) -> Contest:
    data = activity_data(quick)
    train, test = _split(len(data))
    known = data[train].y
    mean, scale = float(known.mean()), float(known.std())
    task = _task(mean, scale, rmse, ACTIVITY_BUDGET, seed, quick)

    def run(name: str, given: Structure, asked: Bound, broken: bool = False) -> Any:
        learn = given[train].replace(y=(known - mean) / scale)
        return task.run(name, lambda: graph_model(given.x.shape[1], 32, False), learn, given[test], asked, broken)

    model = run("GINE, 3 rounds", data, Bound("<=", 0.65))
    twin = run("no bonds", without_edges(data), Bound(">=", 0.75), broken=True)
    return Contest("activity in ChEMBL", "RMSE", model, (twin,))


def _task(mean: float, scale: float, metric: Any, budget: Budget, seed: int, quick: bool) -> Task:
    """Learn standardised targets; measure in the unit of the data."""

    def loss(rows: Tensor, target: Tensor) -> Tensor:
        return functional.mse_loss(rows[:, 0], target)

    return Task(loss, lambda rows, target: metric(rows * scale + mean, target), budget, seed, quick)


def _split(count: int) -> tuple[Tensor, Tensor]:
    """Item numbers to train and to test on: always the same, a fifth to test."""
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(range(count), test_size=0.2, random_state=0)
    return torch.tensor(train), torch.tensor(test)


def _shipped(path: Path) -> Path:
    """A file that comes with RDKit's wheel.

    Raises:
        ReadError: if it is not there.
    """
    if not path.exists():
        raise ReadError(f"`rdkit` must come with {path.name}; got no such file ({path}). Run: pip install rdkit")
    return path
