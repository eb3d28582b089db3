"""Kernels for convolutions, each with a case that reaches it."""

from __future__ import annotations

from typing import Any

import torch
from drawing import grids
from hypothesis import strategies as st

import geonets as gn
from lowering.cases import case


@case("conv_on_grid", "conv_by_size")
def convolution(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    axes = draw(st.integers(1, 3))
    each = st.tuples(*[st.integers(1, 2)] * axes)
    mode = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    dilation, groups = draw(each), draw(st.integers(1, 2))
    kernel = draw(st.tuples(*[st.integers(1, 3)] * axes))
    smallest = 1 + max(d * (k - 1) for d, k in zip(dilation, kernel, strict=True))
    padding: Any = draw(st.one_of(st.tuples(*[st.integers(0, 1)] * axes), st.just("same")))
    stride = (1,) * axes if padding == "same" else draw(each)
    make = (gn.nn.Conv1d, gn.nn.Conv2d, gn.nn.Conv3d)[axes - 1]
    layer = make(2, 4, kernel, stride, padding, dilation, groups, draw(st.booleans()), mode)  # pyright: ignore[reportArgumentType]
    structure = draw(grids(2, axes, smallest=max(smallest, 2), ragged=draw(st.booleans())))
    return layer, structure
