"""Structures of every kind, drawn from item sizes and a seed: 4 channels, float64."""

from __future__ import annotations

import torch

import geonets as gn


def _rows(count: int, channels: int, seed: int) -> torch.Tensor:
    return torch.randn(count, channels, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def chain(counts: list[int], seed: int) -> gn.Structure:
    return gn.Structure(gn.Chain(torch.tensor(counts, dtype=torch.long)), {"x": _rows(sum(counts), 4, seed)})


def grid(counts: list[int], seed: int) -> gn.Structure:
    sizes = torch.tensor([(count, count + 1 if count else 0) for count in counts], dtype=torch.long).reshape(-1, 2)
    return gn.Structure(gn.Grid(sizes, ("y", "x")), {"x": _rows(int(sizes.prod(1).sum()), 4, seed)})


def volume(counts: list[int], seed: int) -> gn.Structure:
    sizes = torch.tensor([(count, count, max(count - 1, min(count, 1))) for count in counts]).reshape(-1, 3)
    topology = gn.Grid(sizes, ("z", "y", "x"))
    return gn.Structure(topology, {"x": _rows(topology.num_nodes, 4, seed)})


def ring(counts: list[int], seed: int) -> gn.Structure:
    """Chains whose ends meet."""
    topology = gn.Chain(torch.tensor(counts, dtype=torch.long), periodic=True)
    return gn.Structure(topology, {"x": _rows(sum(counts), 4, seed)})


def torus(counts: list[int], seed: int) -> gn.Structure:
    """Grids that close upon themselves along one axis and along the other."""
    flat = grid(counts, seed)
    return gn.Structure(gn.Grid(flat.topology.sizes.sizes, periodic=True), flat.nodes)


def sparse(counts: list[int], seed: int) -> gn.Structure:
    """Masked images, some of whose items have places but no nodes."""
    whole = grid([count + 1 if count > 1 else count for count in counts], seed)
    return whole.nodes_where(torch.rand(whole.num_nodes, generator=torch.Generator().manual_seed(seed)) < 0.6)


def moving(counts: list[int], seed: int) -> gn.Structure:
    """A graph of three nodes at every step of time."""
    num_items = len(counts)
    ends = torch.tensor([[0, 1, 1, 2, 2], [1, 0, 0, 1, 2]]).repeat(1, num_items)
    starts = 3 * torch.arange(num_items).repeat_interleave(5)
    body = gn.Graph(ends[0] + starts, ends[1] + starts, torch.full((num_items,), 3))
    topology = gn.Product(gn.Chain(torch.tensor(counts, dtype=torch.long)), body)
    return gn.Structure(topology, {"x": _rows(topology.num_nodes, 4, seed)})


def cloud(counts: list[int], seed: int) -> gn.Structure:
    nodes = {"x": _rows(sum(counts), 4, seed), "pos": _rows(sum(counts), 3, seed + 1)}
    return gn.Structure(gn.Set(torch.tensor(counts, dtype=torch.long)), nodes)


def graph(counts: list[int], seed: int) -> gn.Structure:
    """Random typed multigraphs with self-loops; the last node of each is isolated."""
    generator = torch.Generator().manual_seed(seed)
    ends, start = [], 0
    for count in counts:
        if count > 1:
            ends.append(start + torch.randint(0, count - 1, (2, 2 * count), generator=generator))
        start += count
    index = torch.cat(ends, 1) if ends else torch.empty(2, 0, dtype=torch.long)
    types = torch.randint(0, 3, (index.shape[1],), generator=generator)
    topology = gn.Graph(index[0], index[1], torch.tensor(counts, dtype=torch.long), types)
    nodes = {"x": _rows(start, 4, seed), "pos": _rows(start, 3, seed + 1)}
    return gn.Structure(topology, nodes, {"edge_attr": _rows(topology.num_edges, 4, seed + 2)})


def papers(counts: list[int], seed: int) -> gn.Structure:
    """Graphs whose nodes also have 4 channels kept sparse, as the level `words`."""
    plain = graph(counts, seed)
    return gn.keep_sparse(plain, plain.x * (plain.x > 0.3), "words")


def forest(counts: list[int], seed: int) -> gn.Structure:
    """Random trees: every node but the first of an item points to one with a smaller number; two types of edges."""
    generator = torch.Generator().manual_seed(seed)
    ends, start = [], 0
    for count in counts:
        for child in range(1, count):
            ends.append((start + child, start + int(torch.randint(0, child, (1,), generator=generator))))
        start += count
    index = torch.tensor(ends, dtype=torch.long).reshape(-1, 2).T
    topology = gn.Graph(index[0], index[1], torch.tensor(counts, dtype=torch.long), index[0] % 2)
    return gn.Structure(topology, {"x": _rows(start, 4, seed)})
