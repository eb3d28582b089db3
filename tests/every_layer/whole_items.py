"""Layers that tell nodes about their whole item, or join what they knew."""

from __future__ import annotations

import torch

import geonets as gn
from every_layer.structures import chain, cloud, graph, grid


class _Jumps(torch.nn.Module):
    """`JumpingKnowledge` takes the results of several layers."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList([gn.nn.DeepSets(4, 4, "mean"), gn.nn.Tanh(), gn.nn.Linear(4, 4)])
        self.join = gn.nn.JumpingKnowledge(mode, channels=4, num_layers=4)

    def forward(self, structure: gn.Structure) -> gn.Structure:
        results = [structure]
        for layer in self.layers:
            results.append(layer(results[-1]))
        return self.join(results)


class _Ends(torch.nn.Linear):
    """An edge model that reads the two ends of an edge, whether or not there are edge features before them."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input[:, -self.in_features :])


LAYERS = {
    "DeepSets": (lambda: gn.nn.DeepSets(4, 3), [chain, grid, cloud, graph]),
    "DeepSets max": (lambda: gn.nn.DeepSets(4, 3, "max", bias=False), [cloud]),
    "VirtualNode": (
        lambda: gn.nn.Sequential(gn.nn.VirtualNode(4), gn.nn.Tanh(), gn.nn.VirtualNode(4, reduce="mean")),
        [chain, grid, cloud, graph],
    ),
    "JumpingKnowledge": (lambda: _Jumps("lstm"), [chain, grid, cloud, graph]),
    "JumpingKnowledge max": (lambda: _Jumps("max"), [chain]),
    "JumpingKnowledge cat": (lambda: _Jumps("cat"), [cloud]),
    "GNBlock": (
        lambda: gn.nn.Sequential(
            gn.nn.GNBlock(_Ends(8, 5), gn.nn.MLP([9, 4]), gn.nn.MLP([9, 2])),
            gn.nn.GNBlock(gn.nn.MLP([15, 5]), gn.nn.MLP([11, 3]), gn.nn.MLP([10, 2]), reduce="max"),
        ),
        [chain, grid, graph],
    ),
    "GNBlock without edges": (
        lambda: gn.nn.GNBlock(node_model=gn.nn.MLP([4, 3]), global_model=gn.nn.MLP([3, 2]), reduce="max"),
        [chain, grid, cloud, graph],
    ),
}
