"""EGNN's layer rewritten plainly from Satorras, Hoogeboom & Welling 2021, equations 3-6."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class EGCL(nn.Module):
    """Messages from pairs and squared distances; positions move along the differences."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.edge_mlp = nn.Sequential(nn.Linear(2 * width + 1, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.node_mlp = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, width))
        self.coord_mlp = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 1, bias=False))

    def forward(self, x: Tensor, pos: Tensor, senders: Tensor, receivers: Tensor) -> tuple[Tensor, Tensor]:
        difference = pos[receivers] - pos[senders]
        squared = difference.square().sum(1, keepdim=True)
        messages = self.edge_mlp(torch.cat([x[receivers], x[senders], squared], 1))
        moves = difference * self.coord_mlp(messages)
        counts = torch.zeros(len(x)).index_add_(0, receivers, torch.ones(len(receivers)))[:, None].clamp(min=1)
        moved = pos + torch.zeros_like(pos).index_add_(0, receivers, moves) / counts
        heard = torch.zeros_like(x).index_add_(0, receivers, messages)
        return self.node_mlp(torch.cat([x, heard], 1)), moved
