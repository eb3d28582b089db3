"""Layers that read positions."""

from __future__ import annotations

import torch

import geonets as gn
from every_layer.structures import chain, cloud, graph, grid


def _moved(**options: object) -> torch.nn.Module:
    """Two layers, so that the features depend on positions that the first has moved far enough to be seen."""
    first = gn.nn.EGNNConv(4, 4, edge_dim=None, **options)  # pyright: ignore[reportArgumentType]
    for weights in first.coord_mlp.parameters():
        torch.nn.init.normal_(weights, std=0.5)
    return gn.nn.Sequential(first, gn.nn.EGNNConv(4, 3, neighborhood=first.neighborhood))


class _DownAndUp(torch.nn.Module):
    """`FeaturePropagation` hears another structure, a coarser one."""

    def __init__(self) -> None:
        super().__init__()
        self.down = gn.nn.SetAbstraction(3, 1.5, 4, gn.nn.MLP([7, 3]))
        self.up = gn.nn.FeaturePropagation(gn.nn.MLP([7, 3]))

    def forward(self, structure: gn.Structure) -> gn.Structure:
        return self.up(structure, self.down(structure))


LAYERS = {
    "PointNetConv": (lambda: gn.nn.PointNetConv(gn.nn.MLP([7, 3]), neighborhood=gn.KNN(3)), [cloud]),
    "PointTransformerConv": (
        lambda: gn.nn.PointTransformerConv(4, 3, attn_nn=gn.nn.MLP([3, 3]), neighborhood=gn.KNN(3)),
        [cloud, graph],
    ),
    "PointTransformerConv on links": (lambda: gn.nn.PointTransformerConv(4, 3, add_self_loops=False), [graph]),
    "SetAbstraction": (
        lambda: gn.nn.SetAbstraction(0.5, [1.0, 2.0], [3, 5], [gn.nn.MLP([7, 3]), gn.nn.MLP([7, 2])]),
        [cloud, graph],
    ),
    "FeaturePropagation": (_DownAndUp, [cloud, graph]),
    "GaussianSmearing": (lambda: gn.nn.GaussianSmearing(-2.0, 2.0, 3), [chain, grid, cloud, graph]),
    "ShiftedSoftplus": (gn.nn.ShiftedSoftplus, [chain, graph]),
    "CFConv": (lambda: gn.nn.CFConv(4, 3, 5, gn.nn.MLP([4, 5]), cutoff=4.0), [graph]),
    "SchNetInteraction": (lambda: gn.nn.SchNetInteraction(4, 6, 5, cutoff=4.0), [graph]),
    "SchNetInteraction on near points": (
        lambda: gn.nn.SchNetInteraction(4, 6, 5, cutoff=2.0, neighborhood=gn.Radius(2.0)),
        [cloud, graph],
    ),
    "EGNNConv": (lambda: gn.nn.EGNNConv(4, 3, edge_dim=4, attention=True), [graph]),
    "EGNNConv twice": (lambda: _moved(normalize=True, tanh=True, residual=True), [graph]),
    "EGNNConv among all": (lambda: _moved(neighborhood=gn.Complete()), [cloud, graph]),
}
