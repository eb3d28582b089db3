"""Items of different sizes: recurrence, images, trees."""

from __future__ import annotations

from collections.abc import Callable

import torch
from harness import Case
from peers.trees import TreeLSTM
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import geonets as gn
from cases.steps import rows_of, stepped, weights_of


def lstm(way: str, asked: float, items: int = 64, longest: int = 100, width: int = 64, hidden: int = 128) -> Case:
    """Chains of 4 to 100 steps; the peer packs them, or pads them all to the longest."""
    lengths = torch.randint(4, longest + 1, (items,), generator=torch.Generator().manual_seed(0))
    lengths[0] = longest
    ours, theirs = gn.nn.LSTM(width, hidden), nn.LSTM(width, hidden, batch_first=True)
    theirs.load_state_dict(ours.state_dict())
    padded = torch.randn(items, longest, width, requires_grad=True)
    is_there = torch.arange(longest) < lengths[:, None]
    rows = padded.detach()[is_there].requires_grad_()
    chains, cotangent = gn.Structure(gn.Chain(lengths), {"x": rows}), torch.randn(len(rows), hidden)
    given = torch.zeros(items, longest, hidden)
    given[is_there] = cotangent

    def step() -> list[Tensor]:
        return stepped(ours(chains).x, [rows, *weights_of(ours)], cotangent)

    def run() -> Tensor:
        if way == "padded to the longest":
            return theirs(padded)[0]
        packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(theirs(packed)[0], batch_first=True)[0]

    def peer_step() -> list[Tensor]:
        out, grad, *rest = stepped(run(), [padded, *weights_of(theirs)], given)
        return [out[is_there], grad[is_there], *rest]

    return Case(
        f"LSTM on {items} chains of 4 to {longest} steps, {width} -> {hidden}",
        asked,
        step,
        {f"torch.nn.LSTM, {way}": peer_step},
    )


def images(way: str, asked: float, items: int = 32, width: int = 32) -> Case:
    """Images of 16 to 48 pixels a side; the peer pads them all to the largest, or takes one after another."""
    draw = torch.Generator().manual_seed(0)
    sizes = torch.randint(16, 49, (items, 2), generator=draw).tolist()
    ours, theirs = gn.nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
    theirs.load_state_dict(ours.state_dict())
    pictures = [torch.randn(1, width, *size) for size in sizes]
    rows = torch.cat([rows_of(picture) for picture in pictures]).requires_grad_()
    grids = gn.Structure(gn.Grid(sizes), {"x": rows})
    cotangent = torch.randn(len(rows), width)
    counts = [height * across for height, across in sizes]
    givens = [
        part.reshape(1, *size, width).movedim(-1, 1).contiguous()
        for part, size in zip(cotangent.split(counts), sizes, strict=True)
    ]
    tall, broad = max(height for height, _ in sizes), max(across for _, across in sizes)
    canvas, given = (torch.stack([_padded(one[0], tall, broad) for one in parts]) for parts in (pictures, givens))
    canvas.requires_grad_()
    singles = [picture.clone().requires_grad_() for picture in pictures]

    def step() -> list[Tensor]:
        return stepped(ours(grids).x, [rows, *weights_of(ours)], cotangent)

    def padded_step() -> list[Tensor]:
        out, grad, *rest = stepped(theirs(canvas), [canvas, *weights_of(theirs)], given)
        return [
            *(torch.cat([_rows(one, size) for one, size in zip(all_, sizes, strict=True)]) for all_ in (out, grad)),
            *rest,
        ]

    def looped_step() -> list[Tensor]:
        outs = [theirs(one) for one in singles]
        grads = torch.autograd.grad(outs, [*singles, *weights_of(theirs)], givens)
        own, rest = grads[:items], grads[items:]
        return [*(torch.cat([rows_of(one) for one in parts]) for parts in (outs, own)), *rest]

    peer = padded_step if way == "padded to the largest" else looped_step
    name = f"Conv2d on {items} images of 16 .. 48 pixels a side, {width} channels, k3"
    return Case(name, asked, step, {f"torch.nn.Conv2d, {way}": peer})


