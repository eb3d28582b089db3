"""`attend` over windows of a lattice: tiles of receivers over the tiles around them, never all pairs."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from geonets.core.neighborhoods import Stencil, Window
from geonets.core.ranges import Sizes
from geonets.core.topology import Lattice, OnLattice
from geonets.engine.kernels.attention.dense import refusal_of_blocks
from geonets.engine.kernels.attention.pairs import attend_blocks
from geonets.engine.kernels.groups import connected_zeros
from geonets.engine.rules import Call, Rule, Situation
from geonets.engine.spec import AttendSpec

SMALLEST_TILE = 4


def window_attention(call: Call) -> Tensor:
    """Receivers in tiles about as large as the window; each tile hears the box around it, through a mask."""
    operands, hears, topology = call.operands, call.spec.neighborhood, call.structure.topology
    assert isinstance(topology, OnLattice)
    tiles = topology.remember(("tiles", hears.key), lambda: _tiles(topology, hears))
    shape = len(tiles.places), *operands.value.shape[1:]
    if not len(tiles.places) or not len(operands.key):
        parts = operands.query, operands.key, operands.value, operands.relation_bias, operands.relation_keys
        return connected_zeros(shape, *parts)
    rows = attend_blocks(call, tiles.receivers, tiles.senders, tiles.heard)
    return rows.index_select(0, tiles.places)


@dataclasses.dataclass(frozen=True, eq=False)
class Tiles:
    """Boxes of receivers and the boxes of senders that their windows cover.

    Args:
        receivers: `(b, n)` node numbers; the item's first where the box sticks out of it.
        senders: `(b, m)` likewise.
        heard: `(b, n, m)` whether the sender lies in the receiver's window, and both in the item.
        places: `(N_r,)` where in `receivers` each node is.
    """

    receivers: Tensor
    senders: Tensor
    heard: Tensor
    places: Tensor


def _tiles(source: OnLattice, hears: Stencil | Window) -> Tiles:
    stencil = hears.stencil(source) if isinstance(hears, Window) else hears
    target, device = stencil.target(source), source.device
    assert isinstance(target, OnLattice)
    numbers = stencil.kernel_size, stencil.stride, stencil.padding, stencil.dilation
    kernel, stride, padding, dilation = (torch.tensor(row, device=device) for row in numbers)
    tile = kernel.clamp(min=SMALLEST_TILE)
    span = stride * (tile - 1) + dilation * (kernel - 1) + 1
    items, corners = _boxes(target, tile)
    inner, outer = _box(tile), _box(span)  # (n, A), (m, A)
    receivers, real = _nodes_at(target, items, corners[:, None] + inner)
    heard_places = (corners * stride - padding)[:, None] + outer
    if source.is_periodic:  # beyond the end of such an axis is its beginning
        sizes = source.lattice.sizes.sizes.index_select(0, items)[:, None].clamp(min=1)
        around = torch.tensor(source.lattice.periodic, device=device)
        heard_places = torch.where(around, heard_places % sizes, heard_places)
    senders, found = _nodes_at(source, items, heard_places)
    steps = outer - (inner * stride)[:, None]  # (n, m, A) from the window's first place
    in_window = ((steps >= 0) & (steps <= dilation * (kernel - 1)) & (steps % dilation == 0)).all(-1)
    heard = in_window & real[:, :, None] & found[:, None]
    if isinstance(hears, Window) and hears.causal:
        heard &= senders[:, None] <= receivers[:, :, None]
    places = torch.empty(target.num_nodes, dtype=torch.long, device=device)
    places.index_copy_(0, receivers[real], real.flatten().nonzero().squeeze(1))
    return Tiles(receivers, senders, heard, places)


def _boxes(target: OnLattice, tile: Tensor) -> tuple[Tensor, Tensor]:
    """`(b,)` the item and `(b, A)` the first place of every box of that size that holds a node."""
    if isinstance(target, Lattice):
        counts = (target.sizes.sizes + tile - 1) // tile  # boxes along each axis of each item
        boxes = target.with_sizes(Sizes(None, len(counts), counts, int(counts.prod(1).sum())))
        return boxes.item_ids, boxes.coordinates() * tile
    holding = torch.cat([target.item_ids[:, None], target.coordinates() // tile], 1).unique(dim=0)
    return holding[:, 0], holding[:, 1:] * tile


def _box(sizes: Tensor) -> Tensor:
    """`(n, A)` places of a box, the last axis running fastest."""
    return torch.cartesian_prod(*[torch.arange(size, device=sizes.device) for size in sizes.tolist()]).reshape(
        -1, len(sizes)
    )


def _nodes_at(nodes: OnLattice, items: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """The nodes at `(b, n, A)` places of their items, else the item's first; and whether there is one."""
    found, real = nodes.find(items, places)
    return torch.where(real, found, nodes.node_offsets[items][:, None]), real


def _window_rule(situation: Situation) -> bool | str | None:
    spec = situation.spec
    if not isinstance(spec, AttendSpec):
        return None
    hears = spec.neighborhood
    if not isinstance(hears, Stencil | Window):
        return f"edges come from {type(hears).__name__}, not from a window on a lattice"
    if not issubclass(situation.kind, OnLattice):
        return f"nodes are those of a {situation.kind.__name__}, not of a lattice"
    if isinstance(hears, Stencil) and hears.padding_mode != "zeros":
        return f"the padding is {hears.padding_mode}: a node may be heard twice"
    if spec.edge_terms:
        return f"{' and '.join(spec.edge_terms)} belong to single edges"
    return refusal_of_blocks(spec) or True


RULES = (Rule(window_attention, _window_rule),)
