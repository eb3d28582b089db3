"""Layers made of `attend`."""

from __future__ import annotations

from typing import Any

import torch

import geonets as gn
from every_layer.structures import chain, cloud, graph, grid, ring, sparse, torus


class Recalling(torch.nn.Module):
    """A decoder whose memory is what it decodes."""

    def __init__(self, decoder: torch.nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, structure: gn.Structure) -> gn.Structure:
        return self.decoder(structure, structure)


def _encoder(**options: Any) -> gn.nn.TransformerEncoderLayer:
    return gn.nn.TransformerEncoderLayer(4, 2, 6, **options)


def _decoder(**options: Any) -> gn.nn.TransformerDecoderLayer:
    return gn.nn.TransformerDecoderLayer(4, 2, 6, **options)


LAYERS = {
    "MultiheadAttention": (lambda: gn.nn.MultiheadAttention(4, 2), [chain, grid, cloud, graph]),
    "MultiheadAttention causal": (
        lambda: gn.nn.MultiheadAttention(4, 2, neighborhood=gn.Complete(causal=True), relation=gn.LagBuckets(8, 16)),
        [chain],
    ),
    "MultiheadAttention in a window": (
        lambda: gn.nn.MultiheadAttention(4, 2, neighborhood=gn.Window(1)),
        [chain, grid, ring, torus, sparse],
    ),
    "MultiheadAttention in a causal window of offsets": (
        lambda: gn.nn.MultiheadAttention(4, 2, neighborhood=gn.Window(2, causal=True), relation=gn.Offset((1, 2))),
        [grid],
    ),
    "MultiheadAttention with lags as keys": (
        lambda: gn.nn.MultiheadAttention(4, 2, relation=gn.Lag(2), relative_keys=True, rotary=10.0),
        [chain],
    ),
    "MultiheadAttention over links": (
        lambda: gn.nn.MultiheadAttention(4, 2, neighborhood=gn.Links()),
        [chain, grid, graph],
    ),
    "TransformerEncoderLayer": (_encoder, [chain, grid, cloud, graph]),
    "TransformerDecoderLayer": (lambda: Recalling(_decoder(norm_first=True)), [chain, grid, cloud, graph]),
    "TransformerEncoder": (
        lambda: gn.nn.TransformerEncoder(_encoder(norm_first=True, activation="gelu"), 2, torch.nn.LayerNorm(4)),
        [chain, cloud],
    ),
    "TransformerDecoder": (lambda: Recalling(gn.nn.TransformerDecoder(_decoder(), 2)), [chain, cloud]),
    "SinusoidalEncoding": (lambda: gn.nn.SinusoidalEncoding(4), [chain, grid]),
    "SetAttentionBlock": (lambda: gn.nn.SetAttentionBlock(4, 2), [chain, grid, cloud, graph]),
    "InducedSetAttentionBlock": (lambda: gn.nn.InducedSetAttentionBlock(4, 3), [chain, grid, cloud, graph]),
    "PoolingByMultiheadAttention": (lambda: gn.nn.PoolingByMultiheadAttention(4, 2), [chain, grid, cloud, graph]),
    "GPSConv": (lambda: gn.nn.GPSConv(4, gn.nn.GINConv(gn.nn.MLP([4, 4])), heads=2), [chain, grid, graph]),
    "GPSConv normalised by item": (lambda: gn.nn.GPSConv(4, None, norm="layer_norm"), [chain, cloud, graph]),
    "GATConv": (lambda: gn.nn.GATConv(4, 3, heads=2, edge_dim=4), [graph]),
    "GATConv without edges": (lambda: gn.nn.GATConv(4, 3), [chain, grid, graph]),
    "GATv2Conv": (lambda: gn.nn.GATv2Conv(4, 3, heads=2, edge_dim=4), [graph]),
    "GATv2Conv without edges": (lambda: gn.nn.GATv2Conv(4, 3), [chain, grid, graph]),
    "TransformerConv": (lambda: gn.nn.TransformerConv(4, 3, heads=2, edge_dim=4, beta=True), [graph]),
    "TransformerConv without edges": (lambda: gn.nn.TransformerConv(4, 3), [chain, grid, graph]),
}