def _padded(image: Tensor, tall: int, broad: int) -> Tensor:
    return nn.functional.pad(image, (0, broad - image.shape[2], 0, tall - image.shape[1]))


def _rows(image: Tensor, size: list[int]) -> Tensor:
    return rows_of(image[None, :, : size[0], : size[1]])


def offsets(items: int = 16, side: int = 32, width: int = 32, out: int = 64) -> Case:
    """A convolution of the graph form; the peer gathers and multiplies offset by offset, as for sparse grids."""
    ours = gn.nn.Conv2d(width, out, 3, padding=1)
    rows = torch.randn(items * side * side, width, requires_grad=True)
    grids = gn.Structure(gn.Grid((side, side), num_items=items), {"x": rows})
    edges = ours.spec.neighborhood.edges(grids, grids)
    assert edges.edge_type is not None
    pairs = [(edges.senders[edges.edge_type == kind], edges.receivers[edges.edge_type == kind]) for kind in range(9)]
    cotangent = torch.randn(len(rows), out)

    def step() -> list[Tensor]:
        return stepped(ours(grids).x, [rows, *weights_of(ours)], cotangent)

    def peer_step() -> list[Tensor]:
        result = ours.bias.expand(len(rows), out)
        for (senders, receivers), tap in zip(pairs, ours.weight.flatten(2).unbind(2), strict=True):
            result = result.index_add(0, receivers, rows.index_select(0, senders) @ tap.t())
        return stepped(result, [rows, *weights_of(ours)], cotangent)

    name = f"Conv2d on the graph form, {items} x {side} x {side} nodes, {width} -> {out}"
    return Case(name, 3, step, {"gather and product an offset": peer_step})


def trees(items: int = 128, count: int = 40, width: int = 64, hidden: int = 128) -> Case:
    """Random trees; the peer goes up by height."""
    draw = torch.Generator().manual_seed(0)
    parents = [
        torch.tensor([-1] + [int(torch.randint(node, (1,), generator=draw)) for node in range(1, count)])
        for _ in range(items)
    ]
    ours, theirs = gn.nn.LSTM(width, hidden), TreeLSTM(width, hidden)
    theirs.lstm.load_state_dict(ours.state_dict())
    rows = torch.randn(items * count, width, requires_grad=True)
    structure = gn.tree(parents).replace(x=rows)
    above = torch.cat([torch.where(own < 0, own, own + item * count) for item, own in enumerate(parents)])
    plan = _heights(above)
    cotangent = torch.randn(items * count, hidden)

    def step() -> list[Tensor]:
        return stepped(ours(structure).x, [rows, *weights_of(ours)], cotangent)

    def peer_step() -> list[Tensor]:
        return stepped(theirs(rows, *plan), [rows, *weights_of(theirs)], cotangent)

    name = f"Tree-LSTM on {items} trees of {count} nodes, {width} -> {hidden}"
    return Case(name, 2, step, {"plain rewrite, by height": peer_step})


def _heights(above: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Children, their parents' places among the nodes of that height, and the nodes of each height."""
    heights = torch.zeros_like(above)
    for node in range(len(above) - 1, -1, -1):
        if above[node] >= 0:
            heights[above[node]] = torch.maximum(heights[above[node]], heights[node] + 1)
    levels = [(heights == height).nonzero().flatten() for height in range(int(heights.max()) + 1)]
    children, parents = [], []
    for nodes in levels[1:]:
        place = torch.full_like(above, -1)
        place[nodes] = torch.arange(len(nodes))
        below = ((above >= 0) & (place[above] >= 0)).nonzero().flatten()
        children.append(below)
        parents.append(place[above[below]])
    return children, parents, levels


CASES: dict[str, Callable[[], Case]] = {
    "lstm_packed": lambda: lstm("packed", 5),
    "lstm_padded": lambda: lstm("padded to the longest", 2),
    "images_padded": lambda: images("padded to the largest", 1.4),
    "images_looped": lambda: images("one after another", 1.5),
    "offsets": offsets,
    "trees": trees,
}
