"""Layers that read positions: SchNet's convolution and its interaction, and the point transformer."""

from __future__ import annotations

from typing import Any

import torch

import geonets as gn
from pyg_pairs.networks import network, torch_network


def pairs() -> dict[str, tuple[Any, Any, list[str]]]:
    """Our layer, PyG's, and which of `edge_attr, pos` PyG's forward takes after `x, edge_index`."""
    from torch_geometric import nn as pyg
    from torch_geometric.nn.models import schnet

    def distances(pos: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return (pos[index[0]] - pos[index[1]]).norm(dim=-1)

    conv: Any = schnet.CFConv(3, 4, 5, torch_network(3, 5), cutoff=12.0)  # pyright: ignore[reportArgumentType]
    block: Any = schnet.InteractionBlock(3, 6, 5, 12.0)
    convolve, interact, smear = conv.forward, block.forward, schnet.GaussianSmearing(0.0, 12.0, 6)
    conv.forward = lambda x, pos, index, attr: convolve(x, index, distances(pos, index), attr)
    block.forward = lambda x, pos, index: interact(x, index, distances(pos, index), smear(distances(pos, index)))
    return {
        "PointTransformer": (
            gn.nn.PointTransformerConv(3, 4, network(2, 4), network(4, 5, 4)),
            pyg.PointTransformerConv(3, 4, torch_network(2, 4), torch_network(4, 5, 4)),
            ["pos"],
        ),
        "PointTransformer without loops": (
            gn.nn.PointTransformerConv(3, 4, network(2, 4), add_self_loops=False),
            pyg.PointTransformerConv(3, 4, torch_network(2, 4), add_self_loops=False),
            ["pos"],
        ),
        "CFConv": (gn.nn.CFConv(3, 4, 5, network(3, 5), cutoff=12.0), conv, ["pos", "edge_attr"]),
        "SchNetInteraction": (gn.nn.SchNetInteraction(3, 6, 5, cutoff=12.0), block, ["pos"]),
    }
