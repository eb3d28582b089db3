"""Molecules from files: real ones, broken records among whole ones, targets, and one molecule in every format."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from molecule_files import ATOMS, MOLECULES, SMILES, mol, mol2, pdb, sdf, v3000, xyz
from rdkit import Chem

import geonets as gn

DATA = Path(os.environ.get("GEONETS_DATA", "no such folder"), "molecules")
real = pytest.mark.skipif(not DATA.exists(), reason="GEONETS_DATA is not set")
POSITIONS = torch.tensor([position for _, *position in ATOMS])


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def smiles_of(structure: Any) -> str:
    return Chem.MolToSmiles(Chem.RemoveHs(gn.to_rdkit(structure)))


@pytest.mark.parametrize(
    ("name", "text"), [("a.mol", mol()), ("b.mol", v3000()), ("a.mol2", mol2()), ("a.pdb", pdb()), ("a.xyz", xyz())]
)
def test_one_molecule_in_every_format(tmp_path: Path, name: str, text: str) -> None:
    options = {"bonds": True, "charge": -1} if name == "a.xyz" else {}
    structure: Any = gn.read(written(tmp_path, name, text), **options)
    assert smiles_of(structure) == SMILES
    torch.testing.assert_close(structure.pos, POSITIONS, atol=6e-4, rtol=0)
    assert structure.x[:, 3].tolist() == [0] * 5 + [-1] + [0] * 6
    assert next(iter(structure.meta[0].values())) == "enolate" or name == "a.pdb"


@pytest.mark.parametrize("format", MOLECULES)
def test_known_by_content_and_suffix(tmp_path: Path, format: str) -> None:
    for name, content in MOLECULES[format].items():
        path = tmp_path / name
        path.write_bytes(content)
        assert torch.equal(gn.read(path).x, gn.read(path, format=format).x)


def test_numbers_alone_are_no_molecule(tmp_path: Path) -> None:
    assert gn.read(written(tmp_path, "cloud.xyz", "1 2 3\n4 5 6\n7 8 9\n")).pos.shape == (3, 3)
    assert gn.read(written(tmp_path, "atoms.xyz", "1\n\n8 0 0 0\n"), format="xyzmol").x[0, 0] == 8


def test_hydrogens_and_coordinates_on_request(tmp_path: Path) -> None:
    path = written(tmp_path, "a.sdf", mol())
    assert gn.read(path, hydrogens=False).num_nodes == 6 and gn.read(path, pos=False).pos is None
    with_hydrogens: Any = gn.read(written(tmp_path, "a.smi", "CO"), hydrogens=True)
    assert with_hydrogens.num_nodes == 6


def test_charges_of_atoms(tmp_path: Path) -> None:
    structure: Any = gn.read(written(tmp_path, "a.mol2", mol2()))
    torch.testing.assert_close(structure.nodes["partial_charge"], torch.arange(12) / 10)
    assert structure.meta[0]["atom_types"][3:6] == ["C.2", "C.2", "O.3"]


def test_models_are_items_and_residues_are_told(tmp_path: Path) -> None:
    structure: Any = gn.read(written(tmp_path, "a.pdb", pdb(3)))
    assert len(structure) == 3 and smiles_of(structure[2]) == SMILES
    residues = structure.meta[1]["residues"]
    assert residues["chain"] == ["B"] * 12 and residues["b_factor"] == [0.5] * 12
    alone = gn.read(written(tmp_path, "b.pdb", pdb().replace("CONECT", "REMARK")), connect=False)
    assert not alone.topology.links.num_edges


def test_further_columns_are_kept(tmp_path: Path) -> None:
    structure: Any = gn.read(written(tmp_path, "a.xyz", "1\nneon\nNe 0 0 0 0.5 a\n"))
    assert structure.meta == ({"comment": "neon", "columns": [["0.5", "a"]]},)


def test_targets_are_properties(tmp_path: Path) -> None:
    path = written(tmp_path, "a.sdf", sdf("1.5", "", "-2e1"))
    structure, left_out = gn.read(path, y="energy", on_error="skip")
    assert structure.y.tolist() == [1.5, -20] and left_out[0].place == "record 2, line 34"
    several = gn.read(path, y=["energy"], missing="keep")
    assert several.y.shape == (3, 1) and several.y.isnan().flatten().tolist() == [False, True, False]
    assert several.meta is not None and several.meta[2]["properties"] == {"energy": "-2e1"}


def test_properties_may_have_several_lines(tmp_path: Path) -> None:
    text = mol("> 25 <note>\none\ntwo\n\n>  <empty>\n\n>  <last>\nend")
    structure: Any = gn.read(written(tmp_path, "a.sdf", text))
    assert structure.meta[0]["properties"] == {"note": "one\ntwo", "empty": "", "last": "end"}


def test_a_table_beside_the_molecules(tmp_path: Path) -> None:
    path = written(tmp_path, "a.sdf", sdf("1", "2", "3").replace(" F  ", " Xx ", 1))
    written(tmp_path, "all.csv", "id,homo\na,1\nb,2\nc,3\n")
    written(tmp_path, "readable.csv", "id,homo\nb,2\nc,3\n")
    for table in ("all.csv", "readable.csv"):
        structure, left_out = gn.read(path, table=table, y=["homo", "energy"], on_error="skip")
        assert structure.y.tolist() == [[2, 2], [3, 3]] and len(left_out) == 1


def test_the_second_record_of_three_is_broken(tmp_path: Path) -> None:
    path = written(tmp_path, "a.sdf", sdf("1") + sdf("2").replace(" 11  0", " 99  0", 1) + sdf("3"))
    structure, left_out = gn.read(path, y="energy", on_error="skip")
    assert structure.y.tolist() == [1, 3] and [error.place for error in left_out] == ["record 2, line 62"]
    with pytest.raises(gn.errors.ReadError, match="record 2, line 62"):
        gn.read(path)


def test_a_table_of_molecules(tmp_path: Path) -> None:
    text = 'id;smiles;y;note\n1;CO;0.5;"a;\nb"\n2;C1;1;\n3;N;NA;"c"\n'
    path = written(tmp_path, "a.csv", text)
    options: Any = {"format": "smiles", "column": "smiles", "y": "y", "missing": "keep", "on_error": "skip"}
    structure, left_out = gn.read(path, **options)
    assert (
        structure.y[0] == 0.5
        and structure.y[1].isnan()
        and [e.place for e in left_out] == ["record 2, line 4, character 2"]
    )
    assert structure.meta == (
        {"smiles": "CO", "properties": {"id": "1", "y": "0.5", "note": "a;\nb"}},
        {"smiles": "N", "properties": {"id": "3", "y": "NA", "note": "c"}},
    )


def test_names_in_old_encodings(tmp_path: Path) -> None:
    path = tmp_path / "a.sdf"
    path.write_bytes(mol().replace("enolate", "énolate").encode("latin-1"))
    assert gn.read(path).meta == ({"name": "énolate"},)


COUNTS = {"gdb1k.sdf": (991, 9), "first_5K.smi": (4991, 8), "github1023.pdb": (0, 1)}
"""Molecules that are read, and that are not, where the latter are some: RDKit finds impossible valences in them."""


@real
def test_every_file_is_read() -> None:
    files = [path for path in sorted(DATA.rglob("*")) if path.suffix in (".smi", ".sdf", ".mol", ".mol2", ".pdb")]
    assert len(files) == 38
    for path in files:
        if COUNTS.get(path.name) == (0, 1):
            with pytest.raises(gn.errors.ReadError, match="valence 13 of C is greater than permitted"):
                gn.read(path)
            continue
        structure, left_out = gn.read(path, on_error="skip")
        whole = path.read_bytes()
        announced = {
            ".sdf": whole.count(b"M  END"),
            ".smi": len(whole.splitlines()),
            ".mol2": whole.count(b">MOLECULE"),
        }
        expected = COUNTS.get(path.name, (announced.get(path.suffix, 1), 0))
        assert (path.name, len(structure), len(left_out)) == (path.name, *expected)


TABLES = {
    "delaney-processed.csv": (1128, 0, "measured log solubility in mols per litre"),
    "SAMPL.csv": (642, 0, "expt"),
    "Lipophilicity.csv": (4200, 0, "exp"),
    "BBBP.csv": (2039, 11, "BBBP"),
    "sider.csv": (1427, 0, "SIDER1"),
}


@real
@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_moleculenet(name: str) -> None:
    read, broken, target = TABLES[name]
    path = DATA / "moleculenet" / name
    structure, left_out = gn.read(path, format="smiles", column="smiles", y=target, on_error="skip")
    assert (len(structure), len(left_out)) == (read, broken)
    lost = {int(str(error.place).split()[1].rstrip(",")) for error in left_out}
    with path.open(newline="") as text:
        rows = [float(row[target]) for number, row in enumerate(csv.DictReader(text), 1) if number not in lost]
    assert structure.y.tolist() == torch.tensor(rows).tolist()


@real
def test_targets_that_nobody_measured() -> None:
    path = DATA / "moleculenet" / "tox21.csv"
    options: Any = {"format": "smiles", "column": "smiles", "y": ["NR-AR", "SR-p53"], "on_error": "skip"}
    structure, left_out = gn.read(path, missing="keep", **options)
    assert (len(structure), len(left_out)) == (7823, 8)
    assert 0 < int(structure.y.isnan().sum()) < structure.y.numel() / 2


@real
def test_tables_of_quantum_chemistry() -> None:
    folder = DATA / "quantum"
    energies, _ = gn.read(folder / "gdb1k.sdf", table="gdb1k.sdf.csv", y="atomization_energy", on_error="skip")
    torch.testing.assert_close(energies.y[:2], torch.tensor([-596.35, -959.62]))
    nine = gn.read(folder / "qm9_mini.sdf", table="qm9_mini.sdf.csv", y=["mu", "gap"])
    assert nine.y.shape == (21, 2) and nine.pos.shape == (nine.num_nodes, 3)


def test_letters_that_rdkit_cuts_into_halves(tmp_path: Path) -> None:
    path = tmp_path / "a.sdf"
    path.write_bytes(mol().encode().replace(b"-0.1312 H", b"-0.1312\xa0H"))
    with pytest.raises(gn.errors.ReadError, match="record 1, line 1"):
        gn.read(path)


def test_names_of_atoms_in_old_encodings(tmp_path: Path) -> None:
    path = tmp_path / "a.pdb"
    path.write_bytes(pdb().encode().replace(b"C1   LIG", b"C\xe91  LIG"))
    structure: Any = gn.read(path)
    assert structure.num_nodes == 12 and "?" in structure.meta[0]["residues"]["name"][0]
