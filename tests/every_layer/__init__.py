"""Each public layer with the structures that it runs on, for laws that hold for all of them; a family of layers a file."""

from __future__ import annotations

from collections.abc import Callable

import torch

import geonets as gn
from every_layer import (
    aggregate,
    attend,
    coarsen,
    convolve,
    geometry,
    models,
    nodewise,
    pool,
    recur,
    topologies,
    whole_items,
)
from every_layer.structures import chain, cloud, forest, graph, grid, volume

__all__ = ["CASES", "IDS", "LAYERS", "NUMBERED", "chain", "cloud", "forest", "graph", "grid", "made", "volume"]

Make = Callable[[], torch.nn.Module]
Draw = Callable[[list[int], int], gn.Structure]

FAMILIES = (nodewise, convolve, pool, coarsen, aggregate, attend, recur, geometry, topologies, whole_items, models)
LAYERS: dict[str, tuple[Make, list[Draw]]] = {name: case for family in FAMILIES for name, case in family.LAYERS.items()}
"""A way to make each layer for 4 channels, and to draw the structures that it runs on from item sizes and a seed."""

CASES = [(name, draw) for name, (_, draws) in LAYERS.items() for draw in draws]
IDS = [f"{name}-{draw.__name__}" for name, draw in CASES]

NUMBERED = ("Coarsen on graphs", "models.UNet on graphs")
"""Cases that choose nodes of a graph by number, as any rule must that tells alike nodes apart."""


def made(name: str) -> torch.nn.Module:
    """The layer in float64 and evaluation mode."""
    torch.default_generator.manual_seed(1)
    return LAYERS[name][0]().double().eval()
