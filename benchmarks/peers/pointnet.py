"""PointNet, PointNet++ and DGCNN rewritten plainly from the papers, on dense batches."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn


def shared(widths: list[int], dim: int) -> nn.Sequential:
    """An MLP on every point: convolutions of one tap, each with batch norm and ReLU."""
    conv, norm = (nn.Conv1d, nn.BatchNorm1d) if dim == 1 else (nn.Conv2d, nn.BatchNorm2d)
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [conv(before, after, 1), norm(after), nn.ReLU()]
    return nn.Sequential(*layers)


class Trunk(nn.Module):
    """Qi, Su, Mo & Guibas 2017, figure 2: the shared MLP and the maximum over the points; `(B, 3, N)` to `(B, C)`."""

    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        self.local = shared(widths, 1)

    def forward(self, points: Tensor) -> Tensor:
        return self.local(points).amax(2)


def farthest(points: Tensor, count: int) -> Tensor:
    """`(B, count)` numbers of points of `(B, N, 3)`, each the farthest from those before, from the first on."""
    items, total, _ = points.shape
    chosen = torch.zeros(items, count, dtype=torch.long)
    nearest = torch.full((items, total), torch.inf, dtype=points.dtype)
    last, rows = torch.zeros(items, dtype=torch.long), torch.arange(items)
    for place in range(count):
        chosen[:, place] = last
        nearest = torch.minimum(nearest, (points - points[rows, last][:, None]).square().sum(2))
        last = nearest.argmax(1)
    return chosen


def ball(points: Tensor, centres: Tensor, radius: float, most: int) -> Tensor:
    """`(B, S, most)` numbers of the nearest points within the radius; the nearest again where there are fewer."""
    found = torch.cdist(centres, points).topk(most, 2, largest=False)
    return torch.where(found.values <= radius, found.indices, found.indices[:, :, :1])


def taken(rows: Tensor, numbers: Tensor) -> Tensor:
    """`rows[b, numbers[b, ...]]`."""
    items = torch.arange(len(rows)).reshape(-1, *[1] * (numbers.ndim - 1))
    return rows[items, numbers]


class Abstraction(nn.Module):
    """Qi, Yi, Su & Guibas 2017, section 3.2: sample, group, and a small PointNet in every group."""

    def __init__(self, count: int, radius: float, most: int, widths: list[int]) -> None:
        super().__init__()
        self.count, self.radius, self.most = count, radius, most
        self.local = shared(widths, 2)

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        centres = taken(points, farthest(points, self.count))
        groups = taken(points, ball(points, centres, self.radius, self.most)) - centres[:, :, None]
        return centres, self.local(groups.permute(0, 3, 2, 1)).amax(2)


class EdgeBlock(nn.Module):
    """Wang et al. 2019, equations 1 and 8: neighbours in feature space, an MLP on pairs, the maximum; `(B, C, N)`."""

    def __init__(self, k: int, before: int, after: int) -> None:
        super().__init__()
        self.k = k
        self.local = nn.Sequential(
            nn.Conv2d(2 * before, after, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)
        )

    def forward(self, x: Tensor) -> Tensor:
        inner = x.transpose(1, 2) @ x
        norms = x.square().sum(1)
        numbers = (2 * inner - norms[:, None] - norms[:, :, None]).topk(self.k).indices
        rows = x.transpose(1, 2)
        near = taken(rows, numbers)
        own = rows[:, :, None].expand_as(near)
        return self.local(torch.cat([own, near - own], 3).permute(0, 3, 1, 2)).amax(3)
