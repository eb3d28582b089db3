"""Kernels for convolutions, each with a case that reaches it."""

from __future__ import annotations

from typing import Any

import torch
from drawing import SEEDS, graphs, grids, rows
from hypothesis import strategies as st

import geonets as gn
from geonets.engine.plan import run
from geonets.engine.spec import ConvolveOperands, ConvolveSpec
from lowering.cases import case


@case("conv_on_grid", "conv_on_canvas")
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


class _Window(torch.nn.Module):
    """A convolution along more axes than torch has."""

    def __init__(self, axes: int, groups: int) -> None:
        super().__init__()
        each = (2,) * axes
        self.spec = ConvolveSpec(gn.Stencil(each, (1,) * axes, (1,) * axes, (0,) * axes, (1,) * axes), groups)
        self.weight = torch.nn.Parameter(torch.randn(4, 2 // groups, *each))

    def forward(self, structure: gn.Structure) -> gn.Structure:
        rows = run(self.spec, ConvolveOperands(structure.x, self.weight, None), structure)
        return structure.on(self.spec.neighborhood.target(structure.topology), {"x": rows})


@case("convolve_by_type")
def windows_of_four_axes(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    axes = draw(st.integers(4, 5))
    sizes = draw(st.lists(st.tuples(*[st.integers(0, 3)] * axes), max_size=2))
    names = tuple("abcde"[:axes])
    topology = gn.Grid(torch.tensor(sizes, dtype=torch.long).reshape(-1, axes), names)
    return _Window(axes, draw(st.integers(1, 2))), gn.Structure(
        topology, {"x": rows(topology.num_nodes, 2, draw(SEEDS))}
    )


class _Relations(torch.nn.Module):
    """`y_i = b + sum_{j -> i} sum_k a_ijk W_k x_j` on typed links."""

    def __init__(self, num_kinds: int, groups: int, influence: str) -> None:
        super().__init__()
        self.spec = ConvolveSpec(gn.Links(), groups, influence)
        self.weight = torch.nn.Parameter(torch.randn(4, 2 // groups, num_kinds))
        self.bias = torch.nn.Parameter(torch.randn(4))

    def forward(self, structure: gn.Structure) -> gn.Structure:
        influence = {"typed": None, "weighted": structure.edge_attr[:, 0], "soft": structure.edge_attr}
        operands = ConvolveOperands(structure.x, self.weight, self.bias, influence[self.spec.influence])
        return structure.replace(x=run(self.spec, operands, structure))


@case("convolve_by_type")
def relations(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    """Few types that are all heard, and more than are."""
    num_kinds = draw(st.sampled_from([1, 2, 9]))
    layer = _Relations(num_kinds, draw(st.integers(1, 2)), draw(st.sampled_from(["typed", "weighted", "soft"])))
    return layer, draw(graphs(2, edge_channels=num_kinds, num_types=num_kinds))
