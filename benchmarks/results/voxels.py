"""ModelNet10 as voxels: is it a chair or a monitor, from 32 x 32 x 32 bits?"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import torch
from table import Row
from torch import nn
from trial import learned, measured, score, shuffled

import geonets as gn

SCORE, SEEDS = "accuracy", 5
WIDTHS = (1, 8, 16, 32)


def rows(folder: Path, seeds: range) -> list[Row]:
    """Three strided convolutions, and the twin whose kernels see one voxel, on random splits of 4 : 1."""
    file = next((folder / "points" / "modelnet10_voxels").glob("*.npz"))
    packed = gn.read(file, fields=("packed", "label"), kind="items").nodes
    bits = np.unpackbits(packed["packed"].numpy(), axis=1).reshape(-1, 32, 32, 32, 1)
    solids = gn.grid(torch.from_numpy(bits).float(), y=packed["label"].long())
    note = "0.991 (logistic regression on 8 x 8 x 8 counts)"
    return [
        measured("Conv3d", lambda seed: tested(solids, 3, seed), seeds, (">=", 0.98), note),
        measured("1 x 1 x 1 kernels", lambda seed: tested(solids, 1, seed), seeds),
    ]


def tested(solids: gn.Structure, kernel: int, seed: int) -> float:
    """The accuracy on a fifth of the solids, learned from the others."""
    order, cut = shuffled(len(solids), seed), len(solids) * 4 // 5
    model = learned(lambda: network(kernel), solids[order[:cut]], seed, epochs=12)
    return score(model, solids[order[cut:]])


def network(kernel: int) -> nn.Module:
    """Convolutions that halve the grid, and the mean of what they find."""
    layers: list[nn.Module] = []
    for width, wider in itertools.pairwise(WIDTHS):
        convolution = gn.nn.Conv3d(width, wider, kernel, stride=2, padding=kernel // 2)
        layers += [convolution, gn.nn.BatchNorm(wider), gn.nn.ReLU()]
    return gn.nn.Sequential(*layers, gn.nn.Readout("mean"), gn.nn.Linear(WIDTHS[-1], 2))
