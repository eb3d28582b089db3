"""MUTAG, PROTEINS, ENZYMES, IMDB-BINARY: what a whole graph is, in ten folds that each have a validation part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from table import Row
from torch import Tensor, nn
from torch.nn import functional
from trial import measured

import geonets as gn
from geonets.training import accuracy, predict

SCORE = "accuracy of a fold"
HIDDEN, DEPTH, DROPOUT, LR, EPOCHS, BATCH = 32, 4, 0.5, 0.01, 100, 32
HALVE, MOST_DEGREE = 50, 64
PUBLISHED = {
    "MUTAG": "GIN 0.894 (Xu et al. 2019, best epoch of all folds)",
    "PROTEINS": "GCN 0.747",
    "ENZYMES": "GCN 0.323, with attributes 0.512",
    "IMDB-BINARY": "GIN 0.751 (Xu et al. 2019, best epoch of all folds)",
}
ASKED = {"MUTAG": (">=", 0.80)}
SEEDS = {"MUTAG": 3, "PROTEINS": 1, "ENZYMES": 1, "IMDB-BINARY": 1}


def rows_of(name: str) -> Callable[[Path, range], list[Row]]:
    """What `run.py` calls for a set of graphs."""

    def rows(folder: Path, seeds: range) -> list[Row]:
        graphs = gn.read(folder / "tudataset" / name / "raw")
        if graphs.x is None:
            degrees = graphs.topology.links.degrees.clamp(max=MOST_DEGREE)
            graphs = graphs.replace(x=functional.one_hot(degrees, MOST_DEGREE + 1).float())
        graphs = gn.Structure(graphs.topology, {"x": graphs.x}, globals={"y": graphs.y})
        return [
            measured("GIN", lambda seed: tested(graphs, seed, True), seeds, ASKED.get(name), PUBLISHED[name]),
            measured("no edges", lambda seed: tested(graphs, seed, False), seeds),
        ]

    return rows


def tested(graphs: gn.Structure, seed: int, edges: bool) -> list[float]:
    """The accuracies of ten folds, each in the epoch that is best on a tenth of its training graphs."""
    from sklearn.model_selection import StratifiedKFold, train_test_split

    labels = graphs.y.numpy()
    found = []
    for fold, (known, test) in enumerate(StratifiedKFold(10, shuffle=True, random_state=seed).split(labels, labels)):
        train, validation = train_test_split(known, test_size=0.1, stratify=labels[known], random_state=seed)
        mean, std = measures(graphs[torch.from_numpy(train)].x)
        alike = gn.transforms.standardize(graphs, mean, std)
        parts = [alike[torch.from_numpy(part)] for part in (train, validation, test)]
        found.append(learned(*parts, seed=10 * seed + fold, edges=edges))
    return found


def measures(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the columns that measure something; a column of ones and zeros names, and stays."""
    names = ((rows == 0) | (rows == 1)).all(0)
    return rows.mean(0).masked_fill(names, 0.0), rows.std(0).masked_fill(names, 1.0)


def learned(train: gn.Structure, validation: gn.Structure, test: gn.Structure, *, seed: int, edges: bool) -> float:
    """The test accuracy in the epoch of the least validation loss."""
    torch.manual_seed(seed)
    model = network(train.x.shape[1], int(train.y.max()) + 1, edges)
    optimizer = torch.optim.Adam(model.parameters(), LR)
    halving = torch.optim.lr_scheduler.StepLR(optimizer, HALVE, 0.5)
    least, found = float("inf"), 0.0
    for epoch in range(EPOCHS):
        model.train()
        for batch in train.batches(BATCH, shuffle=True, seed=1000 * seed + epoch):
            optimizer.zero_grad()
            functional.cross_entropy(model(batch).x, batch.y).backward()
            optimizer.step()
        halving.step()
        loss = functional.cross_entropy(predict(model, validation), validation.y).item()
        if loss < least:
            least, found = loss, accuracy(predict(model, test), test.y)
    return found


def network(width: int, classes: int, edges: bool) -> nn.Module:
    """Rounds of GIN, or of its MLPs alone, and the sum over the nodes."""
    layers: list[nn.Module] = []
    for number in range(DEPTH):
        first = nn.Linear(HIDDEN if number else width, HIDDEN)
        norm = nn.BatchNorm1d(HIDDEN)
        mlp = nn.Sequential(first, norm, nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU())
        layers.append(gn.nn.GINConv(mlp) if edges else gn.nn.PerNode(mlp))
    head = [gn.nn.Linear(HIDDEN, HIDDEN), gn.nn.ReLU(), gn.nn.Dropout(DROPOUT), gn.nn.Linear(HIDDEN, classes)]
    return gn.nn.Sequential(*layers, gn.nn.Readout("sum"), *head)
