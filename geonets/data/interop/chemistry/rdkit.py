"""Molecules from and to RDKit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import DtypeError, StructureError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.interop.chemistry.features import ATOM_FEATURES, BOND_FEATURES, BOND_TYPES, RARE, structure_of
from geonets.data.interop.chemistry.problems import Quiet
from geonets.data.interop.refusals import refuse_losses

RESIDUE = {
    "name": "Name",
    "serial": "SerialNumber",
    "alternative": "AltLoc",
    "residue": "ResidueName",
    "residue_number": "ResidueNumber",
    "chain": "ChainId",
    "insertion": "InsertionCode",
    "occupancy": "Occupancy",
    "b_factor": "TempFactor",
    "hetero": "IsHeteroAtom",
}
"""What `meta["residues"]` tells of each atom that came from a PDB file, and RDKit's word for it."""

CHARGES = ("_TriposPartialCharge", "_GasteigerCharge", "PartialCharge")
"""Where RDKit keeps partial charges, in units of the elementary charge: of MOL2, computed, of SDF."""


def from_rdkit(
    mols: Any,
    *,
    hydrogens: bool | None = None,
    features: str = "rdkit",
    pos: bool | None = None,
    y: Any = None,
    meta: Sequence[dict[str, Any]] | None = None,
) -> Structure:
    """RDKit molecules as graphs, with the fields of `gn.molecule`.

    Beside them: `pos` in angstrom, and `nodes["partial_charge"]` in elementary charges, where all molecules have them;
    name, properties and PDB residues in `meta`. Molecules are taken as they are: nothing is sanitised anew. Stereo
    groups, substance groups, queries and properties of single atoms are not read.

    Args:
        mols: one `Mol`, or several.
        hydrogens: True to make all hydrogens nodes, False to make them a feature of their neighbours; as they are
            unless given.
        features: as in `gn.molecule`.
        pos: False to leave coordinates out; True to demand them of every molecule, and take flat drawings too.
        y: `(B, ...)` one target a molecule.
        meta: a record for each, instead of name and properties.

    Raises:
        DtypeError: if something is no molecule.
        StructureError: if a molecule has several conformers, or none where `pos` demands one.

    Example:
        >>> from rdkit import Chem
        >>> from_rdkit(Chem.MolFromSmiles("[13CH3]O"))
        Structure of Graph(1 item of 2 nodes, 2 edges with types)
          nodes   x           (2, 9) float32
          nodes   isotope     (2,) int64
          edges   edge_attr   (2, 3) float32
    """
    chem = require("rdkit.Chem", "rdkit")
    given = [mols] if isinstance(mols, chem.Mol) else list(mols)
    for item, mol in enumerate(given):
        if not isinstance(mol, chem.Mol):
            raise DtypeError(
                f"`mols` must be RDKit molecules; got {type(mol).__name__} (item {item}). "
                "RDKit gives None for what it could not read: use gn.read or gn.molecule, which say why."
            )
    with Quiet():
        ready = [_ready(chem, mol, hydrogens) for mol in given]
    records = [_record(mol) for mol in ready] if meta is None else list(meta)
    nodes: dict[str, Tensor] = {}
    positions = None if pos is False else _positions(ready, demanded=pos is True)
    if positions is not None:
        nodes["pos"] = torch.from_numpy(positions.astype(np.float32))
    charges = [charge for mol in ready for charge in _partial_charges(mol)]
    if charges and None not in charges:
        nodes["partial_charge"] = torch.tensor(charges)
    return structure_of(ready, features, nodes=nodes, y=y, meta=records)


RECORD = ("name", "properties", "residues", "smiles")
"""The entries of a record that a molecule holds; its SMILES it can always tell."""

REMARKS = "_geonets_meta"
"""The private property of a molecule that takes what else `meta` says, as JSON."""


def to_rdkit(structure: Structure) -> Any:
    """Molecules as RDKit's: what `from_rdkit` and `gn.molecule` read, back again.

    Charges, isotopes, hydrogens, stereochemistry, aromaticity, conformer, name and properties are as they were.

    Args:
        structure: with `features="rdkit"`.

    Returns:
        One `Mol` for one item; a list of them for several.

    Raises:
        StructureError: if it has no such features, bonds that are not listed both ways, or fields that would be lost.

    Example:
        >>> from rdkit import Chem
        >>> from geonets.data.interop.chemistry import molecule
        >>> Chem.MolToSmiles(to_rdkit(molecule("C[C@H](N)C(=O)O")))
        'C[C@H](N)C(=O)O'
    """
    nodes, edges = ("x", "pos", "partial_charge", *RARE), ("edge_attr", "bond_type")
    refuse_losses(structure, "RDKit", nodes=nodes, edges=edges)
    x, edge_attr = structure.x, structure.edge_attr
    links = structure.topology.links
    widths = [None if rows is None else tuple(rows.shape[1:]) for rows in (x, edge_attr)]
    expected = [(len(ATOM_FEATURES),), (len(BOND_FEATURES),)]
    if widths != expected or links.edge_type is None or not x.is_floating_point():
        raise StructureError(
            f"`structure` must have the x, edge_attr and edge_type that gn.molecule gives; got {structure!r}. "
            "Read the molecules with features='rdkit'."
        )
    ends = torch.stack([links.in_input_order(rows) for rows in (links.senders, links.receivers)])
    if ends.shape[1] % 2 or not torch.equal(ends[:, ::2], ends[:, 1::2].flip(0)):
        raise StructureError(
            "`structure` must list every bond twice, one way after the other; got other edges. "
            "Keep the edges that gn.molecule gives."
        )
    with Quiet():
        found = [_mol(item) for item in structure]
    return found[0] if len(found) == 1 else found


