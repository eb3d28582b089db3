"""Sums over edges with weights made of degrees, ready to be applied to rows once or several times."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from geonets.core.neighborhoods import Neighborhood, WithLoops
from geonets.core.shapes import expect
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.layer import remembered


class Propagation(NamedTuple):
    """`y_i = a_i x_i + sum_{j -> i} w_ij x_j`.

    Args:
        structure: whose nodes speak and hear.
        neighborhood: who hears whom.
        weight: `(E,)`, or None for ones.
        own: `(N, 1)` weights `a`, or None for no such term.
    """

    structure: Structure
    neighborhood: Neighborhood
    weight: Tensor | None
    own: Tensor | None = None

    def __call__(self, rows: Tensor) -> Tensor:
        """Apply it to `(N, C)` rows."""
        spec = _spec(self.neighborhood, self.weight is not None, self.own is not None)
        return run(spec, AggregateOperands(rows, edges=self.weight, own=self.own), self.structure)


def checked_weight(edge_weight: Tensor | None, edges: EdgeList) -> Tensor | None:
    """The weights of edges, one an edge in receiver order, or None.

    Raises:
        ShapeError: if there are more or fewer.
    """
    if edge_weight is not None:
        expect(edge_weight, "E", "edge_weight", E=edges.num_edges)
    return edge_weight


def normalised(
    structure: Structure,
    neighborhood: Neighborhood,
    edge_weight: Tensor | None,
    dtype: torch.dtype,
    add_self_loops: bool = True,
    improved: bool = False,
) -> Propagation:
    """GCN's `D^-1/2 (A + I) D^-1/2`.

    Args:
        structure: whose nodes speak and hear.
        neighborhood: who hears whom.
        edge_weight: `(E,)` in receiver order, or None for ones.
        dtype: of the weights of unweighted edges.
        add_self_loops: a node hears itself.
        improved: weight 2 for the self-loops that are added to weighted edges.
    """
    edges = neighborhood.edges(structure)
    if edge_weight is None:
        key = ("GCN", add_self_loops, dtype)
        weight, own = edges.remember(key, lambda: _by_degree(edges, add_self_loops, dtype))
        return Propagation(structure, neighborhood, weight, own)
    weight = checked_weight(edge_weight, edges)
    assert weight is not None
    hears = WithLoops(neighborhood) if add_self_loops else neighborhood
    looped = hears.edges(structure)
    if add_self_loops:
        own = weight.new_full((edges.num_receivers,), 2.0 if improved else 1.0)
        loops = (edges.senders == edges.receivers).nonzero().squeeze(1)
        own = own.index_put((edges.senders[loops],), weight[loops])
        assert looped.input_order is not None
        weight = torch.cat([weight, own]).index_select(0, looped.input_order)
    degrees = weight.new_zeros(looped.num_receivers).index_add(0, looped.receivers, weight)
    scale = inverse_root(degrees)
    weight = scale.index_select(0, looped.senders) * weight * scale.index_select(0, looped.receivers)
    return Propagation(structure, hears, weight)


def inverse_root(degrees: Tensor) -> Tensor:
    """`d^-1/2`, 0 for degree 0."""
    return torch.where(degrees > 0, degrees, torch.inf).rsqrt()


@remembered
def _spec(neighborhood: Neighborhood, weighted: bool, own: bool) -> AggregateSpec:
    return AggregateSpec(neighborhood, "sum", "weighted" if weighted else "sender", own=own)


def _by_degree(edges: EdgeList, add_self_loops: bool, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
    """Weights `(E,)` of unweighted edges, and `(N, 1)` of a node's own row.

    With self-loops a node hears itself once, however many loops were listed: its own row makes up for the others.
    """
    if not add_self_loops:
        scale = inverse_root(edges.degrees.to(dtype))
        return scale.index_select(0, edges.senders) * scale.index_select(0, edges.receivers), None
    loops = edges.loop_counts
    missing = 1 if loops is None else 1 - loops
    scale = (edges.degrees + missing).to(dtype).rsqrt()
    weight = scale.index_select(0, edges.senders) * scale.index_select(0, edges.receivers)
    return weight, (scale.square() * missing)[:, None]
