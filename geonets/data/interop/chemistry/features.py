"""What is said of atoms and bonds: tables of numbers from RDKit's molecules, many molecules at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from geonets.core.options import one_of
from geonets.core.packages import require
from geonets.core.structure import Structure, batch
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

SCHEMES = ("rdkit", "pyg")
"""Ways to write the features down: RDKit's numbers as float32, or PyG's codes of them as int64."""

LOWEST_CHARGE = -5
"""Where PyG begins to count formal charges."""


RARE = ("isotope", "atom_map", "chiral_permutation")
"""Node fields that are there only where some atom needs one; 0 says nothing."""

MOST = 4096
"""How many of RDKit's molecules, each of which takes some 20 kB, are held before they become numbers."""

LARGE = 1000
"""From so many bonds on the way of asking for them matters."""

TETRAHEDRAL = 4
"""From here on RDKit's chirality needs a further number: how the neighbours are arranged."""


def structure_of(
    mols: Sequence[Any],
    features: str,
    *,
    stereo: Sequence[bool] | None = None,
    labels: Sequence[bool] | None = None,
    **fields: Any,
) -> Structure:
    """Molecules whose properties are up to date as one Structure, with one edge each way for every bond.

    Args:
        mols: RDKit's.
        features: one of `SCHEMES`.
        stereo: for each molecule, whether any atom or bond of it may have stereochemistry; asking each costs time.
        labels: for each molecule, whether any atom of it may have an isotope or an atom map number.
        **fields: further fields, as in `gn.graph`.
    """
    one_of("features", features, SCHEMES)
    atoms, bonds, node_counts, bond_counts = _tables(mols, stereo, labels)
    starts = np.cumsum(node_counts) - node_counts
    shift = np.repeat(starts, bond_counts)
    first, second = bonds["first"] + shift, bonds["second"] + shift
    ends = np.stack([np.stack([first, second], 1).ravel(), np.stack([second, first], 1).ravel()])
    degree = np.bincount(ends[0], minlength=len(atoms["atomic_number"])) + atoms["num_hydrogens"]
    x = np.stack([degree if name == "degree" else atoms[name] for name in ATOM_FEATURES], 1)
    orders, types = _bond_codes()
    kind = bonds["kind"]
    columns = [kind if features == "pyg" else orders[kind], bonds["stereo"], bonds["is_conjugated"]]
    edge_attr = np.repeat(np.stack(columns, 1), 2, 0)
    edges = {"edge_attr": edge_attr, "edge_type": np.repeat(types[kind], 2)}
    if (types[kind] == len(BOND_TYPES)).any():
        edges["bond_type"] = np.repeat(kind, 2)
    if features == "pyg":
        x[:, ATOM_FEATURES.index("formal_charge")] -= LOWEST_CHARGE
        x[:, ATOM_FEATURES.index("hybridization")] = pyg_hybridizations()[x[:, ATOM_FEATURES.index("hybridization")]]
        order = np.lexsort((ends[1], ends[0]))  # as PyG sorts them; bonds have an order of their own elsewhere
        ends, edges = ends[:, order], {name: rows[order] for name, rows in edges.items()}
    dtype = torch.float32 if features == "rdkit" else torch.int64
    nodes = fields.pop("nodes", {})
    if (atoms["chirality"] >= TETRAHEDRAL).any():
        nodes["chiral_permutation"] = torch.tensor([_permutation(atom) for mol in mols for atom in mol.GetAtoms()])
    nodes |= {name: torch.from_numpy(atoms[name]) for name in ("isotope", "atom_map") if atoms[name].any()}
    return graph(
        torch.from_numpy(ends),
        torch.from_numpy(x).to(dtype),
        torch.from_numpy(edges.pop("edge_attr")).to(dtype),
        torch.from_numpy(edges.pop("edge_type")),
        batch=torch.from_numpy(np.repeat(np.arange(len(mols)), node_counts)),
        num_items=len(mols),
        nodes=nodes,
        edges={name: torch.from_numpy(rows) for name, rows in edges.items()},
        **fields,
    )


