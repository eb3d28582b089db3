"""`permutation`: does the order of nodes, edges and items matter?"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor

from geonets.check.report import Gap, Report, counted, worst_of
from geonets.check.trial import Answer, Call, Trial, gap_between, on_nodes
from geonets.core.structure import Level, Structure
from geonets.core.topology import Graph, Set


def permutation(
    layer: Any,
    structure: Structure,
    *,
    draws: int = 3,
    tolerance: float = 1e-9,
    training: bool = False,
    call: Call | None = None,
    seed: int = 0,
) -> Report:
    """Whether the order of nodes, edges and items changes nothing but the order of the results.

    `f(P s) = P f(s)` for results on nodes (equivariant), `f(P s) = f(s)` for readouts (invariant). On a set or
    graph the nodes are renumbered within their items, edges and all: the same graph, written down in another order.
    On any other topology the edges come from the order itself, so there the topology stays and the nodes' features
    change places: does the layer treat the item as a mere set? A convolution or an LSTM must fail on a chain;
    DeepSets and attention without positions pass.

    Args:
        layer: a layer, a model, or a function of structures; it is copied and left as it was.
        structure: what to try it on.
        draws: random orders of each kind.
        tolerance: the largest difference, in units of the output's largest entry, in float64.
        training: try it in training mode.
        call: how the layer is called; `layer(structure)` unless given.
        seed: of the orders.

    Returns:
        A `Report`; its verdict is `"equivariant"`, `"invariant"` or `"fails"`.

    Reference: Zaheer et al., "Deep sets", 2017, section 2.

    Example:
        >>> import torch, geonets as gn
        >>> weather = gn.chain(torch.randn(2, 10, 3))
        >>> gn.check.permutation(gn.nn.LSTM(3, 4), weather).verdict
        'fails'
        >>> gn.check.permutation(gn.nn.MultiheadAttention(3, 1), weather).verdict
        'equivariant'
    """
    trial = Trial(layer, structure, training, call, seed)
    before, given = trial(trial.structure), trial.structure
    gaps: list[Gap] = []
    is_graph = isinstance(given.topology, Graph)
    stay = torch.arange(given.num_nodes, device=given.device)
    for draw in range(draws):
        order = _order_in_items(trial)
        gaps += _gaps(trial, before, _reordered(trial, order), order, tolerance, f"order {draw} of the nodes")
        if is_graph:
            gaps += _gaps(trial, before, _reordered(trial, stay), stay, tolerance, f"order {draw} of the edges")
        items = trial.order(len(given))
        gaps += [
            gap_between(old.of_items(items).rows, new, tolerance, f"order {draw} of the items")
            for old, new in zip(before, trial(given[items]), strict=True)
        ]
    worst = worst_of(gaps)
    kinds = {"equivariant" if on_nodes(old, given) else "invariant" for old in before}
    verdict = "fails" if worst.too_large else " and ".join(sorted(kinds)) or "invariant"
    edges = ", of the edges" if is_graph else ""
    stays = not isinstance(given.topology, Graph | Set)
    return trial.report(
        "permutation",
        worst,
        tolerance,
        verdict,
        f"{counted(draws, 'random order')} of the nodes of each item{edges} and of the items (seed {seed})",
        details=(f"features change places, the {type(given.topology).__name__} stays",) if stays else (),
        law="give the same results in any order of the nodes, edges and items",
        advice="Use layers that hear a set, or do without this symmetry where the order has a meaning.",
    )


def _order_in_items(trial: Trial) -> Tensor:
    """`(N,)` which node comes to each place; no node leaves its item."""
    offsets = trial.structure.topology.node_offsets.tolist()
    parts = [start + trial.order(stop - start) for start, stop in itertools.pairwise(offsets)]
    return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.long)


def _reordered(trial: Trial, order: Tensor) -> tuple[Structure, Tensor | None]:
    """Nodes in another order, and which edge came to each row; a graph is renumbered, its edges are listed anew."""
    structure = trial.structure
    nodes = {name: field.index_select(0, order) for name, field in structure.nodes.items()}
    topology, edges, rows = structure.topology, structure.edges, None
    if isinstance(topology, Graph):
        place, links, shuffle = _inverse(order), topology.links, trial.order(topology.num_edges)
        kinds = None if links.edge_type is None else links.edge_type[shuffle]
        senders, receivers = place[links.senders[shuffle]], place[links.receivers[shuffle]]
        topology = Graph(senders, receivers, topology.node_counts, kinds)
        given_at = topology.links.input_order
        rows = shuffle if given_at is None else shuffle[given_at]
        edges = {name: field.index_select(0, rows) for name, field in edges.items()}
    return Structure(topology, nodes, edges, structure.globals, _levels(structure, order)), rows


def _levels(structure: Structure, order: Tensor) -> dict[str, Level]:
    place = _inverse(order)
    return {
        name: Level(
            level.counts,
            {key: place[field] if key in level.node_ids else field for key, field in level.fields.items()},
            level.node_ids,
        )
        for name, level in structure.levels.items()
    }


def _inverse(order: Tensor) -> Tensor:
    return torch.empty_like(order).index_copy_(0, order, torch.arange(len(order), device=order.device))


def _gaps(
    trial: Trial,
    before: list[Answer],
    moved: tuple[Structure, Tensor | None],
    order: Tensor,
    tolerance: float,
    what: str,
) -> list[Gap]:
    structure, edge_rows = moved
    gaps = []
    for old, new in zip(before, trial(structure), strict=True):
        expected, same = old.rows, old.topology is trial.structure.topology or on_nodes(old, trial.structure)
        if old.level == "edges" and edge_rows is not None and same:
            expected = expected.index_select(0, edge_rows)
        elif on_nodes(old, trial.structure):
            expected = expected.index_select(0, order)
        gap = gap_between(expected, new, tolerance, what)
        if gap.too_large and old.level in ("nodes", "edges") and old.rows.shape == new.rows.shape and not same:
            gap = gap_between(_nearest(expected, new), new, tolerance, what)
        gaps.append(gap)
    return gaps


def _nearest(expected: Tensor, found: Answer) -> Tensor:
    """Rows of new nodes or edges are compared as a set: with each found row the nearest expected in its item."""
    flat, items = found.rows.flatten(1), found.topology.item_ids
    if found.level == "edges":
        items = items.index_select(0, found.topology.links.receivers)
    far = torch.cdist(flat, expected.flatten(1)).masked_fill(items[:, None] != items[None, :], torch.inf)
    return expected.index_select(0, far.argmin(1))
