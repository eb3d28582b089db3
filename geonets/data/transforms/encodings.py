"""Where a node is in its graph, as columns: `laplacian_encoding`, `random_walk_encoding`."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.errors import OptionError
from geonets.core.packages import require
from geonets.core.ranges import segment_sum
from geonets.core.sampling import Seed, local_numbers, number_of, uniform
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList

BEYOND = 3.0
"""By how much the eigenvalue of the trivial eigenvector is raised: above all others, which are at most 2."""

ENTRIES = 2**22
"""Numbers that are held at once: larger tables are computed in parts."""


def laplacian_encoding(
    structure: Structure, k: int, into: str = "laplacian", *, seed: Seed = None, flips: bool = False, dense: int = 1024
) -> Structure:
    """The eigenvectors of the normalised Laplacian `1 - D^-1/2 A D^-1/2` with the smallest eigenvalues.

    `A_ij` is 1 where i and j are linked, in whichever direction and however often; loops do not count. `D^1/2 1`, which
    is there in every graph, is left out. An eigenvector has length 1 and an arbitrary sign: here the entry of largest
    magnitude is positive (of almost equal ones that of the lowest number). Of equal eigenvalues any basis of their
    space may come. Columns that an item is too small to have are 0.

    Args:
        structure: over any topology that has links.
        k: columns.
        into: the node field for the `(N, k)` rows.
        seed: of the flips: a number, or a generator, or None for torch's global one.
        flips: change the sign of each column of each item at random, as one does in training.
        dense: items with more nodes are handed to an iterative method, which finds only `k` eigenvectors.

    Raises:
        OptionError: if `k` is not positive.

    Reference: Dwivedi et al., "Benchmarking graph neural networks", 2020, section 3.2.1.

    Example:
        >>> import geonets as gn
        >>> path = gn.graph(torch.tensor([[0, 1], [1, 2]]))
        >>> gn.transforms.laplacian_encoding(path, 1).nodes["laplacian"].flatten().abs().round(decimals=2)
        tensor([0.7100, 0.0000, 0.7100])
    """
    _check_columns("k", k)
    topology, links = structure.topology, structure.topology.links
    counts, starts = topology.node_counts, topology.node_offsets[:-1]
    rows = torch.zeros(structure.num_nodes, k, dtype=torch.float64, device=structure.device)
    for size in counts.unique().tolist():
        items = (counts == size).nonzero().squeeze(1)
        if size < 2:
            continue
        part = max(1, ENTRIES // size**2) if size <= dense else 1
        for some in items.split(part):
            nodes = starts[some][:, None] + torch.arange(size, device=rows.device)  # (b, n)
            vectors = _dense(links, nodes, k) if size <= dense else _iterative(links, nodes[0], k)
            rows[nodes.flatten(), : vectors.shape[-1]] = vectors.flatten(0, 1)
    rows = _with_signs(rows, structure)
    if flips:
        heads = uniform(number_of(seed), topology.item_ids[:, None], torch.arange(k, device=rows.device)) < 0.5
        rows = torch.where(heads, -rows, rows)
    return structure.replace(nodes={into: rows.to(torch.get_default_dtype())})


def random_walk_encoding(structure: Structure, steps: int, into: str = "random_walk") -> Structure:
    """How probably a random walk from a node is back after 1, 2, ... steps: the diagonals of `P, P^2, ..., P^steps`.

    `P = D^-1 A`, from a node along one of the links that it sends, all alike; a walk that cannot go on is over.

    Args:
        structure: over any topology that has links.
        steps: columns.
        into: the node field for the `(N, steps)` rows.

    Raises:
        OptionError: if `steps` is not positive.

    Reference: Dwivedi et al., "Graph neural networks with learnable structural and positional representations", 2022,
        equation 4.

    Example:
        >>> import geonets as gn
        >>> pair = gn.graph(torch.tensor([[0, 1], [1, 0]]))
        >>> gn.transforms.random_walk_encoding(pair, 4).nodes["random_walk"][0]
        tensor([0., 1., 0., 1.])
    """
    _check_columns("steps", steps)
    topology, links = structure.topology, structure.topology.links
    local, longest = local_numbers(topology), int(topology.node_counts.max()) if len(structure) else 0
    rows = torch.zeros(structure.num_nodes, steps, dtype=torch.float64, device=structure.device)
    chances = 1 / links.reversed.degrees.clamp(min=1).double()
    width = max(1, ENTRIES // max(1, links.num_edges, structure.num_nodes))
    for first in range(0, longest, width):  # in all items at once: the walks from their nodes number `first` and after
        here = ((local >= first) & (local < first + width)).nonzero().squeeze(1)
        walkers = torch.zeros(structure.num_nodes, min(width, longest - first), dtype=torch.float64, device=rows.device)
        columns = local[here] - first
        walkers[here, columns] = 1
        for step in range(steps):
            leaving = (walkers * chances[:, None]).index_select(0, links.senders)
            walkers = segment_sum(leaving, links.pointers, links.receivers)
            rows[here, step] = walkers[here, columns]
    return structure.replace(nodes={into: rows.to(torch.get_default_dtype())})


def _dense(links: EdgeList, nodes: Tensor, k: int) -> Tensor:
    """`(b, n, min(k, n - 1))` eigenvectors of items of one size."""
    items, size = nodes.shape
    place = torch.full((links.num_receivers,), -1, dtype=torch.long, device=nodes.device)
    place[nodes.flatten()] = torch.arange(items * size, device=nodes.device)
    rows = (place[links.receivers] >= 0).nonzero().squeeze(1)
    receivers, senders = place[links.receivers[rows]], place[links.senders[rows]]
    linked = torch.zeros(items, size, size, dtype=torch.float64, device=nodes.device)
    linked[receivers // size, receivers % size, senders % size] = 1
    linked = torch.maximum(linked, linked.mT)
    linked.diagonal(dim1=1, dim2=2).zero_()
    roots, trivial = _inverse_roots(linked.sum(2)), _trivial(linked.sum(2))
    laplacian = torch.eye(size, dtype=torch.float64, device=nodes.device) - roots[:, :, None] * linked * roots[:, None]
    laplacian = laplacian + BEYOND * trivial[:, :, None] * trivial[:, None]
    return torch.linalg.eigh(laplacian)[1][:, :, : min(k, size - 1)]


def _iterative(links: EdgeList, nodes: Tensor, k: int) -> Tensor:
    """`(1, n, min(k, n - 2))` eigenvectors of one large item: the largest of `D^-1/2 A D^-1/2`, by Lanczos."""
    sparse, solvers = require("scipy.sparse", "scipy"), require("scipy.sparse.linalg", "scipy")
    first, size = int(nodes[0]), len(nodes)
    low, high = int(links.pointers[first]), int(links.pointers[first + size])
    receivers, senders = ((ends[low:high] - first).cpu().numpy() for ends in (links.receivers, links.senders))
    linked = sparse.coo_array((torch.ones(high - low).double().numpy(), (receivers, senders)), (size, size)).tocsr()
    linked = linked.maximum(linked.T).tolil()
    linked.setdiag(0)
    linked = (linked.tocsr() > 0).astype("float64")
    degrees = torch.from_numpy(linked.sum(1))
    roots, trivial = sparse.diags_array(_inverse_roots(degrees).numpy()), _trivial(degrees).numpy()
    scaled = roots @ linked @ roots
    operator = solvers.LinearOperator(
        (size, size), matvec=lambda v: scaled @ v - BEYOND * trivial * (trivial @ v), dtype=trivial.dtype
    )
    start = uniform(0, torch.arange(size)).numpy() + 0.5  # any will do, but always the same
    values, vectors = solvers.eigsh(operator, k=min(k, size - 2), which="LA", v0=start)
    return torch.from_numpy(vectors[:, (-values).argsort(kind="stable")].copy())[None].to(nodes.device)


def _inverse_roots(degrees: Tensor) -> Tensor:
    return torch.where(degrees > 0, degrees.clamp(min=1).rsqrt(), 0)


def _trivial(degrees: Tensor) -> Tensor:
    """The eigenvector that says nothing: `D^1/2 1`, of length 1."""
    return torch.nn.functional.normalize(degrees.double().sqrt(), dim=-1)


def _with_signs(rows: Tensor, structure: Structure) -> Tensor:
    """In each column of each item the largest entry is positive; of those that differ by rounding only, the first."""
    items = structure.topology.item_ids[:, None].expand_as(rows)
    shape = len(structure), rows.shape[1]
    peaks = rows.new_zeros(shape).scatter_reduce(0, items, rows.abs(), "amax")
    numbers = torch.arange(len(rows), device=rows.device)[:, None].expand_as(rows)
    high = torch.where(rows.abs() >= peaks.gather(0, items) - 1e-9, numbers, len(rows))
    first = numbers.new_full(shape, len(rows)).scatter_reduce(0, items, high, "amin")
    signs = torch.where(rows.gather(0, first.gather(0, items)) < 0, -1.0, 1.0) if len(rows) else rows
    return rows * signs


def _check_columns(name: str, count: int) -> None:
    if count < 1:
        raise OptionError(f"`{name}` must be at least 1; got {count}. Pass the number of columns.")
