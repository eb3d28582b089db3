"""Random structures and layers for the laws: ragged, empty and one-node items are always among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

import geonets as gn

COUNTS = st.lists(st.integers(0, 6), min_size=0, max_size=4)
SEEDS = st.integers(0, 2**31)


def rows(count: int, channels: int, seed: int, ties: bool = False) -> Tensor:
    """Float64 features; whole numbers where ties are wanted."""
    generator = torch.Generator().manual_seed(seed)
    if ties:
        return torch.randint(-2, 3, (count, channels), generator=generator).double()
    return torch.randn(count, channels, generator=generator, dtype=torch.float64)


@st.composite
def chains(draw: Any, channels: int, ragged: bool | None = None) -> gn.Structure:
    counts = draw(COUNTS)
    if ragged is False:
        counts = counts[:1] * len(counts)
    topology = gn.Chain(torch.tensor(counts, dtype=torch.long)) if counts else gn.Chain(3, num_items=0)
    return _featured(draw, topology, channels)


@st.composite
def grids(
    draw: Any,
    channels: int,
    axes: int = 2,
    ragged: bool | None = None,
    smallest: int = 0,
    periodic: bool = False,
) -> gn.Structure:
    """Grids; with `periodic` some of their axes, or all, close upon themselves."""
    size = st.tuples(*[st.integers(smallest, 5)] * axes)
    sizes = draw(st.lists(size, min_size=0, max_size=3))
    if smallest and draw(st.booleans()):
        sizes = [*sizes, (0,) * axes]
    if ragged is False:
        sizes = sizes[:1] * len(sizes)
    names = ("z", "y", "x")[3 - axes :] if axes > 1 else ("x",)
    around = draw(st.lists(st.sampled_from(names), min_size=1, unique=True)) if periodic else ()
    topology = gn.Grid(sizes, names, 1, around) if sizes else gn.Grid((5,) * axes, names, 0, around)
    return _featured(draw, topology, channels)


@st.composite
def sparse_grids(draw: Any, channels: int, axes: int = 2, periodic: bool = False, smallest: int = 0) -> gn.Structure:
    """Some of the nodes of grids."""
    whole = draw(grids(channels, axes, periodic=periodic, smallest=smallest))
    mask = draw(st.lists(st.booleans(), min_size=whole.num_nodes, max_size=whole.num_nodes))
    return whole.nodes_where(torch.tensor(mask, dtype=torch.bool))


@st.composite
def products(draw: Any, channels: int) -> gn.Structure:
    """Chains or sets times graphs, sets or products, in either order."""
    other = draw(graphs(1)).topology
    lengths = [draw(st.integers(0, 3)) for _ in range(other.num_items)]
    steps = torch.tensor(lengths, dtype=torch.long)
    factors = [gn.Chain(steps) if draw(st.booleans()) else gn.Set(steps), other]
    topology = gn.Product(*draw(st.permutations(factors)))
    if draw(st.booleans()):
        topology = gn.Product(gn.Chain(torch.tensor([2] * other.num_items, dtype=torch.long)), topology)
    return _featured(draw, topology, channels)


@st.composite
def sets(draw: Any, channels: int, dim: int = 3) -> gn.Structure:
    counts = draw(COUNTS)
    topology = gn.Set(torch.tensor(counts, dtype=torch.long)) if counts else gn.Set(3, num_items=0)
    structure = _featured(draw, topology, channels)
    return structure.replace(pos=rows(topology.num_nodes, dim, draw(SEEDS)))


@st.composite
def graphs(
    draw: Any, channels: int, edge_channels: int = 0, dim: int = 0, num_types: int | None = None
) -> gn.Structure:
    """Multigraphs with self-loops, isolated nodes, items without edges and items without nodes."""
    counts = draw(COUNTS)
    pairs: list[tuple[int, int]] = []
    start = 0
    for count in counts:
        if count:
            node = st.integers(start, start + count - 1)
            pairs += draw(st.lists(st.tuples(node, node), max_size=10))
        start += count
    order = draw(st.permutations(range(len(pairs))))
    ends = torch.tensor([pairs[row] for row in order], dtype=torch.long).reshape(-1, 2)
    types = None
    if num_types is not None:
        types = torch.tensor([draw(st.integers(0, num_types - 1)) for _ in pairs], dtype=torch.long)
    topology = gn.Graph(ends[:, 0], ends[:, 1], torch.tensor(counts, dtype=torch.long), types)
    structure = _featured(draw, topology, channels)
    if edge_channels:
        structure = structure.replace(edge_attr=rows(topology.num_edges, edge_channels, draw(SEEDS)))
    if dim:
        structure = structure.replace(pos=rows(topology.num_nodes, dim, draw(SEEDS)))
    return structure


@st.composite
def trees(draw: Any, channels: int) -> gn.Structure:
    """Acyclic graphs: every edge leads to a smaller node number, so most are forests and some share children."""
    counts = draw(COUNTS)
    pairs: list[tuple[int, int]] = []
    start = 0
    for count in counts:
        for child in range(1, count):
            parents = draw(st.lists(st.integers(0, child - 1), max_size=2, unique=True))
            pairs += [(start + child, start + parent) for parent in parents]
        start += count
    ends = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2)
    return _featured(draw, gn.Graph(ends[:, 0], ends[:, 1], torch.tensor(counts, dtype=torch.long)), channels)


def _featured(draw: Any, topology: gn.Topology, channels: int) -> gn.Structure:
    x = rows(topology.num_nodes, channels, draw(SEEDS), ties=draw(st.booleans()))
    return gn.Structure(topology, nodes={"x": x})


Run = Callable[[Any, gn.Structure], Any]


def with_grads(layer: torch.nn.Module, structure: gn.Structure, forward: Run | None = None) -> list[Tensor]:
    """The rows of `layer(structure)`, then the gradients of a fixed functional of them: inputs first, then parameters."""
    inputs = {
        name: field.detach().clone().requires_grad_()
        for name, field in (("x", structure.x), ("pos", structure.pos), ("edge_attr", structure.edge_attr))
        if field is not None
    }
    given = structure.replace(**inputs)
    result = layer(given) if forward is None else forward(layer, given)
    outputs = (
        [part.x if isinstance(part, gn.Structure) else part for part in result]
        if isinstance(result, list)
        else [result.x]
    )
    wanted = [*inputs.values(), *layer.parameters()]
    total = sum((out * weighting(out)).sum() for out in outputs)
    assert isinstance(total, Tensor)
    grads = torch.autograd.grad(total, wanted, allow_unused=True)
    zeros = [torch.zeros_like(part) if grad is None else grad for part, grad in zip(wanted, grads, strict=True)]
    return [*(out.detach() for out in outputs), *zeros]


def weighting(out: Tensor) -> Tensor:
    """Fixed numbers without pattern, one for each entry."""
    return torch.arange(out.numel(), dtype=out.dtype).reshape(out.shape).mul(0.7).sin() + 0.3


def assert_same(ours: list[Tensor], theirs: list[Tensor], tolerance: float = 1e-10) -> None:
    """Values and gradients agree, and are finite."""
    assert len(ours) == len(theirs)
    for position, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        assert mine.shape == other.shape, (position, mine.shape, other.shape)
        assert bool(mine.isfinite().all()), position
        torch.testing.assert_close(
            mine, other, atol=tolerance, rtol=tolerance, msg=lambda text, p=position: f"part {p}: {text}"
        )


ANY = st.one_of(
    chains(2),
    grids(2, 2),
    grids(2, 3),
    grids(2, 2, periodic=True),
    sets(2),
    graphs(2, edge_channels=2, dim=3, num_types=3),
    sparse_grids(2),
    products(2),
)
"""Structures of every kind, with two channels."""
