"""`batch_invariance`: does an item's result depend on the items beside it?"""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from geonets.check.report import Gap, Report, worst_of
from geonets.check.trial import Call, Trial, gap_between
from geonets.core.ranges import Sizes
from geonets.core.structure import Structure, batch
from geonets.core.topology import Graph, Lattice, Set


def batch_invariance(
    layer: Any,
    structure: Structure,
    *,
    tolerance: float = 1e-9,
    training: bool = False,
    call: Call | None = None,
    seed: int = 0,
) -> Report:
    """Whether an item's result is the same alone, among its mates, beside a longer one, and in another place.

    Padding that leaks, statistics over the batch and edges between items all fail here. In training mode a batch
    normalisation must fail: its result depends on the batch, as its name says.

    Args:
        layer: a layer, a model, or a function of structures; it is copied and left as it was.
        structure: with several items, best of different sizes.
        tolerance: the largest difference, in units of the output's largest entry, in float64.
        training: try it in training mode.
        call: how the layer is called; `layer(structure)` unless given.
        seed: of the order of the items and of the layer's own randomness.

    Returns:
        A `Report`; its verdict is `"independent"` or `"fails"`.

    Reference: Ioffe & Szegedy, "Batch normalization", 2015, section 3.1, for why training must fail.

    Example:
        >>> import torch, geonets as gn
        >>> speech = gn.chain([torch.randn(7, 3), torch.randn(4, 3)])
        >>> bool(gn.check.batch_invariance(gn.nn.BatchNorm(3), speech))
        True
        >>> gn.check.batch_invariance(gn.nn.BatchNorm(3), speech, training=True).verdict
        'fails'
    """
    trial = Trial(layer, structure, training, call, seed)
    given = trial.structure
    count = len(given)
    together, order = trial(given), trial.order(count)
    place = torch.empty_like(order).index_copy_(0, order, torch.arange(count, device=order.device))
    mixed = trial(given[order]) if count else []
    gaps: list[Gap] = []
    lengthened = 0
    for item in range(count):
        alone = trial(given[item])
        companies = [(together, item, "among its mates"), (mixed, int(place[item]), "in another place")]
        longer = _twice_as_long(given[item])
        if longer is not None:
            lengthened += 1
            companies.append((trial(batch([longer, given[item]])), 1, "behind an item twice as long"))
        for answers, where, company in companies:
            for expected, found in zip(alone, answers, strict=True):
                mine = found.of_items([where])
                gap = gap_between(expected.rows, mine, tolerance, f"{company}, against alone")
                gaps.append(gap if gap.where is None else dataclasses.replace(gap, where=gap.where.in_item(item)))
    worst = worst_of(gaps)
    return trial.report(
        "batch_invariance",
        worst,
        tolerance,
        "fails" if worst.too_large else "independent",
        f"{count} items alone, together, in another order (seed {seed}), {lengthened} behind an item twice as long",
        law="give an item the same result whatever its mates",
        advice="Reduce over the item, not over the batch; batch statistics, as in training, do depend on it.",
    )


def _twice_as_long(item: Structure) -> Structure | None:
    """One item with the rows of this one twice over, where its topology can be made longer."""
    pair, topology = item[[0, 0]], item.topology
    if not item.num_nodes or item.levels:
        return None
    if isinstance(topology, Lattice):
        sizes = topology.sizes.sizes[0].tolist()
        whole: Any = topology.with_sizes(Sizes.of((2 * sizes[0], *sizes[1:]), device=item.device))
    elif isinstance(topology, Set):
        whole = Set(Sizes.of((pair.num_nodes,), device=item.device))
    elif isinstance(topology, Graph):
        whole = Graph.of_edges(Sizes.of((pair.num_nodes,), device=item.device), pair.topology.links)
    else:
        return None
    return Structure(whole, pair.nodes, pair.edges, item.globals)
