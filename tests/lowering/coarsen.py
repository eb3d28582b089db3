"""Kernels on the way to fewer nodes and back, each with a case that reaches it."""

from __future__ import annotations

from typing import Any

import torch
from drawing import chains, graphs, grids, sets
from every_layer.coarsen import ThereAndBack
from hypothesis import strategies as st

import geonets as gn
from lowering.cases import case


def lattices(draw: Any) -> gn.Structure:
    ragged = draw(st.booleans())
    return draw(st.one_of(chains(2, ragged=ragged), *(grids(2, axes, ragged=ragged) for axes in (1, 2, 3))))


@case("spread_on_grid")
def blocks_and_back(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    blocks = gn.Blocks(draw(st.integers(1, 4)))
    down = gn.nn.Coarsen(blocks, draw(st.sampled_from(["max", "mean", "sum", "min"])))
    return ThereAndBack(down, gn.nn.Refine(blocks, draw(st.sampled_from(["max", "mean", "sum"])))), lattices(draw)


@case("spread_on_grid")
def windows_and_back(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    """Whole blocks only: what is left over at the end hears nothing; and windows that overlap, or have gaps."""
    size, step = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    after = draw(st.integers(0, 2))
    window = gn.Stencil((size,) * 2, (step,) * 2, (0, 0), (after,) * 2, (1, 1))
    structure = draw(grids(2, 2, ragged=draw(st.booleans()), smallest=3))
    return ThereAndBack(gn.nn.Coarsen(window, "sum"), gn.nn.Refine(window, "sum")), structure


@case("sparse_product", "reduce_segments")
def other_ways_and_back(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    way = draw(st.sampled_from([gn.Farthest(0.5), gn.Voxels(1.0), gn.Farthest(2, "first")]))
    down = gn.nn.Coarsen(way, draw(st.sampled_from(["max", "mean"])))
    up = draw(st.sampled_from([gn.nn.Refine(way), gn.nn.Refine(way, "max"), gn.nn.Interpolate(2)]))
    return ThereAndBack(down, up), draw(sets(3))


@case("sparse_product", "reduce_segments")
def graphs_and_back(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    ways: list[Any] = [gn.nn.Coarsen(gn.Independent(hops), draw(st.sampled_from(["max", "mean"]))) for hops in (1, 2)]
    down = draw(st.sampled_from([*ways, gn.nn.TopKPooling(3, 0.6)]))
    return ThereAndBack(down), draw(st.one_of(graphs(3), chains(3)))
