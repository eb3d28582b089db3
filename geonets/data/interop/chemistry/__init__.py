"""Molecules: from SMILES, and from and to RDKit."""

from geonets.data.interop.chemistry.features import ATOM_FEATURES, BOND_FEATURES, BOND_TYPES, SCHEMES, structure_of
from geonets.data.interop.chemistry.problems import Problem, Quiet, impossible
from geonets.data.interop.chemistry.rdkit import from_rdkit, residues, to_rdkit
from geonets.data.interop.chemistry.smiles import LABELS, MARKS, molecule, parsed

__all__ = [
    "ATOM_FEATURES",
    "BOND_FEATURES",
    "BOND_TYPES",
    "LABELS",
    "MARKS",
    "SCHEMES",
    "Problem",
    "Quiet",
    "from_rdkit",
    "impossible",
    "molecule",
    "parsed",
    "residues",
    "structure_of",
    "to_rdkit",
]
