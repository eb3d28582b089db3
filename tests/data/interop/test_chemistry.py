"""Molecules say what RDKit knows and PyG codes, and come back from a Structure as they went in."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from rdkit import Chem, rdBase

import geonets as gn

DATA = Path(os.environ.get("GEONETS_DATA", "no such folder"), "molecules")
FILES = {"ESOL": "delaney-processed.csv", "FreeSolv": "SAMPL.csv", "ZINC": "../zinc/jtnn_zinc_test.smi"}
real = pytest.mark.skipif(not DATA.exists(), reason="GEONETS_DATA is not set")

MOLECULES = [
    "C[C@H](N)C(=O)O",
    "F/C=C/F",
    r"C/C=C\C.[Na+].[Cl-]",
    "c1cc[nH]c1",
    "[13CH3][CH2:7]O",
    "[CH3]",
    "C[N+](=O)[O-]",
    "[NH3]->[Cu+2]<-[NH3]",
    "C$C",
    "O[C@H]1CC[C@@H](O)CC1",
    "F[P@TB7](Cl)(Br)(N)O",
    "[2H]O[2H]",
    "*C",
]


def strings_of(name: str) -> list[str]:
    path = DATA / "moleculenet" / FILES[name]
    if path.suffix == ".smi":
        return path.read_text().split()
    with path.open(newline="") as text:
        return [row["smiles"] for row in csv.DictReader(text)]


@real
@pytest.mark.parametrize("name", FILES)
def test_equal_to_pyg_to_the_last_number(name: str) -> None:
    from torch_geometric.utils import from_smiles

    strings = strings_of(name)
    ours = gn.molecule(strings, features="pyg")
    links = ours.topology.links
    theirs = [from_smiles(string) for string in strings]
    starts = ours.topology.node_offsets[:-1].tolist()
    ends = torch.stack([links.in_input_order(rows) for rows in (links.senders, links.receivers)])
    assert torch.equal(ours.x, torch.cat([one.x for one in theirs]))
    assert torch.equal(ends, torch.cat([one.edge_index + start for one, start in zip(theirs, starts, strict=True)], 1))
    assert torch.equal(links.in_input_order(ours.edge_attr), torch.cat([one.edge_attr for one in theirs]))


def test_one_molecule_through_to_pyg_is_pygs() -> None:
    from torch_geometric.utils import from_smiles

    ours, theirs = gn.to_pyg(gn.molecule("N[C@@H](C)C(=O)[O-]", features="pyg")), from_smiles("N[C@@H](C)C(=O)[O-]")
    assert all(torch.equal(ours[key], theirs[key]) for key in ("x", "edge_index", "edge_attr"))


@pytest.mark.parametrize("smiles", MOLECULES)
def test_rdkit_and_back(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    back = gn.to_rdkit(gn.from_rdkit(mol))
    assert Chem.MolToSmiles(back) == Chem.MolToSmiles(mol)
    again = gn.from_rdkit(back)
    first = gn.from_rdkit(mol)
    for level in ("nodes", "edges"):
        ours, theirs = getattr(first, level), getattr(again, level)
        assert ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert torch.equal(first.topology.links.senders, again.topology.links.senders)


@real
@pytest.mark.parametrize("name", FILES)
def test_real_molecules_and_back(name: str) -> None:
    strings = strings_of(name)[::5]
    with rdBase.BlockLogs():
        expected = [Chem.MolToSmiles(Chem.MolFromSmiles(string)) for string in strings]
    assert [Chem.MolToSmiles(mol) for mol in gn.to_rdkit(gn.molecule(strings))] == expected


def with_everything() -> Any:
    mol: Any = Chem.AddHs(Chem.MolFromSmiles("C[C@H](F)O"))
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.SetPositions(torch.arange(3.0 * mol.GetNumAtoms()).double().reshape(-1, 3).numpy())
    conformer.Set3D(True)
    mol.AddConformer(conformer)
    mol.SetProp("_Name", "fluoroethanol")
    mol.SetProp("SOL", "1.50")
    mol.SetIntProp("rank", 3)
    for number, atom in enumerate(mol.GetAtoms()):
        atom.SetDoubleProp("PartialCharge", number / 8)
        atom.SetMonomerInfo(Chem.AtomPDBResidueInfo(f" C{number} ", number, residueName="LIG", chainId="B"))
    return mol


def test_coordinates_charges_properties_and_residues_and_back() -> None:
    structure = gn.from_rdkit(with_everything())
    assert structure.pos[1].tolist() == [3, 4, 5]
    assert structure.nodes["partial_charge"][4] == 0.5
    assert structure.meta is not None and structure.meta[0]["properties"] == {"SOL": "1.50", "rank": 3}
    again = gn.from_rdkit(gn.to_rdkit(structure))
    assert again.meta == structure.meta and again.meta is not None
    assert again.meta[0]["residues"]["chain"] == ["B"] * structure.num_nodes
    assert torch.equal(again.pos, structure.pos)
    assert torch.equal(again.nodes["partial_charge"], structure.nodes["partial_charge"])


def test_hydrogens_are_nodes_or_numbers() -> None:
    mol = with_everything()
    as_it_is, without = gn.from_rdkit(mol), gn.from_rdkit(mol, hydrogens=False)
    assert (as_it_is.num_nodes, without.num_nodes) == (9, 4)
    assert without.x[:, 4].tolist() == [3, 1, 0, 1] and without.pos.shape == (4, 3)
    assert gn.from_rdkit(without_hydrogens := Chem.RemoveHs(mol), hydrogens=True).pos.shape == (9, 3)
    assert gn.from_rdkit(without_hydrogens).num_nodes == 4
    assert gn.from_rdkit(mol, pos=False).pos is None


def test_molecules_that_nobody_sanitised() -> None:
    mol = Chem.MolFromSmiles("C1CC1O", sanitize=False)
    assert gn.from_rdkit(mol).x[:, 8].tolist() == [1, 1, 1, 0]


def test_broken_strings_are_left_out_and_named() -> None:
    strings = ["CCO", "C1CC", "CC(C)(C)(C)C", "N"]
    structure, left_out = gn.molecule(strings, y=torch.arange(4.0), on_error="skip")
    assert len(structure) == 2 and structure.y.tolist() == [0, 3]
    assert [error.place for error in left_out] == ["row 1, character 2", "row 2, character 2, atom 2"]


@pytest.mark.parametrize(
    ("smiles", "place"),
    [("CC%12CC%10", 3), ("[Na+].CC(F)(F)(F)(F)C", 8), ("CCCl=C(", 7), ("N(C)", 0), ("c1cccc1", 1), ("CC[C+300]", 3)],
)
def test_the_character_is_found(smiles: str, place: int) -> None:
    if not place:
        assert gn.molecule(smiles).num_nodes == 2
        return
    with pytest.raises(gn.errors.ReadError, match=f"row 0, character {place}[,)]"):
        gn.molecule(smiles)


def test_rdkit_prints_nothing() -> None:
    code = "import geonets as gn; gn.molecule(['C1CC', 'c1ccc1C', 'CF(F)F', 'C'], on_error='skip')"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == ran.stderr == ""


def test_molecules_may_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = gn.molecule(MOLECULES, y=torch.arange(len(MOLECULES)))
    monkeypatch.setattr("geonets.data.interop.chemistry.smiles.MOST", 3)
    parts = gn.molecule(MOLECULES, y=torch.arange(len(MOLECULES)))
    for level in ("nodes", "edges", "globals"):
        ours, theirs = getattr(parts, level), getattr(whole, level)
        assert ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert parts.meta == whole.meta and torch.equal(parts.topology.links.senders, whole.topology.links.senders)


def test_remarks_of_other_files_come_back(tmp_path: Path) -> None:
    path = tmp_path / "water.xyz"
    path.write_text("3\nenergy=-76.4\nO 0 0 0\nH 0.96 0 0\nH -0.24 0.93 0\n")
    read = gn.read(path, bonds=True)
    back = gn.from_rdkit(gn.to_rdkit(read))
    assert back.meta == read.meta == ({"comment": "energy=-76.4"},)


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 100_000])
def test_remarks_that_are_none_are_left(text: str) -> None:
    mol = Chem.MolFromSmiles("CO")
    mol.SetProp("_geonets_meta", text)
    assert not any(gn.from_rdkit(mol).meta or ())