def _ready(chem: Any, mol: Any, hydrogens: bool | None) -> Any:
    """The molecule with its hydrogens where they are wanted, and what features are read from computed."""
    if hydrogens is not None:
        mol = chem.AddHs(mol, addCoords=mol.GetNumConformers() > 0) if hydrogens else chem.RemoveHs(mol, sanitize=False)
    try:
        mol.GetRingInfo().NumRings()
        unknown = mol.NeedsUpdatePropertyCache()
    except RuntimeError:  # RDKit has not looked for rings
        unknown = True
    if unknown:
        mol = chem.Mol(mol)
        mol.UpdatePropertyCache(strict=False)
        chem.FastFindRings(mol)
    return mol


def _positions(mols: list[Any], demanded: bool) -> np.ndarray | None:
    """Coordinates of all atoms, or None where a molecule has none."""
    found = []
    for item, mol in enumerate(mols):
        count = mol.GetNumConformers()
        if count > 1:
            raise StructureError(
                f"`mols` must have one conformer each; got {count} (item {item}). "
                "Pass a molecule for each: [Chem.Mol(mol, False, c.GetId()) for c in mol.GetConformers()]."
            )
        if not count or not (demanded or mol.GetConformer().Is3D()):
            if demanded:
                raise StructureError(
                    f"`mols` must have coordinates where pos=True; got a molecule without (item {item}). "
                    "Leave it out, or compute some: rdkit.Chem.AllChem.EmbedMolecule(mol)."
                )
            return None
        found.append(mol.GetConformer().GetPositions())
    return np.concatenate(found) if found else None


def _partial_charges(mol: Any) -> list[float | None]:
    names = [name for name in CHARGES if mol.GetNumAtoms() and mol.GetAtomWithIdx(0).HasProp(name)]
    if not names or mol.GetPropsAsDict(True).get("_TriposChargeType") == "NO_CHARGES":
        return [None]
    return [atom.GetDoubleProp(names[0]) if atom.HasProp(names[0]) else None for atom in mol.GetAtoms()]


def _record(mol: Any) -> dict[str, Any]:
    """Name, properties and residues, as far as there are any."""
    record: dict[str, Any] = {}
    if mol.HasProp("_Name") and mol.GetProp("_Name"):
        record["name"] = mol.GetProp("_Name")
    properties = mol.GetPropsAsDict(includePrivate=False, includeComputed=False, autoConvertStrings=False)
    kept = {key: value if isinstance(value, str | int | float) else list(value) for key, value in properties.items()}
    record |= {"properties": kept} if kept else {}
    return record | residues(mol) | _remarks(mol)


def _remarks(mol: Any) -> dict[str, Any]:
    """What else `meta` said; a file may hold anything under that name."""
    try:
        told = json.loads(mol.GetProp(REMARKS)) if mol.HasProp(REMARKS) else {}
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def residues(mol: Any) -> dict[str, Any]:
    """What PDB says of each atom, as `{"residues": {"chain": [...], ...}}`; nothing where no file did."""
    known = [atom.GetPDBResidueInfo() for atom in mol.GetAtoms()]
    if not any(known):
        return {}
    table = {
        name: [None if info is None else getattr(info, f"Get{word}")() for info in known]
        for name, word in RESIDUE.items()
    }
    return {"residues": table}


