"""`aggregate` from blocks of a lattice back to their nodes: an expanded view of the coarse rows."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.neighborhoods import Back, Stencil
from geonets.core.topology import Chain, Grid
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AggregateSpec

ALIKE = ("sum", "mean", "max", "min")


def spread_on_grid(call: Call) -> Tensor:
    """Each coarse row once for every node of its block; nodes behind the last whole block, which has none, get 0."""
    fine, coarse = call.structure.topology, call.source.topology
    rows, stencil = call.operands.senders, call.spec.neighborhood.of
    assert fine.uniform is not None and coarse.uniform is not None and isinstance(stencil, Stencil)
    if not len(rows):
        return connected_zeros((fine.num_nodes, rows.shape[1]), rows)
    lattice = rows.reshape(len(call.structure), *coarse.uniform, rows.shape[1])
    for axis, (size, block) in enumerate(zip(fine.uniform, stencil.stride, strict=True), start=1):
        lattice = lattice.unsqueeze(axis + 1)
        lattice = lattice.expand(*lattice.shape[: axis + 1], block, *lattice.shape[axis + 2 :]).flatten(axis, axis + 1)
        missing = size - lattice.shape[axis]
        if missing > 0:
            unheard = lattice.new_zeros(*lattice.shape[:axis], missing, *lattice.shape[axis + 1 :])
            lattice = torch.cat([lattice, unheard], axis)
        lattice = lattice.narrow(axis, 0, size)
    return lattice.reshape(fine.num_nodes, rows.shape[1])


def _spread_rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AggregateSpec) or not isinstance(spec.neighborhood, Back):
        return None
    stencil = spec.neighborhood.of
    if not isinstance(stencil, Stencil):
        return f"the way back is from {stencil}, not from blocks of a lattice"
    if stencil.kernel_size != stencil.stride or max(stencil.dilation) > 1 or max(stencil.padding) > 0:
        return "windows overlap, have gaps or start on padding; only blocks are views"
    if max(stencil.padding_after) > 0 and stencil.padding_mode != "zeros":
        return "windows end on padding that is a copy"
    if spec.message != "sender" or spec.own or spec.reduce not in ALIKE:
        return f"the layer asks for {spec.reduce} of {spec.message} messages; a view repeats rows as they are"
    if situation.kind not in (Chain, Grid) or situation.source_kind not in (Chain, Grid):
        return "fine and coarse nodes are not both on a whole lattice"
    if not situation.uniform or not situation.source_uniform:
        return "items differ in size"
    return True


RULES = (Rule(spread_on_grid, _spread_rule),)
