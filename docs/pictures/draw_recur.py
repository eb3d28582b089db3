"""Draw `recur.svg`: in which order nodes become known on a chain, a tree and a grid, and in rounds.

Run `python docs/pictures/draw_recur.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

INK, QUIET = "#22303c", "#7b8a97"
LEVELS = mpl.colormaps["YlGnBu"](np.linspace(0.08, 0.72, 7))
EDGE, OTHER = "#2f6f9f", "#c8553d"


def nodes(axes: Axes, places: np.ndarray, levels: list[int], known: bool = True) -> None:
    """Circles, coloured and numbered by the step at which they become known."""
    axes.scatter(*places.T, s=270, c=[LEVELS[level] for level in levels], edgecolors=INK, linewidths=1.1, zorder=3)
    for (x, y), level in zip(places, levels, strict=True):
        colour = "#ffffff" if level > 4 else INK
        axes.text(x, y - 0.02, str(level + 1) if known else "k", ha="center", va="center", color=colour, fontsize=9)


def edge(axes: Axes, start: np.ndarray, end: np.ndarray, colour: str = EDGE, bend: float = 0.0) -> None:
    """An arrow from the node that is known first."""
    style = "-|>,head_width=2.6,head_length=4.2"
    bow = f"arc3,rad={bend}"
    ends = tuple(start), tuple(end)
    arrow = FancyArrowPatch(
        *ends, arrowstyle=style, connectionstyle=bow, color=colour, lw=1.6, shrinkA=9, shrinkB=9, zorder=2
    )
    axes.add_patch(arrow)


def chain(axes: Axes) -> None:
    """Two sequences of different lengths advance together."""
    for height, length in ((0.7, 5), (-0.7, 3)):
        places = np.stack([np.arange(length) - 2.0, np.full(length, height)], 1)
        for before, after in itertools.pairwise(places):
            edge(axes, before, after)
        nodes(axes, places, list(range(length)))


def tree(axes: Axes) -> None:
    """Every node as late as its parent allows; left and right children are types of edges."""
    places = np.array([(0, 1.6), (-1.1, 0.5), (1.1, 0.5), (-1.7, -0.6), (-0.5, -0.6), (-1.1, -1.7), (0.1, -1.7)])
    for child, parent, colour in (
        (1, 0, EDGE),
        (2, 0, OTHER),
        (3, 1, EDGE),
        (4, 1, OTHER),
        (5, 4, EDGE),
        (6, 4, OTHER),
    ):
        edge(axes, places[child], places[parent], colour)
    nodes(axes, places, [3, 2, 2, 1, 1, 0, 0])


def grid(axes: Axes) -> None:
    """One sweep of four: anti-diagonals from the upper left corner; an edge type an axis."""
    columns, rows = np.meshgrid(np.arange(4), np.arange(4))
    places = np.stack([columns * 1.1 - 1.65, 1.65 - rows * 1.1], -1)
    for y, x in itertools.product(range(4), range(4)):
        if x:
            edge(axes, places[y, x - 1], places[y, x], OTHER)
        if y:
            edge(axes, places[y - 1, x], places[y, x])
    nodes(axes, places.reshape(-1, 2), (rows + columns).flatten().tolist())


def rounds(axes: Axes) -> None:
    """All nodes at once, again and again: cycles are no obstacle."""
    angles = np.arange(6) * np.pi / 3 + np.pi / 2
    places = 1.5 * np.stack([np.cos(angles), np.sin(angles)], 1)
    for first, second in [*itertools.pairwise(range(6)), (5, 0), (1, 4)]:
        edge(axes, places[first], places[second], bend=0.16)
        edge(axes, places[second], places[first], bend=0.16)
    nodes(axes, places, [2] * 6, known=False)


PANELS: dict[str, tuple[Callable[[Axes], None], str]] = {
    "chain": (chain, "step by step;\nfused kernels"),
    "tree, acyclic graph": (tree, "level by level,\nchildren first"),
    "grid": (grid, "anti-diagonals\nfrom each corner"),
    "any graph": (rounds, "K rounds: all nodes\nat once, k = 1 .. K"),
}


def main() -> None:
    """Four panels side by side."""
    mpl.rcParams.update({"font.family": "DejaVu Sans", "svg.hashsalt": "geonets", "svg.fonttype": "path"})
    figure, panels = plt.subplots(1, 4, figsize=(10.4, 3.5))
    for axes, (title, (draw, caption)) in zip(panels, PANELS.items(), strict=True):
        draw(axes)
        axes.set(xlim=(-2.5, 2.5), ylim=(-3.2, 2.6), aspect="equal")
        axes.axis("off")
        axes.text(0, 2.45, title, ha="center", va="center", color=INK, fontsize=11, weight="bold")
        axes.text(0, -2.8, caption, ha="center", va="center", color=QUIET, fontsize=9)
    figure.subplots_adjust(0.005, 0.0, 0.995, 1.0, wspace=0.02)
    figure.savefig(Path(__file__).with_name("recur.svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
