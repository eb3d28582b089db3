"""GATv2 and TransformerConv."""

from __future__ import annotations

from typing import Any

import geonets as gn


def pairs() -> dict[str, tuple[Any, Any, list[str]]]:
    """Our layer, PyG's, and which of `edge_attr, pos` PyG's forward takes after `x, edge_index`."""
    from torch_geometric import nn as pyg

    gatv2: dict[str, dict[str, Any]] = {
        "GATv2": {"heads": 2},
        "GATv2 with edges": {"heads": 2, "edge_dim": 3, "concat": False, "bias": False},
        "GATv2 without loops": {"edge_dim": 3, "add_self_loops": False, "residual": True, "negative_slope": 0.1},
        "GATv2 with shared weights": {"heads": 2, "edge_dim": 3, "fill_value": 0.5, "share_weights": True},
    }
    transformer: dict[str, dict[str, Any]] = {
        "Transformer": {"heads": 2},
        "Transformer with edges": {"heads": 2, "edge_dim": 3, "beta": True},
        "Transformer of means": {"heads": 2, "edge_dim": 3, "beta": True, "concat": False, "bias": False},
        "Transformer without roots": {"edge_dim": 3, "beta": True, "root_weight": False},
    }
    both = [(gatv2, gn.nn.GATv2Conv, pyg.GATv2Conv), (transformer, gn.nn.TransformerConv, pyg.TransformerConv)]
    return {
        name: (ours(3, 4, **options), theirs(3, 4, **options), ["edge_attr"] if "edge_dim" in options else [])
        for cases, ours, theirs in both
        for name, options in cases.items()
    }
