"""Kernels for convolutions, each with a case that reaches it."""

from __future__ import annotations

from typing import Any

import torch
from drawing import SEEDS, chains, graphs, grids, rows, sets
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
        links, num_kinds = structure.topology.links, self.weight.shape[2]
        influence = {
            "typed": None,
            "chosen": (links.senders + 2 * links.receivers) % num_kinds,
            "weighted": structure.edge_attr[:, 0],
            "soft": structure.edge_attr,
        }
        operands = ConvolveOperands(structure.x, self.weight, self.bias, influence[self.spec.influence])
        return structure.replace(x=run(self.spec, operands, structure))


@case("convolve_by_influence")
def influences(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    num_kinds = draw(st.integers(1, 9))
    return _Relations(num_kinds, 1, "soft"), draw(graphs(2, edge_channels=num_kinds, num_types=num_kinds))


@case("convolve_by_kind")
def kinds(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    num_kinds = draw(st.integers(1, 9))
    layer = _Relations(num_kinds, 1, draw(st.sampled_from(["typed", "chosen", "weighted"])))
    return layer, draw(graphs(2, edge_channels=1, num_types=num_kinds))


@case("convolve_by_type")
def relations(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    """Few types that are all heard, and more than are."""
    num_kinds = draw(st.sampled_from([1, 2, 9]))
    layer = _Relations(
        num_kinds, draw(st.integers(1, 2)), draw(st.sampled_from(["typed", "chosen", "weighted", "soft"]))
    )
    return layer, draw(graphs(2, edge_channels=num_kinds, num_types=num_kinds))


@case("conv_transpose_on_grid", "conv_transpose_on_canvas")
def transposed_convolution(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    axes = draw(st.integers(1, 3))
    each = st.tuples(*[st.integers(1, 3)] * axes)
    kernel, stride, dilation = draw(each), draw(each), draw(st.tuples(*[st.integers(1, 2)] * axes))
    padding = tuple(draw(st.integers(0, d * (k - 1) // 2)) for d, k in zip(dilation, kernel, strict=True))
    more = tuple(draw(st.integers(0, max(pair) - 1)) for pair in zip(stride, dilation, strict=True))
    make: Any = (gn.nn.ConvTranspose1d, gn.nn.ConvTranspose2d, gn.nn.ConvTranspose3d)[axes - 1]
    layer = make(2, 4, kernel, stride, padding, more, draw(st.integers(1, 2)), draw(st.booleans()), dilation)
    return layer, draw(grids(2, axes, smallest=1, ragged=draw(st.booleans())))


@case("convolve_by_type")
def relational_convolution(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    options = draw(st.sampled_from([{}, {"num_bases": 2}, {"num_blocks": 2}, {"aggr": "sum", "root_weight": False}]))
    structures = st.one_of(graphs(4, num_types=4), chains(4), grids(4, 2))
    return gn.nn.RGCNConv(4, 2, draw(st.sampled_from([4, 30])), **options), draw(structures)


@case("convolve_by_type")
def kernel_points(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    points = draw(st.sampled_from([1, 5, (2, 1, 3), torch.randn(4, 3)]))
    return gn.nn.KPConv(2, 3, 0.8, points, bias=draw(st.booleans())), draw(sets(2))


@case("conv_on_grid", "conv_on_canvas")
def convolution_going_round(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    """Windows larger than their axis, and any padding mode along the axes that have ends."""
    axes = draw(st.integers(1, 3))
    kernel = draw(st.tuples(*[st.integers(1, 5)] * axes))
    dilation, padding = draw(st.integers(1, 2)), draw(st.integers(0, 3))
    make: Any = (gn.nn.Conv1d, gn.nn.Conv2d, gn.nn.Conv3d)[axes - 1]
    mode = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    structure = draw(grids(2, axes, smallest=4, ragged=draw(st.booleans()), periodic=True))
    around = structure.topology.periodic
    kernel = tuple(size if goes else min(size, 2) for size, goes in zip(kernel, around, strict=True))
    stride = 1 if any(around) else 2
    return make(2, 4, kernel, stride, padding, dilation, 2, padding_mode=mode), structure


@case("conv_on_grid")
def strided_rings(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layer = gn.nn.Conv1d(3, 2, draw(st.integers(1, 4)), 2, draw(st.integers(0, 2)))
    rings = gn.Chain([draw(st.sampled_from([2, 4, 6]))] * draw(st.integers(0, 2)), periodic=True)
    return layer, gn.Structure(rings, {"x": rows(rings.num_nodes, 3, draw(SEEDS))})


@case("convolve_by_type")
def transposed_convolution_going_round(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    kernel, stride, padding = draw(st.integers(1, 4)), draw(st.integers(1, 2)), draw(st.integers(0, 1))
    layer = gn.nn.ConvTranspose2d(2, 4, kernel, stride, padding if kernel > 2 else 0, groups=draw(st.integers(1, 2)))
    return layer, draw(grids(2, 2, smallest=1, periodic=True))
