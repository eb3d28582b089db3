"""Draw `attend.svg`: who hears whom under four neighborhoods, and the blocks in which a kernel computes it.

Run `python docs/pictures/draw_attend.py`. The pairs are those of the neighborhoods themselves.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

import geonets as gn

INK, QUIET, PAPER = "#22303c", "#7b8a97", "#ffffff"
BLOCK, HEARD = "#c8553d", "#2f6f9f"


def pairs(axes: Axes, structure: gn.Structure, neighborhood: gn.Neighborhood, title: str, kernel: str) -> None:
    """One square for each pair of nodes: filled where the row's node hears the column's."""
    edges = neighborhood.edges(structure)
    count = structure.num_nodes
    axes.set(xlim=(0, count), ylim=(count, 0), facecolor="#eef2f5")
    side = 150 / count  # points
    axes.scatter(edges.senders + 0.5, edges.receivers + 0.5, s=side**2, marker="s", c=HEARD, edgecolors="none")
    for end in structure.topology.node_offsets[1:-1].tolist():
        axes.axhline(end, color=QUIET, lw=0.8)
        axes.axvline(end, color=QUIET, lw=0.8)
    axes.set_title(title, fontsize=11, color=INK, pad=7)
    axes.set_xlabel(kernel, fontsize=9, color=QUIET, family="monospace", labelpad=8)
    axes.set(aspect="equal", xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)


def box(axes: Axes, first: tuple[int, int], size: tuple[int, int]) -> None:
    """A block that one call computes: rows are receivers, columns senders."""
    (row, column), (height, width) = first, size
    axes.add_patch(Rectangle((column, row), width, height, fill=False, ec=BLOCK, lw=1.8, zorder=3, clip_on=False))


def main() -> None:
    """Write the picture beside this file."""
    mpl.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": "geonets", "font.family": "DejaVu Sans"})
    figure, (all_pairs, past, window, links) = plt.subplots(1, 4, figsize=(13, 3.9), facecolor=PAPER)
    ragged, long = gn.Structure(gn.Chain([7, 5, 3])), gn.Structure(gn.Chain(15))
    senders = np.array([0, 1, 2, 3, 4, 0, 5, 6, 7, 3, 9, 10, 11, 9])
    receivers = np.array([1, 2, 3, 4, 5, 5, 6, 7, 8, 8, 10, 11, 12, 12])
    both = torch.from_numpy(np.concatenate([[senders, receivers], [receivers, senders]], 1))
    network = gn.Structure(gn.Graph(both[0], both[1], node_counts=[9, 7]))
    pairs(all_pairs, ragged, gn.Complete(), "Complete(): three items", "dense_attention_by_length")
    for first, size in ((0, 7), (7, 5), (12, 3)):
        box(all_pairs, (first, first), (size, size))
    pairs(past, long, gn.Complete(causal=True), "Complete(causal=True)", "dense_attention")
    box(past, (0, 0), (15, 15))
    pairs(window, long, gn.Window(2), "Window(2)", "window_attention")
    for first in range(0, 15, 5):
        left, right = max(first - 2, 0), min(first + 7, 15)
        box(window, (first, left), (5, right - left))
    pairs(links, network, gn.WithLoops(), "WithLoops(Links())", "edge_attention")
    figure.subplots_adjust(left=0.02, right=0.98, top=0.88, bottom=0.12, wspace=0.12)
    figure.savefig(Path(__file__).parent / "attend.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
