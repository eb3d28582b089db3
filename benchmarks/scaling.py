"""How time and memory grow with nodes, edges, items and channels over three decades: `python benchmarks/scaling.py`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from harness import timed
from memory import peak_of
from tabulate import tabulate
from torch import nn

import geonets as gn

WIDTH, DEGREE = 16, 8
Step = Callable[[], Sequence[object]]
Make = Callable[[int], Step]


def graph(nodes: int, degree: int, width: int = WIDTH) -> gn.Structure:
    """Random edges, `degree` a node."""
    return gn.graph(torch.randint(nodes, (2, nodes * degree)), x=torch.randn(nodes, width))


def stepped(layer: nn.Module, structure: gn.Structure) -> Step:
    """Forward and backward."""
    x = structure.x.clone().requires_grad_()
    held = structure.replace(x=x)
    weights = [x, *layer.parameters()]
    return lambda: torch.autograd.grad(layer(held).x.sum(), weights)


def cases() -> Iterator[tuple[str, str, Make, list[int], float]]:
    """What grows, with what, how to make one size, the sizes, and the slope of the algorithm."""
    counts = [100, 1_000, 10_000, 100_000]
    layers: dict[str, Callable[[int], nn.Module]] = {
        "GCNConv": lambda width: gn.nn.GCNConv(width, width),
        "SAGEConv (max)": lambda width: gn.nn.SAGEConv(width, width, aggr="max"),
        "GATConv": lambda width: gn.nn.GATConv(width, width),
    }
    for name, layer in layers.items():
        yield name, "nodes", lambda n, layer=layer: stepped(layer(WIDTH), graph(n, DEGREE)), counts, 1
        yield name, "edges", lambda n, layer=layer: stepped(layer(WIDTH), graph(1000, n)), [1, 10, 100, 1000], 1
        yield name, "channels", lambda n, layer=layer: stepped(layer(n), graph(1000, DEGREE, n)), [1, 8, 64, 512], 2
    grids = lambda n: gn.grid(torch.randn(n, 8, 8, WIDTH))  # noqa: E731
    chains = lambda n: gn.chain(torch.randn(n, 16, WIDTH))  # noqa: E731
    items = [4, 40, 400, 4000]
    yield "Conv2d", "items", lambda n: stepped(gn.nn.Conv2d(WIDTH, WIDTH, 3), grids(n)), items, 1
    yield "LSTM", "items", lambda n: stepped(gn.nn.LSTM(WIDTH, WIDTH), chains(n)), items, 1
    yield "LSTM", "nodes", lambda n: stepped(gn.nn.LSTM(WIDTH, WIDTH), gn.chain(torch.randn(4, n, WIDTH))), items, 1
    yield "MultiheadAttention", "items", lambda n: stepped(gn.nn.MultiheadAttention(WIDTH, 2), chains(n)), items, 1
    yield "Readout (max)", "nodes", lambda n: stepped(gn.nn.Readout("max"), graph(n, 1)), counts, 1
    yield "kNN", "nodes", near, counts, 1
    yield "a batch of items", "items", sliced, items, 1


def sliced(items: int) -> Step:
    """Every other item of a stored batch, in random order."""
    ring = torch.stack([torch.arange(12), torch.arange(12).roll(1)])
    batch = gn.graph([ring] * items, [torch.randn(12, WIDTH) for _ in range(items)])
    chosen = torch.randperm(items)[: items // 2]
    return lambda: [batch[chosen]]


def near(nodes: int) -> Step:
    """The nearest neighbours of every node of one cloud."""
    pos = [torch.rand(nodes, 3)]
    return lambda: [gn.connect(gn.points(pos), gn.KNN(8))]  # of new points, whose neighbours nobody remembers


def slopes(sizes: list[int], values: list[float]) -> list[float]:
    """In a log-log plot, of the last two decades together and of the steeper one: fixed costs rule the first."""
    logs = np.log(np.maximum(values, 1e-9))[1:]
    decades = np.diff(logs) / np.diff(np.log(sizes[1:]))
    return [float((logs[-1] - logs[0]) / np.log(sizes[-1] / sizes[1])), float(decades.max())]


def growth() -> str:
    """The table; slopes above the algorithm's are marked."""
    rows = []
    for name, what, make, sizes, expected in cases():
        times, peaks = [], []
        for size in sizes:
            step = make(size)
            times.append(float(np.median(timed((step,), 5, time.process_time)[0])))
            peaks.append(float(peak_of(step)))
        of_time, of_memory = slopes(sizes, times), slopes(sizes, peaks)
        verdict = "yes" if max(of_time[0], of_memory[0]) <= expected + 0.1 else "**no**"
        spans = f"{sizes[0]:,} .. {sizes[-1]:,}"
        cells = [f"{value:.2f} ({steepest:.2f})" for value, steepest in (of_time, of_memory)]
        rows.append([name, what, spans, f"{times[0]:.3g} .. {times[-1]:.4g} ms", *cells, expected, verdict])
    head = ["what", "grows with", "from .. to", "time", "slope of time", "slope of memory", "algorithm", "met"]
    return tabulate(rows, head, tablefmt="github")


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(growth())
