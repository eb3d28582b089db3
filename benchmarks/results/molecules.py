"""ESOL and Lipophilicity: how well a drug-like molecule dissolves in water, and in fat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from table import Row
from torch import Tensor, nn
from torch.nn import functional
from trial import learned, measured, shuffled

import geonets as gn
from geonets.training import predict, rmse

SCORE, SEEDS = "RMSE, log units", 5
WIDTH, DEPTH, DROPOUT, BATCH, LR, DECAY = 96, 5, 0.2, 64, 2e-3, 1e-2
ELEMENTS = (5, 6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53)
NUM_BONDS = 5

FILES = {
    "esol": ("delaney-processed.csv", "measured log solubility in mols per litre", 120),
    "lipophilicity": ("Lipophilicity.csv", "exp", 60),
}
"""The file, its target, and how often the network reads it."""
ASKED = {"esol": ("<=", 0.75)}
PUBLISHED = {
    "esol": "GCN 0.885 (scaffold-like splits), MPNN 0.58 (random splits; MoleculeNet, Wu et al. 2018)",
    "lipophilicity": "GCN 0.781",
}


def rows_of(name: str) -> Callable[[Path, range], list[Row]]:
    """What `run.py` calls for a property."""

    def rows(folder: Path, seeds: range) -> list[Row]:
        file, target, epochs = FILES[name]
        path = folder / "molecules" / "moleculenet" / file
        molecules = encoded(gn.read(path, format="smiles", column="smiles", y=target))

        def tested(edges: bool) -> Callable[[int], float]:
            return lambda seed: error(molecules, seed, epochs, edges)

        return [
            measured("GINE", tested(True), seeds, ASKED.get(name), PUBLISHED[name]),
            measured("no bonds", tested(False), seeds),
            measured("the mean", lambda seed: error_of_mean(molecules.y, seed), seeds),
        ]

    return rows


def parts(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Nine tenths to learn from, one tenth to be tested on."""
    order = shuffled(count, seed)
    return order[: count * 9 // 10], order[count * 9 // 10 :]


def error(molecules: gn.Structure, seed: int, epochs: int, edges: bool) -> float:
    """The root of the mean squared error on a tenth of the molecules."""
    train, test = (molecules[part] for part in parts(len(molecules), seed))
    mean, deviation = train.y.mean(), train.y.std()
    model = learned(
        lambda: network(molecules.x.shape[1], molecules.edge_attr.shape[1], edges),
        train,
        seed,
        epochs=epochs,
        lr=LR,
        batch_size=BATCH,
        decay=DECAY,
        loss=lambda rows, y: functional.mse_loss(rows[:, 0], (y - mean) / deviation),
    )
    return rmse(predict(model, test)[:, 0] * deviation + mean, test.y)


def error_of_mean(y: Tensor, seed: int) -> float:
    """The error of whoever knows the mean of the training molecules only."""
    train, test = (y[part] for part in parts(len(y), seed))
    return rmse(train.mean().expand(len(test)), test)


def encoded(molecules: gn.Structure) -> gn.Structure:
    """Atoms and bonds as rows of zeros and ones, and charges."""
    atomic_number, chirality, degree, charge, hydrogens, _, hybridization, aromatic, ring = molecules.x.unbind(1)
    elements = (atomic_number[:, None] == torch.tensor(ELEMENTS)).float()
    classes = ((chirality, 3), (degree, 7), (hydrogens, 5), (hybridization, 7))
    atoms = [functional.one_hot(column.long().clamp(max=most - 1), most) for column, most in classes]
    other = 1 - elements.sum(1, keepdim=True)
    x = torch.cat([elements, other, *atoms, charge[:, None], aromatic[:, None], ring[:, None]], 1)
    bonds = molecules.topology.links.edge_type
    assert bonds is not None
    kinds = functional.one_hot(bonds, NUM_BONDS)
    stereo, conjugated = molecules.edge_attr[:, 1:2] > 0, molecules.edge_attr[:, 2:3]
    return molecules.replace(x=x, edge_attr=torch.cat([kinds, stereo, conjugated], 1).float())


class Round(gn.nn.Layer):
    """What an atom hears from its neighbours, added to what it knew; the twin hears itself only."""

    def __init__(self, bond_width: int, edges: bool) -> None:
        super().__init__()
        wide = 2 * WIDTH
        mlp = nn.Sequential(nn.Linear(WIDTH, wide), nn.BatchNorm1d(wide), nn.ReLU(), nn.Linear(wide, WIDTH))
        self.hear = gn.nn.GINEConv(mlp, edge_dim=bond_width) if edges else gn.nn.PerNode(mlp)
        self.norm = gn.nn.BatchNorm(WIDTH)

    def forward(self, structure: gn.Structure) -> gn.Structure:
        heard = functional.relu(self.norm(self.hear(structure)).x)
        return structure.replace(x=structure.x + functional.dropout(heard, DROPOUT, self.training))


def network(width: int, bond_width: int, edges: bool) -> nn.Module:
    """Rounds of GINE, and the mean over the atoms."""
    rounds = [Round(bond_width, edges) for _ in range(DEPTH)]
    head = [gn.nn.Readout("mean"), gn.nn.Linear(WIDTH, WIDTH), gn.nn.ReLU(), gn.nn.Linear(WIDTH, 1)]
    return gn.nn.Sequential(gn.nn.Linear(width, WIDTH), *rounds, *head)
