"""Kernels for poolings over windows, each with a case that reaches it."""

from __future__ import annotations

from typing import Any

import torch
from drawing import grids
from hypothesis import strategies as st

import geonets as gn
from lowering.cases import case


@case("pool_on_grid", "pool_on_canvas")
def pooling(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    axes = draw(st.integers(1, 3))
    kernel = draw(st.integers(1, 3))
    options: dict[str, Any] = {"stride": draw(st.integers(1, 3)), "padding": draw(st.integers(0, kernel // 2))}
    options["ceil_mode"] = draw(st.booleans())
    if draw(st.booleans()):
        layer = (gn.nn.MaxPool1d, gn.nn.MaxPool2d, gn.nn.MaxPool3d)[axes - 1](kernel, **options)
    else:
        options["count_include_pad"] = draw(st.booleans())
        layer = (gn.nn.AvgPool1d, gn.nn.AvgPool2d, gn.nn.AvgPool3d)[axes - 1](kernel, **options)
    return layer, draw(
        grids(2, axes, smallest=draw(st.integers(kernel - 2 * options["padding"], 3)) or 1, ragged=draw(st.booleans()))
    )


@case("pool_on_grid", "pool_on_canvas")
def pooling_round_a_torus(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    axes, kernel = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    options: dict[str, Any] = {"stride": 1, "padding": draw(st.integers(0, kernel // 2))}
    if draw(st.booleans()):
        layer = (gn.nn.MaxPool1d, gn.nn.MaxPool2d, gn.nn.MaxPool3d)[axes - 1](kernel, **options)
    else:
        options["count_include_pad"] = draw(st.booleans())
        layer = (gn.nn.AvgPool1d, gn.nn.AvgPool2d, gn.nn.AvgPool3d)[axes - 1](kernel, **options)
    return layer, draw(grids(2, axes, smallest=4, ragged=draw(st.booleans()), periodic=True))
