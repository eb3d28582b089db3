"""Some of the nodes: `subsample`, `random_crop`, `largest_component`."""

from __future__ import annotations

import torch

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import require_pos
from geonets.core.options import one_of
from geonets.core.packages import require
from geonets.core.sampling import (
    Seed,
    check_ratio,
    farthest_points,
    first_of_items,
    kept_counts,
    number_of,
    random_nodes,
    uniform,
)
from geonets.core.structure import Structure
from geonets.core.topology import OnLattice


def subsample(structure: Structure, ratio: float | int, by: str = "random", seed: Seed = None) -> Structure:
    """A part of each item's nodes, without replacement and in their order, with the links between them.

    Args:
        structure: any.
        ratio: the part of each item's nodes (rounded up), or a number of nodes as an int; all where there are not more.
        by: `"random"`, all subsets alike; or `"farthest"`, spread evenly over the item by `pos`.
        seed: of the draws: a number, or a generator, or None for torch's global one.

    Raises:
        OptionError: if `ratio` is no part and no number, or `by` another word.
        StructureError: if there are no positions for `"farthest"`.

    Example:
        >>> import geonets as gn
        >>> clouds = gn.points([torch.randn(100, 3), torch.randn(30, 3)])
        >>> gn.transforms.subsample(clouds, 64, seed=0).topology.node_counts.tolist()
        [64, 30]
    """
    one_of("by", by, ("random", "farthest"))
    check_ratio(ratio)
    topology = structure.topology
    if by == "random":
        return structure.nodes_where(random_nodes(topology, kept_counts(topology, ratio), number_of(seed)))
    require_pos(structure, "subsample")
    kept = torch.zeros(structure.num_nodes, dtype=torch.bool, device=structure.device)
    return structure.nodes_where(kept.index_fill_(0, farthest_points(structure.pos, topology, ratio).nodes, True))


def random_crop(structure: Structure, nodes: int | None = None, *, seed: Seed = None, **sizes: int) -> Structure:
    """A random piece of each item: a box of a chain or grid, or the nodes nearest to a random one.

    All boxes that fit are equally likely; along an axis on which an item is not larger it stays whole.

    Args:
        structure: a chain or grid, or with positions.
        nodes: how many nodes of each item: a random node and those nearest to it by `pos`, in their order.
        seed: of the draws: a number, or a generator, or None for torch's global one.
        **sizes: instead, for each axis that is cropped the size of the box: `y=24, x=24`.

    Raises:
        OptionError: if both or neither are given, or a size is not positive.
        StructureError: if there is no such axis, or there are no positions.

    Example:
        >>> import geonets as gn
        >>> photos = gn.grid([torch.randn(28, 28, 1), torch.randn(40, 20, 1)])
        >>> gn.transforms.random_crop(photos, y=24, x=24, seed=0).topology.sizes.sizes.tolist()
        [[24, 24], [24, 20]]
    """
    if (nodes is None) == (not sizes) or min([*sizes.values(), 1 if nodes is None else nodes]) < 1:
        raise OptionError(
            f"`nodes` must be at least 1, or else a size be given for some axes; got {nodes} and {sizes}. "
            "Pass y=24, x=24 for grids, or nodes=1024 for clouds."
        )
    number, topology = number_of(seed), structure.topology
    items = torch.arange(len(structure), device=structure.device)
    if nodes is not None:
        require_pos(structure, "random_crop")
        chosen = topology.node_offsets[:-1] + (uniform(number, items) * topology.node_counts).long()
        pos = structure.pos.detach().double()
        middle = pos[chosen.clamp(max=max(0, len(pos) - 1))] if len(pos) else pos.new_zeros(len(items), pos.shape[1])
        apart = (pos - middle[topology.item_ids]).square().sum(1)
        return structure.nodes_where(first_of_items(topology, apart, torch.full_like(items, nodes)))
    if not isinstance(topology, OnLattice) or not set(sizes) <= set(topology.lattice.axes):
        return structure.crop(**{axis: slice(0, size) for axis, size in sizes.items()})  # which says what is wrong
    spans = {}
    for axis, size in sizes.items():
        column = topology.lattice.axes.index(axis)
        room = (topology.lattice.sizes.sizes[:, column] - size).clamp(min=0)
        start = (uniform(number, items, column) * (room + 1)).long()
        spans[axis] = slice(start, start + size)
    return structure.crop(**spans)


def largest_component(structure: Structure) -> Structure:
    """Of each item the largest part that hangs together, whatever the direction of its links; of equal ones the first.

    Args:
        structure: over any topology that has links.

    Example:
        >>> import geonets as gn
        >>> gn.transforms.largest_component(gn.graph(torch.tensor([[0, 2, 3], [1, 3, 4]]))).topology
        Graph(1 item of 3 nodes, 2 edges)
    """
    links, count = structure.topology.links, structure.num_nodes
    sparse, graphs = require("scipy.sparse", "scipy"), require("scipy.sparse.csgraph", "scipy")
    ends = links.receivers.cpu().numpy(), links.senders.cpu().numpy()
    linked = sparse.coo_array((torch.ones(links.num_edges).numpy(), ends), (count, count)).tocsr()
    _, labels = graphs.connected_components(linked, directed=False)
    part = torch.from_numpy(labels).long().to(structure.device)
    sizes = torch.bincount(part)[part] if count else part
    items = structure.topology.item_ids
    largest = sizes.new_zeros(len(structure)).scatter_reduce(0, items, sizes, "amax")
    numbers = torch.where(sizes == largest[items], torch.arange(count, device=part.device), count)
    first = numbers.new_full((len(structure),), count).scatter_reduce(0, items, numbers, "amin")
    return structure.nodes_where(part == part[first[items]])
