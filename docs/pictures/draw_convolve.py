"""Draw `convolve.svg`: the same operation on an image, on images of several sizes, on a graph, among points.

Run `python docs/pictures/draw_convolve.py`. Edges, canvas and influences are those of the library.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

import geonets as gn
from geonets.engine.kernels.canvas import canvas_of
from geonets.engine.rules import Call

INK, QUIET, PAPER, GROUND = "#22303c", "#7b8a97", "#ffffff", "#eef2f5"
TYPES = plt.get_cmap("tab10")
ITEMS = ("#2f6f9f", "#c8553d", "#e0a458")


def window(axes: Axes) -> None:
    """A pixel hears the pixels around it; the colour of an edge is its type."""
    conv, image = gn.nn.Conv2d(1, 1, 3, padding=1), gn.grid(torch.zeros(1, 4, 5, 1))
    edges, places = conv.spec.neighborhood.edges(image), np.indices((4, 5)).reshape(2, -1)[::-1].T
    axes.scatter(*places.T, s=70, c=GROUND, edgecolors=QUIET, zorder=2)
    for receiver in (6, 14):
        for row in range(int(edges.pointers[receiver]), int(edges.pointers[receiver + 1])):
            ends = places[[int(edges.senders[row]), receiver]]
            assert edges.edge_type is not None
            axes.plot(*ends.T, color=TYPES(int(edges.edge_type[row]) % 10), lw=3, zorder=1)
        axes.scatter(*places[receiver], s=150, c=INK, zorder=3)
    axes.set(xlim=(-0.6, 4.6), ylim=(3.6, -0.6), aspect="equal")
    named(axes, "offset in the window", "conv_on_grid")


def canvas(axes: Axes) -> None:
    """Images of three sizes on one canvas, and the padding between them."""
    sizes = [(6, 5), (4, 8), (3, 3)]
    images = gn.grid([torch.full((*size, 1), float(number)) for number, size in enumerate(sizes)])
    conv = gn.nn.Conv2d(1, 1, 3, padding=1)
    cells = canvas_of(Call(conv.spec, None, images, images, training=False))
    shown = cells.paint(images.x + 1)[0, 0]
    colours = mpl.colors.ListedColormap([GROUND, *ITEMS])
    axes.pcolormesh(shown.numpy(), cmap=colours, vmin=0, vmax=3, edgecolors=PAPER, lw=1)
    axes.set(ylim=(shown.shape[0], 0), aspect="equal")
    named(axes, "three images, one call", "conv_on_canvas")


def relations(axes: Axes) -> None:
    """Bonds of acetic acid: single and double."""
    places = np.array([[0.0, 0.0], [1.0, 0.4], [1.1, 1.5], [2.0, -0.2]])
    bonds = [(0, 1, 0), (1, 2, 1), (1, 3, 0)]
    for first, second, kind in bonds:
        axes.plot(*places[[first, second]].T, color=ITEMS[kind], lw=3 + 3 * kind, zorder=1)
    axes.scatter(*places.T, s=420, c=PAPER, edgecolors=INK, lw=1.4, zorder=2)
    for place, name in zip(places, ("C", "C", "O", "O"), strict=True):
        axes.text(*place, name, ha="center", va="center", fontsize=11, color=INK, zorder=3)
    axes.set(xlim=(-0.5, 2.5), ylim=(-0.8, 2.0), aspect="equal")
    named(axes, "bond of a molecule", "convolve_by_type")


def points(axes: Axes) -> None:
    """A point's neighbours, each in the colour of the kernel point that it is nearest to."""
    generator = np.random.default_rng(4)
    pos = generator.normal(size=(60, 2)) * 0.7
    angles = np.arange(5) * 2 * np.pi / 5
    kernel = np.vstack([[0.0, 0.0], np.stack([np.cos(angles), np.sin(angles)], 1)]) * 0.9
    nearest = np.linalg.norm(pos[:, None] - kernel, axis=2)
    inside = nearest.min(1) < 0.65
    axes.scatter(*pos[~inside].T, s=22, c=GROUND, edgecolors=QUIET)
    axes.scatter(*pos[inside].T, s=34, color=[TYPES(int(kind)) for kind in nearest[inside].argmin(1)])
    for number, place in enumerate(kernel):
        axes.add_patch(plt.Circle(tuple(place), 0.65, fill=False, ec=TYPES(number), lw=1, alpha=0.6))
        axes.scatter(*place, marker="+", s=80, color=TYPES(number), lw=2)
    axes.set(xlim=(-1.9, 1.9), ylim=(-1.9, 1.9), aspect="equal")
    named(axes, "near which kernel point", "convolve_by_type")


def named(axes: Axes, title: str, kernel: str) -> None:
    """A title above, the kernel below."""
    axes.set_title(title, fontsize=11, color=INK, pad=8)
    axes.text(0.5, -0.06, kernel, transform=axes.transAxes, ha="center", fontsize=9, color=QUIET, family="monospace")
    axes.axis("off")


def main() -> None:
    """Write the picture beside this file."""
    mpl.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": "geonets", "font.family": "DejaVu Sans"})
    figure, all_axes = plt.subplots(1, 4, figsize=(13, 3.6), facecolor=PAPER)
    for draw, axes in zip((window, canvas, relations, points), all_axes, strict=True):
        draw(axes)
    figure.subplots_adjust(left=0.02, right=0.98, top=0.86, bottom=0.1, wspace=0.12)
    figure.savefig(Path(__file__).parent / "convolve.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
