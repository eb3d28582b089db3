"""Uniform batches against torch: recurrence, convolution, attention."""

from __future__ import annotations

from collections.abc import Callable

import torch
from harness import Case, Step
from limits import Work
from torch import Tensor, nn

import geonets as gn
from cases.steps import images_of, rows_of, stepped, weights_of

NEVER_SLOWER = 0.97


def recurrence(name: str, gates: int, items: int = 64, steps: int = 50, width: int = 128) -> Case:
    """A layer of torch's and ours of the same name."""
    ours, theirs = getattr(gn.nn, name)(width, width), getattr(nn, name)(width, width, batch_first=True)
    x = torch.randn(items, steps, width, requires_grad=True)
    step, peer_step = _on_chains(x, ours, theirs, lambda: theirs(x)[0])
    rows = items * steps
    work = Work(3 * 2 * rows * 2 * width * gates * width, 4 * rows * width * (2 + 2 * gates))
    title = f"{name} {items} x {steps} x {width} -> {width}"
    return Case(title, NEVER_SLOWER, step, {f"torch.nn.{name}": peer_step}, work=work)


def convolution(
    title: str,
    asked: float,
    shape: tuple[int, ...],
    out: int,
    kernel: int,
    dilation: int = 1,
) -> Case:
    """On a batch `(B, C, ...)`; the peer also in channels-last, where torch has that."""
    items, width, *sizes = shape
    name, padding = f"Conv{len(sizes)}d", dilation * (kernel - 1) // 2
    arguments = (width, out, kernel)
    ours = getattr(gn.nn, name)(*arguments, padding=padding, dilation=dilation)
    peer = getattr(nn, name)(*arguments, padding=padding, dilation=dilation)
    peer.load_state_dict(ours.state_dict())
    images = torch.randn(shape)
    rows = rows_of(images).clone().requires_grad_()
    topology = gn.Grid(tuple(sizes), num_items=items) if len(sizes) > 1 else gn.Chain(sizes[0], items)
    structure = gn.Structure(topology, {"x": rows})
    cotangent = torch.randn(len(rows), out)

    def step() -> list[Tensor]:
        result = ours(structure).x
        return stepped(result, [rows, *weights_of(ours)], cotangent[: len(result)])

    peers = {f"torch.nn.{name}": _of_torch(peer, images, cotangent, torch.contiguous_format)}
    for layout in [None, None, torch.channels_last, torch.channels_last_3d][len(sizes) : len(sizes) + 1]:
        if layout is not None:
            peers["the same, channels last"] = _of_torch(peer, images, cotangent, layout)
    taps = kernel ** len(sizes)
    count = len(ours(structure).x)
    work = Work(3 * 2 * count * width * out * taps, 4 * 3 * (len(rows) * width + count * out))
    return Case(title, asked, step, peers, work=work)


def _of_torch(
    layer: nn.Module, images: Tensor, cotangent: Tensor, layout: torch.memory_format
) -> Callable[[], list[Tensor]]:
    x = images.to(memory_format=layout).requires_grad_()
    shape = layer(x).shape
    given = images_of(cotangent[: shape.numel() // shape[1]], shape[0], *shape[2:]).contiguous(memory_format=layout)

    def step() -> list[Tensor]:
        out, grad, *rest = stepped(layer(x), [x, *weights_of(layer)], given)
        return [rows_of(out), rows_of(grad), *rest]

    return step


def attention(items: int = 16, steps: int = 128, width: int = 128, heads: int = 8) -> Case:
    """Every step hears every step."""
    ours, theirs = gn.nn.MultiheadAttention(width, heads), nn.MultiheadAttention(width, heads, batch_first=True)
    x = torch.randn(items, steps, width, requires_grad=True)
    step, peer_step = _on_chains(x, ours, theirs, lambda: theirs(x, x, x, need_weights=False)[0])
    rows = items * steps
    work = Work(3 * (2 * rows * 4 * width**2 + 4 * rows * steps * width), 4 * 3 * rows * 5 * width)
    title = f"MultiheadAttention {items} x {steps} x {width}, {heads} heads"
    return Case(title, NEVER_SLOWER, step, {"torch.nn.MultiheadAttention": peer_step}, work=work)


def _on_chains(x: Tensor, ours: nn.Module, theirs: nn.Module, run: Callable[[], Tensor]) -> tuple[Step, Step]:
    """Both steps on chains of one length, `(B, T, C)`; `run` is the peer's forward."""
    theirs.load_state_dict(ours.state_dict())
    structure, cotangent = gn.chain(x), torch.randn_like(x)

    def step() -> list[Tensor]:
        return stepped(ours(structure).x, [x, *weights_of(ours)], cotangent.flatten(0, 1))

    def peer_step() -> list[Tensor]:
        out, *grads = stepped(run(), [x, *weights_of(theirs)], cotangent)
        return [out.flatten(0, 1), *grads]

    return step, peer_step


CASES: dict[str, Callable[[], Case]] = {
    "lstm": lambda: recurrence("LSTM", 4),
    "gru": lambda: recurrence("GRU", 3),
    "rnn": lambda: recurrence("RNN", 1),
    "conv2d": lambda: convolution("Conv2d 16 x 32 x 32 x 32, k3", NEVER_SLOWER, (16, 32, 32, 32), 32, 3),
    "conv3d": lambda: convolution("Conv3d 4 x 16 x 16 x 16 x 16, k3", NEVER_SLOWER, (4, 16, 16, 16, 16), 32, 3),
    "attention": attention,
    "conv1d": lambda: convolution("Conv1d 16 x 64 x 512, k5", 1.15, (16, 64, 512), 64, 5),
    "wavenet": lambda: convolution("WaveNet's layer 8 x 64 x 2048, k2, dilation 8", 1.3, (8, 64, 2048), 64, 2, 8),
}
