"""Draw `coarsening.svg`: five structures, and their halves.

Run `python docs/pictures/draw_coarsening.py`.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

import geonets as gn

INK, QUIET, PAPER, LINE = "#22303c", "#7b8a97", "#ffffff", "#c3ced7"
GROUPS = np.array(["#2f6f9f", "#f2b134", "#4f8a4c", "#c8553d", "#8a5a9e", "#2a9d8f", "#b5792b", "#6b7fbf", "#a94f79"])


def structures() -> dict[str, gn.Structure]:
    """Small structures with places in the plane."""
    steps = np.arange(9)
    along = np.stack([steps, 0.5 * np.sin(steps)], 1)
    y, x = np.mgrid[0:6, 0:6]
    flat = np.stack([x.ravel(), -y.ravel()], 1)
    deep, high, wide = np.mgrid[0:2, 0:4, 0:4]
    solid = np.stack([wide.ravel() + 0.5 * deep.ravel(), -high.ravel() + 0.4 * deep.ravel()], 1)
    random = np.random.default_rng(3)
    ring = random.uniform(-1, 1, (400, 2))
    ring = ring[(np.linalg.norm(ring, axis=1) < 1) & (np.linalg.norm(ring, axis=1) > 0.55)][:60]
    places = random.uniform(0, 1, (22, 2))
    near = gn.connect(gn.points([torch.from_numpy(places)]), gn.KNN(3)).topology.links
    graph = gn.graph(torch.stack([near.senders, near.receivers]), pos=torch.from_numpy(places))
    topologies = {
        "chain": gn.Chain(9),
        "image": gn.Grid((6, 6)),
        "volume": gn.Grid((2, 4, 4)),
        "cloud": gn.Set(len(ring)),
    }
    drawn = zip(topologies.items(), (along, flat, solid, ring), strict=True)
    found = {name: gn.Structure(topology, {"pos": torch.from_numpy(pos).double()}) for (name, topology), pos in drawn}
    return {**found, "graph": graph}


def draw_links(axes: Axes, structure: gn.Structure) -> None:
    """The structure's own links, where it has some."""
    if isinstance(structure.topology, gn.Set):
        return
    links, pos = structure.topology.links, structure.pos.numpy()
    ends = np.stack([links.senders.numpy(), links.receivers.numpy()])
    axes.plot(*pos[ends].transpose(2, 0, 1), color=LINE, lw=1.4, zorder=1)


def draw(path: Path) -> None:
    """Above the nodes, in the colour of the receiver that they speak to; below the receivers."""
    mpl.rcParams.update({"font.family": "DejaVu Sans", "svg.fonttype": "path", "svg.hashsalt": "geonets"})
    figure, table = plt.subplots(2, 5, figsize=(12, 4.9), facecolor=PAPER)
    half = gn.Coarser(2)
    for column, (name, fine) in enumerate(structures().items()):
        coarse, edges = half.receivers(fine), half.edges(fine)
        colours = np.empty(fine.num_nodes, dtype=object)
        colours[edges.senders.numpy()] = GROUPS[edges.receivers.numpy() % len(GROUPS)]
        own = GROUPS[np.arange(coarse.num_nodes) % len(GROUPS)]
        low, high = fine.pos.numpy().min(0), fine.pos.numpy().max(0)
        middle, reach = (low + high) / 2, 0.56 * (high - low).max()
        for axes, structure, shades, size in (
            (table[0, column], fine, colours, 46),
            (table[1, column], coarse, own, 120),
        ):
            draw_links(axes, structure)
            axes.scatter(*structure.pos.numpy().T, c=list(shades), s=size, edgecolors=INK, linewidths=0.8, zorder=2)
            limits = np.stack([middle - reach, middle + reach], 1)
            axes.set(xlim=limits[0], ylim=limits[1], aspect="equal", frame_on=False, xticks=[], yticks=[])
        rule = str(half.resolved(fine.topology)).split("(")[0].replace("Stencil", "Blocks")
        table[0, column].set_title(f"{name}, {fine.num_nodes} nodes", fontsize=11, color=INK, weight="bold")
        table[1, column].set_title(f"{rule}: {coarse.num_nodes}", fontsize=9.5, color=QUIET)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    draw(Path(__file__).parent / "coarsening.svg")
