"""Arrays, images and tables."""

from __future__ import annotations

import torch

READY = ("npy", "npz", "h5", "gz")

CHECKS = {
    "npy/control": lambda s: torch.equal(s.x, torch.arange(100.0, dtype=torch.float64)),
    "npz/control": lambda s: s.x.shape == (100,) and s.levels["edge_index"]["edge_index"].shape == (2, 3),
    "h5/control": lambda s: s.x.shape == (100, 3),
    "h5/flip2": lambda s: s.x.shape == (100, 3),
    "h5/flip4": lambda s: s.x.shape == (100, 3),
    "gz/control": lambda s: len(s) == 100 and s.num_nodes == 400 and len(s.levels["faces"]["vertices"]) == 400,
}
