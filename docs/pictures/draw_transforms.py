"""Draw `transforms.svg`: a batch of clouds before and after, and a graph coloured by its encodings.

Nothing is drawn by hand: what is shown is what the transforms give. Run `python docs/pictures/draw_transforms.py`.
"""

from __future__ import annotations

import functools
from pathlib import Path

import matplotlib as mpl
import networkx
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

import geonets as gn
from geonets import transforms

INK, QUIET, PAPER = "#22303c", "#7b8a97", "#ffffff"
COLOURS = ("#2f6f9f", "#f2b134", "#c8553d")


def letters() -> gn.Structure:
    """Three letters L of different places, sizes and densities."""
    generator, items = torch.Generator().manual_seed(1), []
    for count, size, place in ((150, 0.5, (0.6, 2.2)), (260, 1.3, (2.4, 0.3)), (90, 0.9, (-0.6, -0.4))):
        rows = torch.rand(count, 2, generator=generator)
        foot = (torch.arange(count) % 5 < 2)[:, None]
        item = torch.where(foot, rows * torch.tensor([0.7, 0.22]), rows * torch.tensor([0.22, 1.1]))
        items.append(size * item + torch.tensor(place))
    return gn.points(items)


def clouds(axes: Axes, structure: gn.Structure, name: str, remark: str, reach: float | None = None) -> None:
    """All items, each in its colour."""
    for item, colour in zip(structure, COLOURS, strict=True):
        axes.scatter(*item.pos.T, s=7, c=colour, linewidths=0, alpha=0.85)
    if reach is not None:
        axes.set_xlim(-reach, reach)
        axes.set_ylim(-reach, reach)
    title(axes, name, remark)


def encoded(axes: Axes, name: str, column: int, remark: str) -> None:
    """A graph coloured by one column of an encoding."""
    network = networkx.connected_caveman_graph(5, 7)
    places = networkx.spring_layout(network, seed=4, iterations=200)
    pos = torch.tensor([places[node].tolist() for node in network])
    graph = transforms.to_undirected(gn.graph(torch.tensor([*network.edges]).T, pos=pos))
    graph = transforms.random_walk_encoding(transforms.laplacian_encoding(graph, 2), 3)
    for first, second in network.edges:
        axes.plot(*pos[[first, second]].T, color=QUIET, lw=0.6, zorder=0)
    colours = graph.nodes[name][:, column]
    axes.scatter(*pos.T, s=46, c=colours, cmap="YlGnBu_r", edgecolors=INK, linewidths=0.8)
    title(axes, f"{name}_encoding", remark)


def title(axes: Axes, name: str, remark: str) -> None:
    """What a panel shows."""
    axes.set_title(remark, fontsize=8.2, color=QUIET, pad=4)
    axes.text(0.5, 1.1, name, transform=axes.transAxes, ha="center", fontsize=10.5, color=INK, weight="bold")
    axes.set_aspect("equal", adjustable="datalim")
    axes.axis("off")


def main() -> None:
    """Write the picture beside this file."""
    mpl.rcParams.update({"svg.hashsalt": "geonets", "font.family": "DejaVu Sans", "svg.fonttype": "none"})
    figure, axes = plt.subplots(1, 5, figsize=(14.4, 3.3), facecolor=PAPER)
    batch = letters()
    turn = functools.partial(transforms.rotate, degrees=60, seed=6)
    clouds(axes[0], batch, "three items", "as they come")
    clouds(axes[1], transforms.normalize(batch), "normalize", "mean 0 and size 1, each", 1.15)
    clouds(axes[2], transforms.compose(transforms.normalize, turn)(batch), "rotate", "each by a turn of its own", 1.15)
    encoded(axes[3], "laplacian", 0, "the eigenvector after the trivial one")
    encoded(axes[4], "random_walk", 2, "back after three steps")
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.82, wspace=0.08)
    figure.savefig(Path(__file__).parent / "transforms.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
