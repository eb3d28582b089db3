"""A molecule's shape, by RDKit: elements, coordinates and bond orders of the SMILES in its record."""

from __future__ import annotations

import dataclasses
from typing import Any, final

import numpy as np

from geonets.core.packages import require
from geonets.view.paint import Array

SEED = 7
MAX_STEPS = 500
GAP = 2.0
"""Angstrom between the boxes of two fragments, such as a salt's ions."""


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Shape:
    """What is drawn of a molecule.

    Args:
        elements: the symbol of each atom.
        radii: `(N,)` van der Waals radii in angstrom.
        orders: the order of each bond, by its two atoms; aromatic rings have alternating single and double bonds.
        positions: `(N, 3)` in angstrom, or None when RDKit finds no conformation.
    """

    elements: tuple[str, ...]
    radii: Array
    orders: dict[tuple[int, int], int]
    positions: Array | None


def shape_of(smiles: str, num_atoms: int, embed: bool) -> Shape | None:
    """The shape of a molecule, or None when the SMILES string is none of a molecule of so many nodes.

    Args:
        smiles: the string.
        num_atoms: nodes of the structure: heavy atoms, or all of them.
        embed: compute coordinates.

    Reference: Wang, Witek, Landrum & Riniker, "Improving conformer generation for small rings and macrocycles based on
        distance geometry and experimental torsional-angle preferences", 2020 (ETKDGv3).

    Example:
        >>> ethanol = shape_of("CCO", 3, embed=True)
        >>> ethanol.elements, ethanol.orders, ethanol.positions.shape
        (('C', 'C', 'O'), {(0, 1): 1, (1, 2): 1}, (3, 3))
    """
    chem = require("rdkit.Chem", "rdkit")
    log = require("rdkit.rdBase", "rdkit").BlockLogs()
    try:
        mol = chem.MolFromSmiles(smiles)
        if mol is None:
            return None
        whole = chem.AddHs(mol)
        drawn = next((m for m in (mol, whole) if m.GetNumAtoms() == num_atoms), None)
        if drawn is None:
            return None
        positions = _conformation(whole)[:num_atoms] if embed else None
        chem.Kekulize(drawn)
        return _shape(drawn, positions if positions is not None and len(positions) else None)
    finally:
        del log


def _shape(mol: Any, positions: Array | None) -> Shape:
    table = require("rdkit.Chem", "rdkit").GetPeriodicTable()
    elements = tuple(atom.GetSymbol() for atom in mol.GetAtoms())
    orders = {
        tuple(sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))): max(1, round(bond.GetBondTypeAsDouble()))
        for bond in mol.GetBonds()
    }
    radii = np.array([table.GetRvdw(atom.GetAtomicNum()) for atom in mol.GetAtoms()])
    return Shape(elements, radii, orders, positions)


def _conformation(mol: Any) -> Array:
    """`(N, 3)` for all atoms with their hydrogens, which come last; no rows when none is found."""
    chem = require("rdkit.Chem", "rdkit")
    distances = require("rdkit.Chem.rdDistGeom", "rdkit")
    fields = require("rdkit.Chem.rdForceFieldHelpers", "rdkit")
    settings = distances.ETKDGv3()
    settings.randomSeed = SEED
    if distances.EmbedMolecule(mol, settings) < 0:
        settings.useRandomCoords = True
        if distances.EmbedMolecule(mol, settings) < 0:
            return np.empty((0, 3))
    if fields.MMFFHasAllMoleculeParams(mol):
        fields.MMFFOptimizeMolecule(mol, maxIters=MAX_STEPS)
    positions = np.array(mol.GetConformer().GetPositions())
    return _side_by_side(positions, chem.GetMolFrags(mol))


def _side_by_side(positions: Array, fragments: tuple[tuple[int, ...], ...]) -> Array:
    """Distance geometry leaves the fragments of a salt inside each other."""
    right = None
    for fragment in map(list, fragments):
        centred = positions[fragment] - positions[fragment].mean(0)
        if right is not None:
            centred[:, 0] += right + GAP - centred[:, 0].min()
        right = centred[:, 0].max()
        positions[fragment] = centred
    return positions
