"""Layers that act on each node alone, and their containers."""

from __future__ import annotations

import torch

import geonets as gn
from every_layer.structures import chain, cloud, graph, grid, papers


class Sign(torch.nn.Module):
    """A vocabulary of two words, read off the first channel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x[:, :1] > 0).long()


LAYERS = {
    "Linear": (lambda: gn.nn.Linear(4, 3), [chain, grid, cloud, graph]),
    "SparseLinear": (lambda: gn.nn.SparseLinear(4, 3, "words"), [papers]),
    "MLP": (lambda: gn.nn.MLP([4, 5, 3]), [chain, grid, cloud, graph]),
    "Embedding": (lambda: gn.nn.Sequential(gn.nn.PerNode(Sign()), gn.nn.Embedding(2, 3)), [chain, graph]),
    "Dropout": (lambda: gn.nn.Dropout(0.5), [chain, graph]),
    "LayerNorm": (lambda: gn.nn.LayerNorm(4), [chain, grid, cloud, graph]),
    "BatchNorm": (lambda: gn.nn.BatchNorm(4), [chain, grid, cloud, graph]),
    "GroupNorm": (lambda: gn.nn.GroupNorm(2, 4), [chain, grid, cloud, graph]),
    "InstanceNorm": (lambda: gn.nn.InstanceNorm(4, affine=True), [chain, grid, cloud, graph]),
    "ReLU": (gn.nn.ReLU, [chain, graph]),
    "LeakyReLU": (gn.nn.LeakyReLU, [chain]),
    "ELU": (gn.nn.ELU, [chain]),
    "GELU": (gn.nn.GELU, [chain]),
    "SiLU": (gn.nn.SiLU, [chain]),
    "Softplus": (gn.nn.Softplus, [chain]),
    "Tanh": (gn.nn.Tanh, [chain]),
    "Sigmoid": (gn.nn.Sigmoid, [chain]),
    "PerNode": (lambda: gn.nn.PerNode(torch.nn.Linear(4, 2)), [chain, graph]),
    "Sequential": (
        lambda: gn.nn.Sequential(gn.nn.Conv2d(4, 3, 3, padding=1), torch.nn.ReLU(), gn.nn.Readout("max")),
        [grid],
    ),
}
