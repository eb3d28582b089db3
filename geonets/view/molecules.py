"""A molecule's shape, by RDKit: elements, coordinates and bond orders, from its fields or the SMILES in its record."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any, final

import numpy as np

from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.interop.chemistry import Quiet, atoms_of, to_rdkit
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


def shape_of(item: Structure, smiles: str | None, embed: bool) -> Shape | None:
    """The shape of a molecule, or None where the nodes are no atoms.

    They are if their features and those of their links are what `gn.molecule` and the readers of molecules write; else
    if a SMILES string is of a molecule of so many nodes: heavy atoms, or all of them.

    Args:
        item: one item.
        smiles: the string of its record, if there is one.
        embed: compute coordinates.

    Reference: Wang, Witek, Landrum & Riniker, "Improving conformer generation for small rings and macrocycles based on
        distance geometry and experimental torsional-angle preferences", 2020 (ETKDGv3).

    Example:
        >>> import geonets as gn
        >>> ethanol = shape_of(gn.molecule("CCO"), None, embed=True)
        >>> ethanol.elements, ethanol.orders, ethanol.positions.shape
        (('C', 'C', 'O'), {(0, 1): 1, (1, 2): 1}, (3, 3))
    """
    atoms = atoms_of(item)
    if atoms is None and smiles is None:
        return None
    chem = require("rdkit.Chem", "rdkit")
    with Quiet():
        mol = None if atoms is None else to_rdkit(atoms)
        if smiles is not None and (mol is None or (embed and not item.x.is_floating_point())):
            mol = _of_smiles(chem, smiles, item.num_nodes) or mol  # PyG's codes lack how stereo centres are wound
        if mol is None:
            return None
        positions = _conformation(chem.AddHs(mol))[: item.num_nodes] if embed else None
        with contextlib.suppress(ValueError):  # a file may have rings that no alternating bonds fit
            chem.Kekulize(mol)
        return _shape(mol, positions if positions is not None and len(positions) else None)


def _of_smiles(chem: Any, smiles: str, num_nodes: int) -> Any:
    mol = chem.MolFromSmiles(smiles)
    both = () if mol is None else (mol, chem.AddHs(mol))
    return next((found for found in both if found.GetNumAtoms() == num_nodes), None)


def _shape(mol: Any, positions: Array | None) -> Shape:
    table = require("rdkit.Chem", "rdkit").GetPeriodicTable()
    elements = tuple(atom.GetSymbol() for atom in mol.GetAtoms())
    orders = {
        tuple(sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))): max(1, int(bond.GetBondTypeAsDouble()))
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
