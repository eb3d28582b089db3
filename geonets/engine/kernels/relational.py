"""`convolve` on any edges: rows are summed for each receiver and type, then meet the weights in large products."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from geonets.core.topology import EdgeList
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.kernels.segments import product
from geonets.engine.rules import Call, Rule
from geonets.engine.spec import ConvolveOperands, ConvolveSpec


def convolve_by_type(call: Call) -> Tensor:
    """`W [s_i1, ..., s_iK]` with `s_ik = sum_{j -> i} a_ijk x_j`: sparse products, then one with all weights at once.

    Where few receivers hear most types, one product a type on those that hear it.
    """
    spec, operands = call.spec, call.operands
    edges = spec.neighborhood.edges(call.structure, call.source)
    weight = operands.weight.flatten(2)  # (C_out, C_in / groups, K)
    num_kinds = weight.shape[2]
    if spec.influence == "chosen":
        edges, operands = edges.of_types(operands.influence), operands._replace(influence=None)
    if not edges.num_edges:
        rows = connected_zeros((edges.num_receivers, len(weight)), operands.x, weight, operands.influence)
    elif spec.influence == "soft":
        assert operands.influence is not None
        influence = operands.influence.to(operands.x.dtype)
        sums = [product(operands.x, influence[:, kind].contiguous(), edges) for kind in range(num_kinds)]
        rows = _product_with_all(torch.stack(sums, 1), weight, spec.groups)
    elif edges.num_receivers * num_kinds <= 2 * edges.num_edges:
        sums = _sums(operands, edges.remember(("slots", num_kinds), lambda: _all_slots(edges, num_kinds)))
        rows = _product_with_all(sums.unflatten(0, (-1, num_kinds)), weight, spec.groups)
    else:
        heard = edges.remember(("heard slots", num_kinds), lambda: _heard_slots(edges, num_kinds))
        parts = _sums(operands, heard.slots).split(heard.counts)
        products = [
            _product_with_all(part[:, None], weight[..., kind : kind + 1], spec.groups)
            for kind, part in enumerate(parts)
        ]
        rows = product(torch.cat(products), None, heard.receivers)
    return rows if operands.bias is None else rows + operands.bias


@dataclasses.dataclass(frozen=True, eq=False)
class _Slots:
    """Edges from senders to slots: pairs of a receiver and a type.

    Args:
        edges: in the order of the slots.
        order: `(E,)` which edge each of them is.
    """

    edges: EdgeList
    order: Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class _HeardSlots:
    """Slots with at least one edge, type by type.

    Args:
        slots: edges from senders to them.
        counts: how many there are of each type.
        receivers: edges from slots to receivers.
    """

    slots: _Slots
    counts: list[int]
    receivers: EdgeList


def _all_slots(edges: EdgeList, num_kinds: int) -> _Slots:
    assert edges.edge_type is not None
    slots, order = torch.sort(edges.receivers * num_kinds + edges.edge_type, stable=True)
    return _slots(edges, slots, order, edges.num_receivers * num_kinds)


def _heard_slots(edges: EdgeList, num_kinds: int) -> _HeardSlots:
    assert edges.edge_type is not None
    places, order = torch.sort(edges.edge_type * edges.num_receivers + edges.receivers, stable=True)
    heard, slots = torch.unique_consecutive(places, return_inverse=True)
    counts = torch.bincount(heard // edges.num_receivers, minlength=num_kinds).tolist()
    receivers, by_receiver = torch.sort(heard % edges.num_receivers, stable=True)
    onwards = EdgeList.of_sorted(by_receiver, receivers, None, len(heard), edges.num_receivers)
    return _HeardSlots(_slots(edges, slots, order, len(heard)), counts, onwards)


def _slots(edges: EdgeList, slots: Tensor, order: Tensor, count: int) -> _Slots:
    senders = edges.senders.index_select(0, order)
    return _Slots(EdgeList.of_sorted(senders, slots, None, edges.num_senders, count), order)


def _sums(operands: ConvolveOperands, slots: _Slots) -> Tensor:
    """`sum_{j -> i} a_ij x_j` of each slot."""
    weights = operands.influence
    weights = None if weights is None else weights.to(operands.x.dtype).index_select(0, slots.order)
    return product(operands.x, weights, slots.edges)


def _product_with_all(sums: Tensor, weight: Tensor, groups: int) -> Tensor:
    """`(N, K, C_in)` sums and `(C_out, C_in / groups, K)` weights give `(N, C_out)`."""
    if groups == 1:
        return sums.flatten(1) @ weight.permute(2, 1, 0).flatten(0, 1)
    by_group = sums.unflatten(2, (groups, -1)).permute(2, 0, 1, 3).flatten(2)  # (groups, N, K * C_in / groups)
    weights = weight.unflatten(0, (groups, -1)).permute(0, 3, 2, 1).flatten(1, 2)
    return (by_group @ weights).transpose(0, 1).flatten(1)


RULES = (Rule(convolve_by_type, lambda situation: True if isinstance(situation.spec, ConvolveSpec) else None),)