def _tables(
    mols: Sequence[Any], stereo: Sequence[bool] | None, labels: Sequence[bool] | None
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Columns of all atoms and of all bonds, and how many each molecule has.

    Each column is one loop in C over the atoms of a molecule: the calls themselves are all that it costs.
    """
    chem = require("rdkit.Chem", "rdkit")
    atom, bond = chem.Atom, chem.Bond
    of_atoms = {
        "atomic_number": atom.GetAtomicNum,
        "formal_charge": atom.GetFormalCharge,
        "num_hydrogens": atom.GetTotalNumHs,
        "num_radical_electrons": atom.GetNumRadicalElectrons,
        "hybridization": atom.GetHybridization,
        "is_aromatic": atom.GetIsAromatic,
        "is_in_ring": atom.IsInRing,
    }
    of_bonds = {
        "first": bond.GetBeginAtomIdx,
        "second": bond.GetEndAtomIdx,
        "kind": bond.GetBondType,
        "is_conjugated": bond.GetIsConjugated,
    }
    rare_of_atoms = {"chirality": (atom.GetChiralTag, stereo)}
    rare_of_atoms |= {"isotope": (atom.GetIsotope, labels), "atom_map": (atom.GetAtomMapNum, labels)}
    rare_of_bonds = {"stereo": (bond.GetStereo, stereo)}
    atom_lists: dict[str, list[int]] = {name: [] for name in (*of_atoms, *rare_of_atoms)}
    bond_lists: dict[str, list[int]] = {name: [] for name in (*of_bonds, *rare_of_bonds)}
    counts = []
    for row, mol in enumerate(mols):
        atoms, bonds = list(map(mol.GetAtomWithIdx, range(mol.GetNumAtoms()))), _bonds(mol)
        counts.append((len(atoms), len(bonds)))
        for lists, members, common, rare in (
            (atom_lists, atoms, of_atoms, rare_of_atoms),
            (bond_lists, bonds, of_bonds, rare_of_bonds),
        ):
            for name, ask in common.items():
                lists[name].extend(map(ask, members))
            for name, (ask, some) in rare.items():
                lists[name].extend(map(ask, members) if some is None or some[row] else [0] * len(members))
    node_counts, bond_counts = np.array(counts, dtype=np.int64).reshape(-1, 2).T
    return _columns(atom_lists.items()), _columns(bond_lists.items()), node_counts, bond_counts


def _bonds(mol: Any) -> list[Any]:
    """All bonds in their order; RDKit finds the n-th one by counting, so large molecules are asked atom by atom."""
    if mol.GetNumBonds() < LARGE:
        return list(map(mol.GetBondWithIdx, range(mol.GetNumBonds())))
    bonds = {bond.GetIdx(): bond for atom in mol.GetAtoms() for bond in atom.GetBonds()}
    return [bonds[number] for number in range(len(bonds))]


def _columns(lists: Iterable[tuple[str, list[int]]]) -> dict[str, np.ndarray]:
    return {name: np.fromiter(values, np.int64, len(values)) for name, values in lists}


def together(parts: Sequence[Structure]) -> Structure:
    """The molecules of several structures as one: with the fields that some atom needs, and those that all have."""
    codes = require("rdkit.Chem", "rdkit").BondType
    kinds = torch.tensor([int(getattr(codes, name)) for name in BOND_TYPES])
    names = {level: {name for part in parts for name in getattr(part, level)} for level in ("nodes", "edges")}
    whole = []
    for part in parts:
        nodes: dict[str, torch.Tensor | None] = {}
        for name in names["nodes"] - part.nodes.keys():
            if name in RARE:
                nodes[name] = torch.zeros(part.num_nodes, dtype=torch.int64)
        for name in ("pos", "partial_charge"):
            if any(name not in other.nodes for other in parts):
                nodes[name] = None
        lacks = "bond_type" in names["edges"] - part.edges.keys()
        edges = {"bond_type": kinds[part.topology.links.edge_type]} if lacks else {}
        whole.append(part.replace(nodes=nodes, edges=edges))
    return batch(whole) if len(whole) > 1 else whole[0]


def _permutation(atom: Any) -> int:
    return atom.GetIntProp("_chiralPermutation") if atom.HasProp("_chiralPermutation") else 0


def _bond_codes() -> tuple[np.ndarray, np.ndarray]:
    """The order of each of RDKit's bond types, and its place in `BOND_TYPES`."""
    values = require("rdkit.Chem", "rdkit").BondType.values
    wholes = ("IONIC", "SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE", "QUINTUPLE", "HEXTUPLE")
    halves = ("ONEANDAHALF", "TWOANDAHALF", "THREEANDAHALF", "FOURANDAHALF", "FIVEANDAHALF")
    known = {name: float(order) for order, name in enumerate(wholes)}
    known |= {name: order + 1.5 for order, name in enumerate(halves)}
    known |= {"AROMATIC": 1.5, "DATIVE": 1.0, "DATIVEONE": 1.0}
    names = [str(values[number]) for number in range(len(values))]
    orders = np.array([known.get(name, 0.0) for name in names])
    types = [BOND_TYPES.index(name) if name in BOND_TYPES else len(BOND_TYPES) for name in names]
    return orders, np.array(types)


def pyg_hybridizations() -> np.ndarray:
    """PyG's code of each of RDKit's hybridizations; it has no SP2D, which is OTHER there."""
    from_pyg = ("UNSPECIFIED", "S", "SP", "SP2", "SP3", "SP3D", "SP3D2", "OTHER")
    values = require("rdkit.Chem", "rdkit").HybridizationType.values
    names = [str(values[number]) for number in range(len(values))]
    return np.array([from_pyg.index(name if name in from_pyg else "OTHER") for name in names])
