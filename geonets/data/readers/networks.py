"""What the files of networks share: nodes with names, edges between them, and attributes of any kind."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def directions(pairs: np.ndarray, directed: bool) -> tuple[Tensor, Tensor]:
    """The listed edge of each edge, `(E,)`, and the edges, `(2, E)`: undirected ones once more the other way."""
    listed = torch.from_numpy(np.ascontiguousarray(pairs)).long()
    rows = torch.arange(len(pairs))
    if directed:
        return rows, listed.T
    proper = (listed[:, 0] != listed[:, 1]).nonzero().squeeze(1)
    return torch.cat([rows, proper]), torch.cat([listed, listed[proper].flip(1)]).T


def repeated(pairs: np.ndarray, directed: bool) -> np.ndarray:
    """The rows of edges that join the same nodes as an earlier one, in ascending order."""
    ends = pairs if directed else np.sort(pairs, 1)
    keys = ends[:, 0] * (int(pairs.max()) + 1 if len(pairs) else 1) + ends[:, 1]
    return np.setdiff1d(np.arange(len(pairs)), np.unique(keys, return_index=True)[1])
