"""Arrays, images and tables."""

from __future__ import annotations

from typing import Any

import torch

READY = ("npy", "npz", "h5", "gz", "img", "csv")


def columns_of(table: Any) -> dict[str, list[float]]:
    return {name: column.tolist() for name, column in table.nodes.items()}


CHECKS = {
    "npy/control": lambda s: torch.equal(s.x, torch.arange(100.0, dtype=torch.float64)),
    "npz/control": lambda s: s.x.shape == (100,) and s.levels["edge_index"]["edge_index"].shape == (2, 3),
    "h5/control": lambda s: s.x.shape == (100, 3),
    "h5/flip2": lambda s: s.x.shape == (100, 3),
    "h5/flip4": lambda s: s.x.shape == (100, 3),
    "img/control_png": lambda s: s.x.shape == (1024, 3) and s.x.dtype == torch.uint8,
    "img/control_jpg": lambda s: s.x.shape == (1024, 3) and s.x.dtype == torch.uint8,
    "img/one_bit": lambda s: s.x.shape == (81, 1) and s.x.dtype == torch.bool,
    "csv/control": lambda s: columns_of(s) == {"src": [0, 1], "dst": [1, 2], "w": [0.5, 0.7]},
    "csv/blank_mid": lambda s: columns_of(s) == {"src": [0, 1], "dst": [1, 2], "w": [1, 1]},
    "csv/bom": lambda s: columns_of(s) == {"src": [0], "dst": [1], "w": [0.5]},
    "gz/control": lambda s: len(s) == 100 and s.num_nodes == 400 and len(s.levels["faces"]["vertices"]) == 400,
}
