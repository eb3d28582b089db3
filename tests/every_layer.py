"""Each public layer with the structures that it runs on, for laws that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn

Make = Callable[[], torch.nn.Module]
Draw = Callable[[list[int], int], gn.Structure]


def _rows(count: int, channels: int, seed: int) -> torch.Tensor:
    return torch.randn(count, channels, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def chain(counts: list[int], seed: int) -> gn.Structure:
    return gn.Structure(gn.Chain(torch.tensor(counts, dtype=torch.long)), {"x": _rows(sum(counts), 4, seed)})


def grid(counts: list[int], seed: int) -> gn.Structure:
    sizes = torch.tensor([(count, count + 1 if count else 0) for count in counts], dtype=torch.long).reshape(-1, 2)
    return gn.Structure(gn.Grid(sizes, ("y", "x")), {"x": _rows(int(sizes.prod(1).sum()), 4, seed)})


def volume(counts: list[int], seed: int) -> gn.Structure:
    sizes = torch.tensor([(count, count, max(count - 1, min(count, 1))) for count in counts]).reshape(-1, 3)
    topology = gn.Grid(sizes, ("z", "y", "x"))
    return gn.Structure(topology, {"x": _rows(topology.num_nodes, 4, seed)})


def cloud(counts: list[int], seed: int) -> gn.Structure:
    nodes = {"x": _rows(sum(counts), 4, seed), "pos": _rows(sum(counts), 3, seed + 1)}
    return gn.Structure(gn.Set(torch.tensor(counts, dtype=torch.long)), nodes)


def graph(counts: list[int], seed: int) -> gn.Structure:
    """Random multigraphs with self-loops; the last node of each is isolated."""
    generator = torch.Generator().manual_seed(seed)
    ends, start = [], 0
    for count in counts:
        if count > 1:
            ends.append(start + torch.randint(0, count - 1, (2, 2 * count), generator=generator))
        start += count
    index = torch.cat(ends, 1) if ends else torch.empty(2, 0, dtype=torch.long)
    topology = gn.Graph(index[0], index[1], torch.tensor(counts, dtype=torch.long))
    nodes = {"x": _rows(start, 4, seed), "pos": _rows(start, 3, seed + 1)}
    return gn.Structure(topology, nodes, {"edge_attr": _rows(topology.num_edges, 4, seed + 2)})


def forest(counts: list[int], seed: int) -> gn.Structure:
    """Random trees: every node but the first of an item points to one with a smaller number."""
    generator = torch.Generator().manual_seed(seed)
    ends, start = [], 0
    for count in counts:
        for child in range(1, count):
            ends.append((start + child, start + int(torch.randint(0, child, (1,), generator=generator))))
        start += count
    index = torch.tensor(ends, dtype=torch.long).reshape(-1, 2).T
    topology = gn.Graph(index[0], index[1], torch.tensor(counts, dtype=torch.long))
    return gn.Structure(topology, {"x": _rows(start, 4, seed)})


def difference(sender: Any, receiver: Any) -> torch.Tensor:
    return (sender - receiver).tanh()


def _pyg_graph_conv() -> torch.nn.Module:
    from torch_geometric.nn import GraphConv

    return gn.nn.FromPyG(GraphConv(4, 3))


LAYERS: dict[str, tuple[Make, list[Draw]]] = {
    "Linear": (lambda: gn.nn.Linear(4, 3), [chain, grid, cloud, graph]),
    "MLP": (lambda: gn.nn.MLP([4, 5, 3]), [chain, grid, cloud, graph]),
    "Dropout": (lambda: gn.nn.Dropout(0.5), [chain, graph]),
    "LayerNorm": (lambda: gn.nn.LayerNorm(4), [chain, grid, cloud, graph]),
    "BatchNorm": (lambda: gn.nn.BatchNorm(4), [chain, grid, cloud, graph]),
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
    "Conv1d": (lambda: gn.nn.Conv1d(4, 3, 3, padding=1), [chain]),
    "Conv2d": (lambda: gn.nn.Conv2d(4, 3, 3, stride=2, padding=1), [grid]),
    "Conv3d": (lambda: gn.nn.Conv3d(4, 3, 3, padding=1), [volume]),
    "MaxPool1d": (lambda: gn.nn.MaxPool1d(2, padding=1), [chain]),
    "MaxPool2d": (lambda: gn.nn.MaxPool2d(2, padding=1), [grid]),
    "MaxPool3d": (lambda: gn.nn.MaxPool3d(2, padding=1), [volume]),
    "AvgPool1d": (lambda: gn.nn.AvgPool1d(2, padding=1), [chain]),
    "AvgPool2d": (lambda: gn.nn.AvgPool2d(2, padding=1), [grid]),
    "AvgPool3d": (lambda: gn.nn.AvgPool3d(2, padding=1, count_include_pad=False), [volume]),
    "Readout": (lambda: gn.nn.Readout("max"), [chain, grid, cloud, graph]),
    "Readout mean": (lambda: gn.nn.Readout("mean"), [chain, grid, cloud, graph]),
    "RNN": (lambda: gn.nn.RNN(4, 3), [chain, forest]),
    "LSTM": (lambda: gn.nn.LSTM(4, 3, 2, bidirectional=True), [chain, forest]),
    "GRU": (lambda: gn.nn.GRU(4, 3), [chain, forest]),
    "RNNCell": (lambda: gn.nn.RNNCell(4, 3), [chain, cloud]),
    "LSTMCell": (lambda: gn.nn.LSTMCell(4, 3), [chain, cloud]),
    "GRUCell": (lambda: gn.nn.GRUCell(4, 3), [chain, cloud]),
    "MultiheadAttention": (lambda: gn.nn.MultiheadAttention(4, 2), [chain, grid, cloud, graph]),
    "MessagePassing": (
        lambda: gn.nn.MessagePassing(difference, "max", reads=("sender", "receiver")),
        [chain, grid, graph],
    ),
    "PointNetConv": (lambda: gn.nn.PointNetConv(gn.nn.MLP([7, 3]), neighborhood=gn.KNN(3)), [cloud]),
    "GCNConv": (lambda: gn.nn.GCNConv(4, 3), [chain, grid, graph]),
    "GCNConv on near points": (lambda: gn.nn.GCNConv(4, 3, neighborhood=gn.Radius(1.5)), [cloud]),
    "SAGEConv": (lambda: gn.nn.SAGEConv(4, 3, aggr="max"), [chain, grid, graph]),
    "GINConv": (lambda: gn.nn.GINConv(gn.nn.MLP([4, 3])), [chain, grid, graph]),
    "GINEConv": (lambda: gn.nn.GINEConv(gn.nn.MLP([4, 3])), [graph]),
    "GATConv": (lambda: gn.nn.GATConv(4, 3, heads=2, edge_dim=4), [graph]),
    "GATConv without edges": (lambda: gn.nn.GATConv(4, 3), [chain, grid, graph]),
    "FromPyG": (_pyg_graph_conv, [chain, grid, graph]),
    "models.PointNet": (lambda: gn.models.PointNet(3, in_channels=4), [cloud]),
}
"""A way to make each layer for 4 channels, and to draw the structures that it runs on from item sizes and a seed."""

CASES = [(name, draw) for name, (_, draws) in LAYERS.items() for draw in draws]
IDS = [f"{name}-{draw.__name__}" for name, draw in CASES]


def made(name: str) -> torch.nn.Module:
    """The layer in float64 and evaluation mode."""
    torch.manual_seed(1)
    return LAYERS[name][0]().double().eval()
