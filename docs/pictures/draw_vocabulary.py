"""Draw `vocabulary.svg`: four structures, one vocabulary of layers, the kernels they lower to.

Run `python docs/pictures/draw_vocabulary.py`.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

INK, QUIET, PAPER = "#22303c", "#7b8a97", "#ffffff"
NODE, HEARD = "#dfe7ee", "#f2b134"
TYPES = ["#2f6f9f", "#c8553d", "#4f8a4c", "#8a5a9e", "#2a9d8f", "#b5792b", "#6b7fbf", "#a94f79"]


def nodes(axes: Axes, places: np.ndarray, size: float = 110, heard: int | None = None) -> None:
    """Circles; the one that hears is filled."""
    colours = [HEARD if place == heard else NODE for place in range(len(places))]
    axes.scatter(*places.T, s=size, c=colours, edgecolors=INK, linewidths=1.1, zorder=3)


def edge(axes: Axes, start: np.ndarray, end: np.ndarray, colour: str, width: float = 1.8, gap: float = 6.5) -> None:
    """An arrow from sender to receiver."""
    style = "-|>,head_width=2.6,head_length=4.2"
    ends = tuple(start), tuple(end)
    arrow = FancyArrowPatch(*ends, arrowstyle=style, color=colour, lw=width, shrinkA=gap, shrinkB=gap, zorder=2)
    axes.add_patch(arrow)


def chain(axes: Axes) -> None:
    """Every step hears the one before."""
    places = np.stack([np.linspace(-2, 2, 6), 0.25 * np.sin(np.arange(6) * 1.4)], 1)
    for before, after in itertools.pairwise(places):
        edge(axes, before, after, TYPES[0])
    nodes(axes, places, heard=5)


def grid(axes: Axes) -> None:
    """A 3 x 3 window: the edge type is the offset."""
    places = np.stack(np.meshgrid(np.arange(-2, 3), np.arange(2, -3, -1)), -1).reshape(-1, 2) * 0.82
    centre = 12
    offsets = [-6, -5, -4, -1, 1, 4, 5, 6]
    for colour, offset in zip(TYPES, offsets, strict=True):
        edge(axes, places[centre + offset], places[centre], colour)
    nodes(axes, places, heard=centre)


def cloud(axes: Axes) -> None:
    """Points of a ring, spread by farthest-point sampling; one of them hears its nearest."""
    candidates = np.random.default_rng(0).uniform(-2, 2, (6000, 2))
    radii = np.linalg.norm(candidates, axis=1)
    candidates = candidates[(radii > 0.85) & (radii < 1.95)]
    points, apart = candidates[:1], np.full(len(candidates), np.inf)
    while len(points) < 64:
        apart = np.minimum(apart, np.linalg.norm(candidates - points[-1], axis=1))
        points = np.concatenate([points, candidates[[apart.argmax()]]])
    heard = int(np.argmin(np.linalg.norm(points - [1.0, 0.95], axis=1)))
    for other in np.linalg.norm(points - points[heard], axis=1).argsort()[1:7]:
        edge(axes, points[other], points[heard], TYPES[4], width=1.5, gap=3.5)
    nodes(axes, points, size=38, heard=heard)


def molecule(axes: Axes) -> None:
    """Caffeine: the edge type is the kind of bond."""
    from rdkit import Chem
    from rdkit.Chem import rdDepictor

    caffeine = Chem.MolFromSmiles("CN1C=NC2=C1C(=O)N(C(=O)N2C)C")
    rdDepictor.Compute2DCoords(caffeine)
    places = caffeine.GetConformer().GetPositions()[:, :2]
    places = (places - places.mean(0)) * 0.52
    colours = {"SINGLE": TYPES[0], "DOUBLE": TYPES[1], "AROMATIC": TYPES[3]}
    heard = 4
    for bond in caffeine.GetBonds():
        start, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        colour = colours[str(bond.GetBondType())]
        if heard in (start, end):
            edge(axes, places[start + end - heard], places[heard], colour, width=2.6, gap=8)
        else:
            axes.plot(*places[[start, end]].T, color=colour, lw=2.6, zorder=2)
    nodes(axes, places, size=150, heard=heard)
    for atom, place in zip(caffeine.GetAtoms(), places, strict=True):
        axes.text(
            place[0], place[1], atom.GetSymbol(), ha="center", va="center_baseline", fontsize=7, color=INK, zorder=4
        )


STRUCTURES = {
    "a sequence is a chain": ("time steps; who came before", chain),
    "an image is a grid": ("pixels; the edge type is the offset", grid),
    "a point cloud is a set": ("points; neighbours by position", cloud),
    "a molecule is a graph": ("atoms; the edge type is the bond", molecule),
}
CHOICES = ["which edges", "which message", "how it is reduced", "in what order"]
LAYERS = "Conv2d   LSTM   MultiheadAttention   GCNConv   GINConv   PointNetConv   Readout   …"
KERNELS = {
    "convolution": "on a view, no copy",
    "fused LSTM, GRU": "ragged: by length",
    "attention": "scaled dot product",
    "sparse product": "CSR and transpose",
    "segment reduction": "on sorted edges",
}


def box(axes: Axes, left: float, bottom: float, width: float, height: float, face: str, line: str) -> None:
    """A rounded frame."""
    style = "round,pad=0,rounding_size=0.12"
    axes.add_patch(FancyBboxPatch((left, bottom), width, height, boxstyle=style, fc=face, ec=line, lw=1.2))


def draw(path: Path) -> None:
    """The whole picture."""
    mpl.rcParams.update({"font.family": "DejaVu Sans", "svg.fonttype": "path", "svg.hashsalt": "geonets"})
    figure = plt.figure(figsize=(10, 6.1), facecolor=PAPER)
    page = figure.add_axes((0, 0, 1, 1))
    page.set(xlim=(0, 10), ylim=(0, 6.1))
    page.axis("off")
    for place, (title, (subtitle, picture)) in enumerate(STRUCTURES.items()):
        middle = 1.35 + 2.43 * place
        page.text(middle, 5.78, title, ha="center", fontsize=11.5, color=INK, weight="bold")
        page.text(middle, 5.53, subtitle, ha="center", fontsize=8.2, color=QUIET)
        inner = figure.add_axes(((middle - 1.12) / 10, 3.52 / 6.1, 0.224, 1.9 / 6.1))
        inner.set(xlim=(-2.4, 2.4), ylim=(-2.04, 2.04), aspect="equal")
        inner.axis("off")
        picture(inner)
        down = FancyArrowPatch(
            (middle, 3.5), (middle, 3.1), arrowstyle="-|>,head_width=4,head_length=6", color=QUIET, lw=1.4
        )
        page.add_patch(down)
    box(page, 0.3, 1.95, 9.4, 1.1, "#eef4f8", "#9db4c6")
    page.text(5, 2.76, "one vocabulary of layers", ha="center", va="center", fontsize=12.5, color=INK, weight="bold")
    page.text(5, 2.46, "   ·   ".join(CHOICES), ha="center", va="center", fontsize=9.5, color=INK)
    page.text(5, 2.16, LAYERS, ha="center", va="center", fontsize=8.6, color=TYPES[0], family="DejaVu Sans Mono")
    width = 9.4 / len(KERNELS)
    page.text(
        5.14,
        1.565,
        "the planner chooses, and says why",
        ha="left",
        va="center",
        fontsize=9,
        color=QUIET,
        style="italic",
    )
    page.add_patch(
        FancyArrowPatch((5, 1.9), (5, 1.26), arrowstyle="-|>,head_width=5,head_length=7", color=QUIET, lw=1.8)
    )
    for place, (kernel, remark) in enumerate(KERNELS.items()):
        left = 0.3 + place * width
        box(page, left + 0.05, 0.3, width - 0.1, 0.88, "#fbf4e4", "#d9bd7a")
        page.text(left + width / 2, 0.84, kernel, ha="center", va="center", fontsize=10, color=INK, weight="bold")
        page.text(left + width / 2, 0.55, remark, ha="center", va="center", fontsize=8.2, color=QUIET)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    draw(Path(__file__).parent / "vocabulary.svg")
