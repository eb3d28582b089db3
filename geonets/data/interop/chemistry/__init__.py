"""Molecules: from SMILES, and from and to RDKit."""

from geonets.data.interop.chemistry.atoms import atoms_of
from geonets.data.interop.chemistry.features import ATOM_FEATURES, BOND_FEATURES, BOND_TYPES, MOST, SCHEMES, together
from geonets.data.interop.chemistry.problems import Problem, Quiet, impossible
from geonets.data.interop.chemistry.rdkit import from_rdkit, residues, to_rdkit
from geonets.data.interop.chemistry.smiles import molecule, of_strings, parsed

__all__ = [
    "ATOM_FEATURES",
    "BOND_FEATURES",
    "BOND_TYPES",
    "MOST",
    "SCHEMES",
    "Problem",
    "Quiet",
    "atoms_of",
    "from_rdkit",
    "impossible",
    "molecule",
    "of_strings",
    "parsed",
    "residues",
    "to_rdkit",
    "together",
]
