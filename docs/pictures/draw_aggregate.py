"""Draw `aggregate.svg`: messages along the edges of a graph, in receiver order, and what each reduction keeps of them.

Run `python docs/pictures/draw_aggregate.py`. The numbers are those of `gn.nn.MessagePassing`.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from torch import Tensor

import geonets as gn

INK, QUIET, PAPER = "#22303c", "#7b8a97", "#ffffff"
SHADE = LinearSegmentedColormap.from_list("shade", ["#eef2f5", "#2f6f9f"])
PLACES = torch.tensor([[0.0, 1.0], [0.9, 1.5], [0.8, 0.35], [1.9, 1.1], [1.75, 0.1], [0.1, 0.0]])
LINKS = torch.tensor([[0, 1], [0, 2], [1, 2], [1, 3], [2, 3], [2, 4], [5, 2]])
VALUES = torch.tensor([[1.0], [4.0], [2.0], [5.0], [3.0], [0.5]])
WORDS = ("sum", "mean", "max", "min", "std", "softmax")
HIGHEST = 12.0


def network() -> gn.Structure:
    """Six nodes with one number each; every link in both directions."""
    return gn.graph(torch.cat([LINKS, LINKS.flip(1)]).T, x=VALUES)


def nodes(axes: Axes, structure: gn.Structure) -> None:
    """The graph, each node with its number."""
    for first, second in LINKS.tolist():
        axes.plot(*PLACES[[first, second]].T, color=QUIET, lw=1.4, zorder=1)
    axes.scatter(*PLACES.T, s=620, c=VALUES[:, 0], cmap=SHADE, vmin=0, vmax=6, edgecolors=INK, lw=1.2, zorder=2)
    for number, (place, value) in enumerate(zip(PLACES.tolist(), VALUES[:, 0].tolist(), strict=True)):
        colour = PAPER if value > 3 else INK
        axes.text(*place, f"{value:g}", ha="center", va="center", fontsize=10, color=colour, zorder=3)
        axes.text(place[0], place[1] + 0.24, f"node {number}", ha="center", fontsize=8, color=QUIET)
    axes.set(xlim=(-0.35, 2.3), ylim=(-0.35, 1.95), aspect="equal")
    axes.set_title(f"{structure.num_nodes} nodes, {structure.topology.links.num_edges} edges", fontsize=11, color=INK)


def column(axes: Axes, left: float, tops: Tensor, heights: Tensor, values: Tensor, title: str) -> None:
    """Boxes below each other, shaded by their number."""
    for top, height, value in zip(tops.tolist(), heights.tolist(), values.tolist(), strict=True):
        colour = SHADE(min(value / (HIGHEST if title == "sum" else 6), 1.0))
        axes.add_patch(plt.Rectangle((left, top), 0.86, height, fc=colour, ec=PAPER, lw=1.5))
        ink = PAPER if value > (HIGHEST if title == "sum" else 6) / 2 else INK
        axes.text(left + 0.43, top + height / 2, f"{value:.3g}", ha="center", va="center", fontsize=8.5, color=ink)
    axes.text(left + 0.43, -0.4, title, ha="center", va="bottom", fontsize=9, color=QUIET, family="monospace")


def reductions(axes: Axes, structure: gn.Structure) -> None:
    """Messages in receiver order, and beside the messages of each node what the reductions make of them."""
    links = structure.topology.links
    column(axes, 0, torch.arange(links.num_edges), torch.ones(links.num_edges), VALUES[links.senders, 0], "messages")
    starts, degrees = links.pointers[:-1], links.degrees
    for place, word in enumerate(WORDS):
        heard = gn.nn.MessagePassing(lambda sender: sender, word, reads=("sender",))(structure).x[:, 0]
        column(axes, 1.5 + place, starts, degrees, heard, word)
    for number, (start, degree) in enumerate(zip(starts.tolist(), degrees.tolist(), strict=True)):
        axes.plot([-0.1, 7.5], [start, start], color=QUIET, lw=0.6)
        axes.text(-0.2, start + degree / 2, f"node {number} hears", ha="right", va="center", fontsize=9, color=INK)
    axes.set(xlim=(-1.9, 7.6), ylim=(links.num_edges + 0.2, -1.3))
    axes.set_title("sorted by receiver once; then every reduction runs over contiguous rows", fontsize=11, color=INK)


def main() -> None:
    """Write the picture beside this file."""
    mpl.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": "geonets", "font.family": "DejaVu Sans"})
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6), facecolor=PAPER, width_ratios=(1, 2.1))
    structure = network()
    nodes(left, structure)
    reductions(right, structure)
    for axes in (left, right):
        axes.axis("off")
    figure.subplots_adjust(left=0.01, right=0.99, top=0.91, bottom=0.02, wspace=0.02)
    figure.savefig(Path(__file__).parent / "aggregate.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
