"""GraphConv, NNConv, gated and edge convolutions, PNA, Chebyshev and propagation."""

from __future__ import annotations

from typing import Any

import torch

import geonets as gn
from pyg_pairs.networks import network, torch_network

DEG = torch.tensor([1, 4, 2, 0, 3])
PNA = {
    "plain": {"aggregators": ["mean", "min", "max", "std"], "scalers": ["identity", "amplification", "attenuation"]},
    "with edges and towers": {
        "aggregators": ["sum", "var"],
        "scalers": ["linear", "inverse_linear"],
        "edge_dim": 3,
        "towers": 2,
        "pre_layers": 2,
        "post_layers": 2,
        "act": "Tanh",
        "train_norm": True,
    },
    "divided": {"aggregators": ["mean"], "scalers": ["identity"], "towers": 3, "divide_input": True, "edge_dim": 3},
}


class Weighted(torch.nn.Module):
    """PyG's layer with weights made of edge features, the same for all self-loops: of several, PyG keeps any."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor, edge_index: torch.Tensor, edge_attr: torch.Tensor) -> torch.Tensor:
        given = weight(edge_index[0], edge_index[1], edge_attr)
        if type(self.layer).__name__ == "ChebConv":  # its default is the largest entry, which no nodes do not have
            return self.layer(x, edge_index, given, lambda_max=torch.tensor(2.0).double())
        return self.layer(x, edge_index, given)


class OurWeighted(Weighted):
    def forward(self, structure: gn.Structure) -> gn.Structure:  # pyright: ignore[reportIncompatibleMethodOverride]
        links = structure.topology.links
        return self.layer(structure, weight(links.senders, links.receivers, structure.edge_attr))


def weight(senders: torch.Tensor, receivers: torch.Tensor, edge_attr: torch.Tensor) -> torch.Tensor:
    return torch.where(senders == receivers, 0.5, edge_attr[:, 0] ** 2 + 0.1)


def pairs() -> dict[str, tuple[Any, Any, list[str]]]:
    """Our layer, PyG's, and which of `edge_attr, pos` PyG's forward takes after `x, edge_index`."""
    from torch_geometric import nn as pyg

    plain = {
        "GraphConv": ("GraphConv", (3, 4), {}),
        "GraphConv max": ("GraphConv", (3, 4), {"aggr": "max", "bias": False}),
        "SAGE several": ("SAGEConv", (3, 4), {"aggr": ["mean", "max", "std", "softmax"]}),
        "ResGated": ("ResGatedGraphConv", (3, 4), {}),
        "ResGated bare": ("ResGatedGraphConv", (3, 4), {"act": torch.nn.Tanh(), "root_weight": False, "bias": False}),
        "GatedGraph": ("GatedGraphConv", (5, 2), {}),
        "GatedGraph mean": ("GatedGraphConv", (3, 1), {"aggr": "mean", "bias": False}),
        "APPNP": ("APPNP", (3, 0.2), {}),
        "APPNP without loops": ("APPNP", (2, 0.2), {"add_self_loops": False}),
        "APPNP without normalisation": ("APPNP", (2, 0.2), {"normalize": False}),
        "SG": ("SGConv", (3, 4, 2), {}),
        "SG without loops": ("SGConv", (3, 4, 2), {"add_self_loops": False, "bias": False}),
        "PNA plain": ("PNAConv", (3, 4), {**PNA["plain"], "deg": DEG}),
    }
    with_edges = {
        "ResGated with edges": ("ResGatedGraphConv", (3, 4), {"edge_dim": 3}),
        "PNA with edges and towers": ("PNAConv", (3, 4), {**PNA["with edges and towers"], "deg": DEG}),
        "PNA divided": ("PNAConv", (3, 6), {**PNA["divided"], "deg": DEG}),
    }
    weighted = {
        "GraphConv weighted": ("GraphConv", (3, 4), {}),
        "GraphConv weighted min": ("GraphConv", (3, 4), {"aggr": "min"}),
        "GatedGraph weighted": ("GatedGraphConv", (3, 1), {}),
        "APPNP weighted": ("APPNP", (3, 0.2), {}),
        "APPNP weighted without normalisation": ("APPNP", (3, 0.2), {"normalize": False}),
        "SG weighted": ("SGConv", (3, 4, 2), {}),
        "Cheb weighted": ("ChebConv", (3, 4, 4), {}),
        "Cheb weighted random walk": ("ChebConv", (3, 4, 2), {"normalization": "rw", "bias": False}),
        "Cheb weighted of one": ("ChebConv", (3, 4, 1), {}),
    }
    return {
        **{name: _both(pyg, case, []) for name, case in plain.items()},
        **{name: _both(pyg, case, ["edge_attr"]) for name, case in with_edges.items()},
        **{
            name: (OurWeighted(ours), Weighted(theirs), ["edge_attr"])
            for name, (ours, theirs, _) in ((name, _both(pyg, case, [])) for name, case in weighted.items())
        },
        "EdgeConv": (gn.nn.EdgeConv(network(6, 5, 4)), pyg.EdgeConv(torch_network(6, 5, 4)), []),
        "EdgeConv mean": (gn.nn.EdgeConv(network(6, 4), "mean"), pyg.EdgeConv(torch_network(6, 4), "mean"), []),
        "EdgeConv opaque": (
            gn.nn.EdgeConv(torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Linear(6, 4)), "add"),
            pyg.EdgeConv(torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Linear(6, 4)), "add"),
            [],
        ),
        "NNConv": (gn.nn.NNConv(3, 4, network(3, 5, 12)), pyg.NNConv(3, 4, torch_network(3, 5, 12)), ["edge_attr"]),
        "NNConv mean": (
            gn.nn.NNConv(3, 4, torch.nn.Linear(3, 12, bias=False), "mean", root_weight=False),
            pyg.NNConv(3, 4, torch.nn.Linear(3, 12, bias=False), "mean", root_weight=False),
            ["edge_attr"],
        ),
        "NNConv max": (
            gn.nn.NNConv(3, 4, network(3, 12), "max", bias=False),
            pyg.NNConv(3, 4, torch_network(3, 12), "max", bias=False),
            ["edge_attr"],
        ),
        "NNConv opaque": (
            gn.nn.NNConv(3, 4, torch.nn.Sequential(torch.nn.Linear(3, 12), torch.nn.Tanh())),
            pyg.NNConv(3, 4, torch.nn.Sequential(torch.nn.Linear(3, 12), torch.nn.Tanh())),
            ["edge_attr"],
        ),
    }


def _both(pyg: Any, case: tuple[str, tuple[Any, ...], dict[str, Any]], reads: list[str]) -> Any:
    name, arguments, options = case
    return getattr(gn.nn, name)(*arguments, **options), getattr(pyg, name)(*arguments, **options), reads
