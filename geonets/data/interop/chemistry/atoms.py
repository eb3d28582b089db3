"""Whether nodes are atoms: the fields that `gn.molecule` and the readers of molecules write, told by their numbers."""

from __future__ import annotations

import torch

from geonets.core.structure import Structure
from geonets.data.constructors import graph
from geonets.data.interop.chemistry.features import (
    ATOM_FEATURES,
    BOND_FEATURES,
    BOND_TYPES,
    LOWEST_CHARGE,
    RARE,
    pyg_hybridizations,
)

ORDERS, CODES = (1.0, 2.0, 3.0, 1.5), (1.0, 2.0, 3.0, 12.0)
"""What the first column of `edge_attr` says of each of `BOND_TYPES`, in the two schemes."""

BOUNDS = ((0, 118), (0, 8), (0, 99), (-20, 20), (0, 99), (0, 99), (0, 8), (0, 1), (0, 1))
"""Of each of `ATOM_FEATURES`."""

MOST_STEREO = 7
"""RDKit's last kind of stereochemistry of a bond."""


def atoms_of(item: Structure) -> Structure | None:
    """The atoms and bonds of a molecule alone, as `to_rdkit` takes them; None where the nodes are no atoms.

    PyG's codes do not tell in which order an atom has its bonds, and so not how a stereo centre is wound: it is none.

    Args:
        item: one item.
    """
    x, edge_attr = item.x, item.edge_attr
    if x is None or edge_attr is None:
        return None
    if (*x.shape[1:], *edge_attr.shape[1:]) != (len(ATOM_FEATURES), len(BOND_FEATURES)):
        return None
    links = item.topology.links
    if links.edge_type is None:
        return None
    given = (links.senders, links.receivers, links.edge_type, edge_attr)
    senders, receivers, kind, bonds = (links.in_input_order(rows).detach().cpu() for rows in given)
    once, again = senders < receivers, senders > receivers
    ends = torch.stack([senders, receivers])
    pairs = [set(map(tuple, found.T.tolist())) for found in (ends[:, once], ends[:, again].flip(0))]
    if pairs[0] != pairs[1] or 2 * len(pairs[0]) != len(senders):
        return None
    in_pyg = not x.is_floating_point()
    atoms, known = x.detach().cpu().double().clone(), torch.tensor(CODES if in_pyg else ORDERS, dtype=torch.float64)
    if in_pyg:
        atoms[:, ATOM_FEATURES.index("formal_charge")] += LOWEST_CHARGE
    low, high = torch.tensor(BOUNDS, dtype=torch.float64).T
    common = kind < len(BOND_TYPES)
    if not ((atoms == atoms.round()) & (atoms >= low) & (atoms <= high)).all() or (kind < 0).any():
        return None
    stereo = bonds[:, 1]
    if (known[kind[common]] != bonds[common, 0].double()).any() or ((stereo < 0) | (stereo > MOST_STEREO)).any():
        return None
    if in_pyg:
        atoms[:, ATOM_FEATURES.index("chirality")] = 0
        column = ATOM_FEATURES.index("hybridization")
        codes = torch.from_numpy(pyg_hybridizations())
        atoms[:, column] = (codes == atoms[:, column, None]).double().argmax(1).double()
    exact = {"bond_type": links.in_input_order(item.edges["bond_type"]).cpu()} if "bond_type" in item.edges else {}
    return graph(
        torch.stack([ends[:, once], ends[:, once].flip(0)], 2).flatten(1),
        atoms,
        bonds[once].double().repeat_interleave(2, 0),
        kind[once].repeat_interleave(2),
        nodes={name: item.nodes[name].cpu() for name in RARE if name in item.nodes},
        edges={name: rows[once].repeat_interleave(2) for name, rows in exact.items()},
    )
