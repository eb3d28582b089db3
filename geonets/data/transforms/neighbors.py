"""`sample_neighbors` and `neighbor_batches`: pieces of a graph that is too large for one step of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, OptionError, StructureError
from geonets.core.ranges import Sizes
from geonets.core.sampling import Seed, neighbors_of, number_of
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Graph


def sample_neighbors(
    structure: Structure, seeds: Any, fanouts: Sequence[int] = (15, 10), seed: Seed = None
) -> Structure:
    """Some nodes with a few of their neighbours, and a few of theirs: what as many layers need to know of the rest.

    At each hop the nodes that are new hear as many of their senders, drawn without replacement, all subsets alike.
    With `fanouts=(-1, -1)` two layers give the seeds exactly what they give them on the whole graph.

    Args:
        structure: over any topology that has links: one large graph, mostly.
        seeds: `(s,)` distinct node numbers, or `(N,)` bool.
        fanouts: links a node at each hop, the seeds' first; -1 for all.
        seed: of the draws: a number, or a generator, or None for torch's global one. A node's draw does not depend on
            what else is sampled.

    Returns:
        A Structure over a `Graph` with as many items. The nodes of an item begin with its seeds, in the order in which
        they are given; `globals["num_seeds"]` `(B,)` says how many these are. `nodes["node_id"]` and
        `edges["edge_id"]` are the numbers of nodes and of edge rows in `structure`; all fields and meta travel.

    Raises:
        DtypeError: if seeds are neither node numbers nor a mask.
        OptionError: if a fan-out is below -1.
        StructureError: if a seed is not there or named twice, a name of these is taken, or there are further levels.

    Reference: Hamilton, Ying & Leskovec, "Inductive representation learning on large graphs", 2017, algorithm 2.

    Example:
        >>> import geonets as gn
        >>> ring = gn.chain(torch.randn(1, 100, 4), periodic=True)
        >>> piece = gn.sample_neighbors(ring, torch.tensor([50]), fanouts=(-1, -1))
        >>> piece.nodes["node_id"].tolist(), piece.globals["num_seeds"].tolist()
        ([50, 49, 51, 48, 52], [1])
    """
    chosen = _seeds(structure, seeds)
    low = min(fanouts, default=0)
    if low < -1:
        raise OptionError(
            f"`fanouts` must be numbers of links, or -1 for all; got {tuple(fanouts)}. Pass (15, 10), say."
        )
    _check_names(structure)
    links, topology = structure.topology.links, structure.topology
    hops = neighbors_of(links, chosen, fanouts, number_of(seed))
    items = topology.item_ids[hops.nodes]
    order = items.argsort(stable=True)  # item by item, each with its seeds first
    new = torch.empty_like(order).index_copy_(0, order, torch.arange(len(order), device=order.device))
    senders, receivers, rows = new[hops.senders], new[hops.receivers], hops.edges
    by_receiver = receivers.argsort(stable=True)
    rows, nodes = rows[by_receiver], hops.nodes[order]
    edges = EdgeList.of_sorted(
        senders[by_receiver],
        receivers[by_receiver],
        None if links.edge_type is None else links.edge_type[rows],
        len(nodes),
        len(nodes),
    )
    counts = torch.bincount(items, minlength=len(structure))
    num_seeds = torch.bincount(topology.item_ids[chosen], minlength=len(structure))
    return Structure(
        Graph.of_edges(Sizes.of(counts, axes=1), edges),
        {**{name: field.index_select(0, nodes) for name, field in structure.nodes.items()}, "node_id": nodes},
        {**{name: field.index_select(0, rows) for name, field in structure.edges.items()}, "edge_id": rows},
        {**structure.globals, "num_seeds": num_seeds},
        meta=structure.meta,
    )


def neighbor_batches(
    structure: Structure,
    fanouts: Sequence[int] = (15, 10),
    size: int = 1024,
    *,
    seeds: Any = None,
    shuffle: bool = False,
    seed: Seed = None,
    drop_last: bool = False,
) -> Iterator[Structure]:
    """Go once through some nodes, `size` at a time, each batch with a sample of their neighbours.

    Args:
        structure: as in `sample_neighbors`.
        fanouts: as there.
        size: seeds in a batch.
        seeds: node numbers or a mask, the training nodes say; all nodes unless given.
        shuffle: visit the seeds in random order.
        seed: of that order and of the neighbours: a number, or a generator, or None for torch's global one. With the
            same number every epoch is the same.
        drop_last: leave out the last batch where it is smaller.

    Example:
        >>> import geonets as gn
        >>> ring = gn.chain(torch.randn(1, 100, 4), periodic=True)
        >>> [int(b.globals["num_seeds"]) for b in gn.neighbor_batches(ring, (1,), 40, shuffle=True, seed=0)]
        [40, 40, 20]
    """
    if size < 1:
        raise OptionError(f"`size` must be at least 1; got {size}. Pass the number of seeds in a batch.")
    everyone = torch.arange(structure.num_nodes, device=structure.device)
    chosen, number = everyone if seeds is None else _seeds(structure, seeds), number_of(seed)
    if shuffle:
        generator = torch.Generator().manual_seed(number)
        chosen = chosen[torch.randperm(len(chosen), generator=generator).to(chosen.device)]
    for turn, some in enumerate(chosen.split(size)):
        if not drop_last or len(some) == size:
            yield sample_neighbors(structure, some, fanouts, number + turn)


def _seeds(structure: Structure, seeds: Any) -> Tensor:
    chosen, count = torch.as_tensor(seeds, device=structure.device), structure.num_nodes
    if chosen.dtype == torch.bool and chosen.shape == (count,):
        return chosen.nonzero().squeeze(1)
    if chosen.numel() and (chosen.is_floating_point() or chosen.is_complex() or chosen.dtype == torch.bool):
        raise DtypeError(
            f"`seeds` must be node numbers, or a bool tensor of {count} entries; "
            f"got {chosen.dtype} of shape {tuple(chosen.shape)}. Pass torch.tensor([0, 5]), say."
        )
    chosen = chosen.long().reshape(-1)
    if len(chosen) and not 0 <= int(chosen.min()) <= int(chosen.max()) < count:
        raise StructureError(
            f"`seeds` must be between 0 and {count - 1}; got {int(chosen.min())} .. {int(chosen.max())}. "
            "Name nodes of the structure."
        )
    if len(chosen.unique()) < len(chosen):
        raise StructureError(
            f"`seeds` must be distinct; got {len(chosen)} of which {len(chosen.unique())} are. Call seeds.unique()."
        )
    return chosen


def _check_names(structure: Structure) -> None:
    taken = [name for name in ("node_id",) if name in structure.nodes]
    taken += [name for name in ("edge_id",) if name in structure.edges]
    taken += [name for name in ("num_seeds",) if name in structure.globals]
    if taken or structure.levels:
        raise StructureError(
            "`structure` must have no further levels, and no fields node_id, edge_id or num_seeds; "
            f"got {', '.join([*taken, *structure.levels])}. Rename or remove them with replace."
        )
