"""Promise: a molecule is a graph, and rounds of messages along its bonds count what no bag of atoms can.

Five thousand real molecules of the National Cancer Institute, which come with RDKit. An atom knows its element and
nothing else; a bond knows its kind. The task: how many paths N~C~C~O does the molecule have? Such a path has three
bonds, so three rounds see it whole. The broken twin is the same network without rounds: it sees which atoms there
are, not who is bonded to whom.

    python demos/molecule_graph.py
"""

from __future__ import annotations

from pathlib import Path

import torch
from rdkit import Chem, RDConfig, rdBase
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

import geonets as gn
from geonets.training import fit, predict, r2
from geonets.view import view

PATH = Chem.MolFromSmarts("[#7]~[#6]~[#6]~[#8]")
ELEMENTS = (6, 7, 8, 9, 15, 16, 17, 35, 53)
BOND_ORDERS = (1.0, 1.5, 2.0, 3.0)
WIDTH = 64


def read_molecules() -> gn.Structure:
    """All NCI molecules that RDKit accepts: `x` holds elements, `edge_attr` kinds of bonds, `y` numbers of paths."""
    lines = (Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi").read_text().splitlines()
    strings, counts = [], []
    with rdBase.BlockLogs():
        for smiles in (line.split()[0] for line in lines):
            mol = Chem.MolFromSmiles(smiles)
            if mol is not None and mol.GetNumAtoms():
                strings.append(smiles)
                counts.append(len(mol.GetSubstructMatches(PATH, uniquify=False)))
    molecules = gn.molecule(strings, y=torch.tensor(counts, dtype=torch.float32))
    numbers = molecules.x[:, :1]
    known = numbers == torch.tensor(ELEMENTS)
    kinds = torch.tensor(BOND_ORDERS) == molecules.edge_attr[:, :1]
    return molecules.replace(x=torch.cat([known, ~known.any(1, keepdim=True)], 1).float(), edge_attr=kinds.float())


def network(rounds: int) -> gn.nn.Sequential:
    """Embed the atoms, let them speak along the bonds, add up what they counted."""
    width = [WIDTH, WIDTH, WIDTH]
    talk = [
        gn.nn.GINEConv(gn.nn.MLP(width, norm="batch", activate_last=True), edge_dim=len(BOND_ORDERS))
        for _ in range(rounds)
    ]
    count = gn.nn.MLP([WIDTH, WIDTH, 1])
    return gn.nn.Sequential(gn.nn.Linear(len(ELEMENTS) + 1, WIDTH), *talk, count, gn.nn.Readout("sum"))


def counted(rounds: int, train: gn.Structure, test: gn.Structure) -> Tensor:
    """The number of paths that a trained network sees in each test molecule."""
    torch.manual_seed(0)
    net = network(rounds)
    settings = {"epochs": 30, "batch_size": 64, "lr": 6e-3, "schedule": "one_cycle"}
    fit(net, train, lambda rows, y: smooth_l1_loss(rows[:, 0], y), progress=f"{rounds} rounds", **settings)
    return predict(net, test)[:, 0]


def main() -> None:
    torch.set_num_threads(1)  # layers this small gain nothing from a second core
    molecules = read_molecules()
    order = torch.randperm(len(molecules), generator=torch.Generator().manual_seed(0))
    test, train = molecules[order[:1000]], molecules[order[1000:]]
    print(f"{len(molecules):,} molecules, {float((molecules.y > 0).float().mean()):.0%} of them with a path N~C~C~O")
    paths = counted(3, train, test)
    found, blind = r2(paths, test.y), r2(counted(0, train, test), test.y)
    print(f"three rounds of messages: R^2 {found:.3f}")
    print(f"broken twin, no rounds:   R^2 {blind:.3f}")
    print("promise kept: three bonds take three rounds" if found >= 0.96 and blind <= 0.3 else "promise BROKEN")

    richest = int(test.y.argmax())
    view(test, title=f"{int(test.y[richest])} paths N~C~C~O; the network counts {paths[richest]:.1f}", item=richest)


if __name__ == "__main__":
    main()