def _mol(item: Structure) -> Any:
    chem = require("rdkit.Chem", "rdkit")
    mol = chem.RWMol()
    x = dict(zip(ATOM_FEATURES, item.x.double().T.tolist(), strict=True))
    rare = {name: item.nodes[name].tolist() for name in (*RARE, "partial_charge") if name in item.nodes}
    for row, number in enumerate(x["atomic_number"]):
        atom = chem.Atom(int(number))
        atom.SetFormalCharge(int(x["formal_charge"][row]))
        atom.SetNumRadicalElectrons(int(x["num_radical_electrons"][row]))
        atom.SetChiralTag(chem.ChiralType.values[int(x["chirality"][row])])
        atom.SetHybridization(chem.HybridizationType.values[int(x["hybridization"][row])])
        atom.SetIsAromatic(bool(x["is_aromatic"][row]))
        atom.SetIsotope(int(rare["isotope"][row]) if "isotope" in rare else 0)
        atom.SetAtomMapNum(int(rare["atom_map"][row]) if "atom_map" in rare else 0)
        if rare.get("chiral_permutation", [0] * (row + 1))[row]:
            atom.SetIntProp("_chiralPermutation", int(rare["chiral_permutation"][row]))
        if "partial_charge" in rare:
            atom.SetDoubleProp("PartialCharge", rare["partial_charge"][row])
        mol.AddAtom(atom)
    stereo = _add_bonds(chem, mol, item)
    mol.UpdatePropertyCache(strict=False)
    for atom, wanted in zip(mol.GetAtoms(), x["num_hydrogens"], strict=True):
        if atom.GetTotalNumHs() != wanted:  # as if it stood in brackets: RDKit's valence model would say otherwise
            atom.SetNoImplicit(True)
            atom.SetNumExplicitHs(int(wanted))
    mol.UpdatePropertyCache(strict=False)
    chem.GetSymmSSSR(mol)
    _set_stereo(chem, mol, stereo)
    if item.pos is not None:
        conformer = chem.Conformer(mol.GetNumAtoms())
        conformer.SetPositions(item.pos.double().numpy())
        conformer.Set3D(True)
        mol.AddConformer(conformer)
    _set_record(chem, mol, item.meta[0] if item.meta else {})
    return mol.GetMol()


def _add_bonds(chem: Any, mol: Any, item: Structure) -> dict[int, int]:
    """Add every bond once, in the order it came in; the stereo of those that have one."""
    links = item.topology.links
    columns = [links.senders, links.receivers, links.edge_type, *item.edge_attr.T]
    columns += [item.edges["bond_type"]] if "bond_type" in item.edges else []
    stereo = {}
    for row, (first, second, kind, _, mark, conjugated, *exact) in enumerate(
        zip(*(links.in_input_order(column).tolist()[::2] for column in columns if column is not None), strict=True)
    ):
        if kind < len(BOND_TYPES):
            bond_type = getattr(chem.BondType, BOND_TYPES[kind])
        else:
            bond_type = chem.BondType.values[exact[0]] if exact else chem.BondType.UNSPECIFIED
        mol.AddBond(first, second, bond_type)
        bond = mol.GetBondWithIdx(row)
        bond.SetIsAromatic(bond_type == chem.BondType.AROMATIC)
        bond.SetIsConjugated(bool(conjugated))
        if mark:
            stereo[row] = int(mark)
    return stereo


def _set_stereo(chem: Any, mol: Any, stereo: dict[int, int]) -> None:
    """Cis and trans are said of the neighbour of higher rank (Cahn, Ingold & Prelog) at either end of a bond."""
    tags = [atom.GetChiralTag() for atom in mol.GetAtoms()]
    chem.AssignStereochemistry(mol, cleanIt=True, force=True, flagPossibleStereoCenters=True)
    for atom, tag in zip(mol.GetAtoms(), tags, strict=True):
        atom.SetChiralTag(tag)  # cleaning finds rings with stereochemistry, and takes away what it thinks is none
    for row, mark in stereo.items():
        bond = mol.GetBondWithIdx(row)
        ends = bond.GetBeginAtom(), bond.GetEndAtom()
        around = [[a for a in end.GetNeighbors() if a.GetIdx() not in {e.GetIdx() for e in ends}] for end in ends]
        if all(around):
            highest = [max(atoms, key=lambda a: a.GetIntProp("_CIPRank")).GetIdx() for atoms in around]
            bond.SetStereoAtoms(*highest)
        bond.SetStereo(chem.BondStereo.values[mark])
    if stereo:
        chem.SetDoubleBondNeighborDirections(mol)  # RDKit writes SMILES of several fragments from these


def _set_record(chem: Any, mol: Any, record: dict[str, Any]) -> None:
    if "name" in record:
        mol.SetProp("_Name", record["name"])
    setters = {bool: mol.SetBoolProp, int: mol.SetIntProp, float: mol.SetDoubleProp}
    for name, value in record.get("properties", {}).items():
        setters.get(type(value), lambda key, text: mol.SetProp(key, str(text)))(name, value)
    remarks = {name: value for name, value in record.items() if name not in RECORD}
    if remarks:
        mol.SetProp(REMARKS, json.dumps(remarks))
    table = record.get("residues")
    if table is None:
        return
    told = {len(column) for column in table.values()}
    if told != {mol.GetNumAtoms()} or table.keys() != RESIDUE.keys():
        raise StructureError(
            f"`meta` must tell the residue of each of {mol.GetNumAtoms()} atoms; got {max(told, default=0)}. "
            "Remove what is said of atoms that are gone: structure.replace(meta=None)."
        )
    for row, atom in enumerate(mol.GetAtoms()):
        if table["name"][row] is not None:
            info = chem.AtomPDBResidueInfo()
            for name, word in RESIDUE.items():
                getattr(info, f"Set{word}")(table[name][row])
            atom.SetMonomerInfo(info)
