"""Molecules from SMILES, by RDKit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from geonets.core.errors import DtypeError, ReadError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.constructors import graph

ATOM_FEATURES = (
    "atomic_number",
    "chirality",
    "degree",
    "formal_charge",
    "num_hydrogens",
    "num_radical_electrons",
    "hybridization",
    "is_aromatic",
    "is_in_ring",
)
"""Columns of a molecule's `x`; chirality and hybridization are RDKit's enumerations."""

BOND_FEATURES = ("order", "stereo", "is_conjugated")
"""Columns of a molecule's `edge_attr`; the order of an aromatic bond is 1.5, stereo is RDKit's enumeration."""

BOND_TYPES = ("SINGLE", "DOUBLE", "TRIPLE", "AROMATIC")
"""What a molecule's `edge_type` counts; any other bond is `len(BOND_TYPES)`."""


def molecule(smiles: str | Sequence[str], *, y: Any = None, hydrogens: bool = False) -> Structure:
    """Molecules as graphs: atoms are nodes, bonds are typed edges in both directions.

    `x` holds `ATOM_FEATURES`, `edge_attr` holds `BOND_FEATURES`, both float32; `edge_type` counts `BOND_TYPES`.

    Args:
        smiles: one SMILES string, or several.
        y: `(B, ...)` one target a molecule.
        hydrogens: make hydrogens nodes of their own.

    Returns:
        A Structure with one item a string, and the string in `meta`.

    Raises:
        ReadError: if a string is no valid SMILES; the message names it and says why.

    Reference: Weininger, "SMILES, a chemical language and information system", 1988.

    Example:
        >>> molecule("CN1C=NC2=C1C(=O)N(C(=O)N2C)C")
        Structure of Graph(1 item of 14 nodes, 30 edges with types)
          nodes   x           (14, 9) float32
          edges   edge_attr   (30, 3) float32
    """
    strings = [smiles] if isinstance(smiles, str) else list(smiles)
    tables = [_tables(_parsed(string, row, hydrogens)) for row, string in enumerate(strings)]
    indices, atoms, bonds, types = (
        (list(column) for column in zip(*tables, strict=True)) if tables else ([], [], [], [])
    )
    if not tables:
        raise ReadError("`smiles` must hold at least one string; got none. Pass a SMILES string.")
    meta = [{"smiles": string} for string in strings]
    return graph(indices, atoms, bonds, types, [len(part) for part in atoms], y=y, meta=meta)


def _parsed(smiles: str, row: int, hydrogens: bool) -> Any:
    chem = require("rdkit.Chem", "rdkit")
    if not isinstance(smiles, str):
        raise DtypeError(f"`smiles` must be strings; got {type(smiles).__name__} (row {row}). Pass SMILES text.")
    log = require("rdkit.rdBase", "rdkit").BlockLogs()
    try:
        mol = chem.MolFromSmiles(smiles, sanitize=False)
        if mol is None:
            raise ReadError(
                f"`smiles` must be a valid SMILES string; got {smiles!r} (row {row}). Check its brackets and rings."
            )
        chem.SanitizeMol(mol)
        chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    except (chem.MolSanitizeException, RuntimeError) as error:
        reason = str(error).strip()
        raise ReadError(
            f"`smiles` must be a possible molecule; got {smiles!r} (row {row}): {reason}. Correct the atom."
        ) from None
    finally:
        del log
    return chem.AddHs(mol) if hydrogens else chem.RemoveHs(mol)


def _tables(mol: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    atoms = [
        [
            atom.GetAtomicNum(),
            int(atom.GetChiralTag()),
            atom.GetTotalDegree(),
            atom.GetFormalCharge(),
            atom.GetTotalNumHs(),
            atom.GetNumRadicalElectrons(),
            int(atom.GetHybridization()),
            atom.GetIsAromatic(),
            atom.IsInRing(),
        ]
        for atom in mol.GetAtoms()
    ]
    ends, bonds, types = [], [], []
    for bond in mol.GetBonds():
        first, second = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        kind = str(bond.GetBondType())
        row = [bond.GetBondTypeAsDouble(), int(bond.GetStereo()), bond.GetIsConjugated()]
        ends += [(first, second), (second, first)]
        bonds += [row, row]
        types += [BOND_TYPES.index(kind) if kind in BOND_TYPES else len(BOND_TYPES)] * 2
    return (
        torch.tensor(ends, dtype=torch.long).reshape(-1, 2).T,
        torch.tensor(atoms, dtype=torch.float32).reshape(-1, len(ATOM_FEATURES)),
        torch.tensor(bonds, dtype=torch.float32).reshape(-1, len(BOND_FEATURES)),
        torch.tensor(types, dtype=torch.long),
    )
