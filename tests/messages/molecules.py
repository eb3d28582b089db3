"""Molecules that cannot be, from strings, from files, and to RDKit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from molecule_files import pdb
from molecule_files import xyz as xyz_text
from rdkit import Chem

import geonets as gn
from messages.readers import read, written
from messages.things import ring

anything: Any = 3
ethanol = gn.molecule("CCO")


def conformers(count: int) -> Any:
    mol = Chem.MolFromSmiles("CO")
    for number in range(count):
        mol.AddConformer(Chem.Conformer(2), assignId=bool(number))
    return mol


def sdf(atoms: str = " 2", bonds: str = " 1", element: str = "O", x: str = "    1.0000", end: str = "M  END\n") -> str:
    head = f"ethanol\n  by hand\n\n {atoms} {bonds}  0  0  0  0  0  0  0  0999 V2000\n"
    first = "    0.0000    0.0000    0.0000 C   0  0  0  0  0  0  0  0  0  0  0  0\n"
    second = f"{x}    0.0000    0.0000 {element:<3} 0  0  0  0  0  0  0  0  0  0  0  0\n"
    return f"{head}{first}{second}  1  2  1  0\n{end}"


V3000 = """ethanol
  by hand

  0  0  0     0  0            999 V3000
M  V30 BEGIN CTAB
M  V30 COUNTS 1 0 0 0 0
M  V30 BEGIN ATOM
M  V30 1 C 0 {} 0 0
M  V30 END ATOM
M  V30 END CTAB
M  END
"""


def table(rows: str, **options: Any) -> Any:
    return read("a.csv", f"smiles,y\n{rows}", **{"format": "smiles", "column": "smiles", **options})


CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`on_error` must be one of raise, skip; got 3", lambda: gn.molecule("C", on_error=anything)),
    ("`features` must be one of rdkit, pyg; got 'mine'", lambda: gn.molecule("C", features="mine")),
    ("`smiles` must hold at least one molecule; got none", lambda: gn.molecule([])),
    ("`smiles` must hold at least one molecule; got 2 that are none", lambda: gn.molecule(["(", ")"], on_error="skip")),
    ("`smiles` must be strings; got int .row 1.", lambda: gn.molecule(["C", anything])),
    ("`smiles` must be strings; got bytes .row 0.", lambda: gn.molecule(b"CCO")),  # pyright: ignore[reportArgumentType]
    ("got 'C1CC', unclosed ring .row 0, character 2.", lambda: gn.molecule("C1CC")),
    ("got 'C..C', syntax error .row 1, character 3.", lambda: gn.molecule(["C", "C..C"])),
    ("got '', it is empty .row 0.", lambda: gn.molecule("")),
    ("got 'CC .C.', there is text after the molecule .row 0, character 3.", lambda: gn.molecule("CC (C)")),
    ("no atom has such numbers .row 0, character 2.", lambda: gn.molecule("C[99999C]")),
    ("valence.* is greater than permitted .row 1, character 2, atom 2.", lambda: gn.molecule(["C", "CC(C)(C)(C)C"])),
    (
        "`y` must have one row for each of the 2 strings; got shape .1, 1.",
        lambda: gn.molecule(["C", "("], y=torch.zeros(1, 1), on_error="skip"),
    ),
    ("`mols` must be RDKit molecules; got NoneType .item 0.", lambda: gn.from_rdkit([None])),
    ("`mols` must have one conformer each; got 2 .item 0.", lambda: gn.from_rdkit(conformers(2))),
    ("`mols` must have coordinates where pos=True", lambda: gn.from_rdkit(conformers(0), pos=True)),
    ("`structure` must have the x, edge_attr and edge_type that gn.molecule gives", lambda: gn.to_rdkit(ring)),
    (
        "`structure` must have the x, .*features='rdkit'",
        lambda: gn.to_rdkit(gn.molecule("CCO", features="pyg")),
    ),
    (
        "`structure` must list every bond twice",
        lambda: gn.to_rdkit(
            gn.graph([[0], [1]], x=ethanol.x[:2], edge_attr=ethanol.edge_attr[:1], edge_type=torch.tensor([0]))
        ),
    ),
    ("`meta` must tell the residue of each of 1 atoms; got 2", lambda: gn.to_rdkit(lost_atoms())),
    ("`column` must name the column of SMILES strings where there is a target", lambda: read("a.smi", "C", y="y")),
    ("possible molecules; got 'C1', unclosed ring .*record 2, line 3, character 2", lambda: read("a.smi", "C\n\nC1")),
    ("must have the column 'smile' and no title twice", lambda: table("C,1", column="smile")),
    ("must have 2 entries in each row; got 3 .*record 1, line 2", lambda: table("C,1,2")),
    ("must be a table; got .*line 2", lambda: table(f'"{"C" * 200_000}",1')),
    ("`missing` must be one of raise, keep", lambda: table("C,1", y="y", missing="no")),
    ("must have the target 'y'; got '' .*record 2, line 3", lambda: table("C,1\nC,\n", y="y")),
    ("must have a number as target 'y'; got 'two' .*record 1, line 2", lambda: table("C,two", y="y")),
    ("must hold at least one molecule; got none", lambda: table("")),
    ("must begin with three lines and a line of counts; got 1 lines", lambda: read("a.sdf", "C")),
    ("must announce atoms and bonds as whole numbers; got ' xx .*record 1, line 4", lambda: read("a.sdf", sdf("xx"))),
    ("must have the 2 atoms and 4 bonds .* got 3 lines .*line 8", lambda: read("a.sdf", sdf(bonds=" 4"))),
    ("must end with M  END; got no such line .*line 7", lambda: read("a.sdf", sdf(end=""))),
    ("must have three coordinates and an element for each atom; .*line 6", lambda: read("a.sdf", sdf(x="       nan"))),
    ("must have three coordinates for each atom; .*line 8", lambda: read("a.mol", V3000.format("nan"))),
    (
        "must hold a possible molecule; got .*valence.*record 1, line 5, atom 1",
        lambda: read("a.sdf", sdf().replace("0 C ", "0 F ").replace("1  2  1", "1  2  2")),
    ),
    ("must have three coordinates and an element for each", lambda: read("a.sdf", sdf(x="       ten"))),
    ("must have two atoms between 1 and 2 .*line 7", lambda: read("a.sdf", sdf().replace("  1  2  1", "  1  9  1"))),
    ("in this format; got Element 'Qq' not found .*line 1", lambda: read("a.sdf", sdf(element="Qq"))),
    ("must be text; got a zero byte .*line 2", lambda: read("a.sdf", "a\n\0")),
    ("must announce atoms and bonds as whole numbers; got 'x' .*line 3", lambda: read("a.mol2", MOL2.format("x"))),
    ("must have the 9 entries of @<TRIPOS>ATOM .* got 2 lines .*line 7", lambda: read("a.mol2", MOL2.format("9 1"))),
    ("must have a name, three coordinates and a type .*line 9", lambda: read("a.mol2", mol2("2 O 1", "2 O x"))),
    ("must have two atoms and a type for each bond; .*line 11", lambda: read("a.mol2", mol2("1 1 2", "1 x 2"))),
    ("must have bonds between atoms 1 to 2; got '1 1 3 1'", lambda: read("a.mol2", mol2("1 1 2", "1 1 3"))),
    ("must hold a molecule in this format; got what RDKit cannot read", lambda: read("a.pdb", "END\n")),
    ("must have atoms; got none", lambda: read("a.pdb", pdb().replace(" LIG", "BLIG"))),
    (
        "must have three coordinates for each atom; .*record 1, line 3",
        lambda: read("a.pdb", pdb().replace("1.38", "x")),
    ),
    ("must announce no more atoms than the 12 lines that follow; got '99'", lambda: xyz("12\n", "99\n")),
    ("must have an element and three coordinates .*record 1, line 3", lambda: xyz("-1.3833", "nan")),
    ("must have known elements; got 'Qq' .*line 5", lambda: xyz("F ", "Qq ")),
    ("must have bonds that fit its distances and its charge; got none for the charge 3", lambda: bonds(3)),
    (
        "must have as many records as its table has rows, 1; got 2 records, of which 2 can be read",
        lambda: beside("energy\n1.0\n"),
    ),
]


MOL2 = """@<TRIPOS>MOLECULE
name
{}
SMALL
NO_CHARGES

@<TRIPOS>ATOM
1 C 0 0 0 C.3
2 O 1 0 0 O.3
@<TRIPOS>BOND
1 1 2 1
"""


def mol2(right: str, wrong: str) -> str:
    return MOL2.format("2 1").replace(right, wrong)


def xyz(right: str, wrong: str, **options: Any) -> Any:
    return read("a.xyz", xyz_text().replace(right, wrong), format="xyzmol", **options)


def bonds(charge: int) -> Any:
    return xyz("", "", bonds=True, charge=charge)


def lost_atoms() -> gn.Structure:
    methane = gn.molecule("C")
    return methane.replace(meta=[{"residues": {"name": ["C", "N"]}}])


def beside(text: str) -> Any:
    path = written("a.sdf", (sdf() + "$$$$\n") * 2)
    (path.parent / "a.csv").write_text(text)
    return gn.read(path, table="a.csv", y="energy")
