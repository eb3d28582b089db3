"""Draw `sampling.svg`: points on a mesh, fewer points of a cloud, neighbours along links.

Nothing is drawn by hand: every point and link comes from the call that the panel names. Run
`python docs/pictures/draw_sampling.py`.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import networkx
import torch
import trimesh
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

import geonets as gn

INK, QUIET, PAPER = "#22303c", "#7b8a97", "#ffffff"
NODE, HEARD, LINE, PUSH = "#dfe7ee", "#f2b134", "#2f6f9f", "#c8553d"


def surface(axes: Axes) -> None:
    """Points on a ring, lit from above by their normals; what faces away is left out."""
    mesh = gn.from_trimesh(trimesh.creation.torus(1.0, 0.42, major_sections=24, minor_sections=12))
    cloud = gn.sample_surface(mesh, 1200, seed=0)
    tilt = torch.tensor(0.98)
    view = torch.eye(3)
    view[1:, 1:] = torch.tensor([[tilt.cos(), tilt.sin()], [-tilt.sin(), tilt.cos()]])
    turned = gn.transforms.rotate(cloud, view, vectors=["normal"])
    normal = turned.nodes["normal"]
    seen = normal[:, 2] > 0
    order = turned.pos[seen][:, 2].argsort()
    light = (normal[seen] @ torch.tensor([-0.4, 0.6, 0.7])).clamp(0, 1)
    axes.scatter(
        *turned.pos[seen][order][:, :2].T, s=13, c=light[order], cmap="YlGnBu_r", vmin=-0.3, vmax=1.3, linewidths=0
    )
    title(axes, "sample_surface", "equally dense on every triangle, with normals")


def fewer(axes: Axes, by: str, remark: str) -> None:
    """Some of the points of two moons."""
    generator = torch.Generator().manual_seed(2)
    angle = torch.pi * torch.rand(300, generator=generator)
    half = (torch.arange(300) % 2)[:, None]
    moons = torch.stack([angle.cos(), angle.sin()], 1) * (1 - 2 * half) + half * torch.tensor([1.0, 0.4])
    cloud = gn.points([moons + 0.14 * torch.randn(300, 2, generator=generator)])
    some = gn.transforms.subsample(cloud, 60, by=by, seed=1)
    axes.scatter(*cloud.pos.T, s=7, c=NODE, edgecolors=QUIET, linewidths=0.3)
    axes.scatter(*some.pos.T, s=32, c=HEARD, edgecolors=INK, linewidths=0.8)
    title(axes, f'subsample(60, by="{by}")', remark)


def neighbours(axes: Axes) -> None:
    """A seed with three of its neighbours and two of each of theirs."""
    network = networkx.random_geometric_graph(90, 0.2, seed=11)
    pos = torch.tensor([network.nodes[node]["pos"] for node in range(90)])
    graph = gn.transforms.to_undirected(gn.graph(torch.tensor([*network.edges]).T, pos=pos, num_nodes=90))
    seed = (pos - 0.5).norm(dim=1).argmin().reshape(1)
    piece, links = gn.sample_neighbors(graph, seed, (3, 2), seed=3), graph.topology.links
    for first, second in zip(links.senders.tolist(), links.receivers.tolist(), strict=True):
        axes.plot(*pos[[first, second]].T, color=NODE, lw=0.8, zorder=0)
    own = piece.topology.links
    for first, second in zip(own.senders.tolist(), own.receivers.tolist(), strict=True):
        start, end = piece.pos[first].tolist(), piece.pos[second].tolist()
        axes.annotate(
            "", end, start, arrowprops={"arrowstyle": "-|>", "color": LINE, "lw": 1.3, "shrinkB": 4}, zorder=1
        )
    axes.scatter(*pos.T, s=16, c=NODE, edgecolors=QUIET, linewidths=0.5, zorder=2)
    axes.scatter(*piece.pos.T, s=40, c=HEARD, edgecolors=INK, linewidths=0.9, zorder=3)
    axes.scatter(*pos[seed].T, s=90, c=PUSH, edgecolors=INK, linewidths=1.0, zorder=4)
    title(axes, "sample_neighbors((3, 2))", "what two layers are told about one node")


def title(axes: Axes, name: str, remark: str) -> None:
    """What a panel shows."""
    axes.set_title(remark, fontsize=8.2, color=QUIET, pad=4)
    axes.text(0.5, 1.1, name, transform=axes.transAxes, ha="center", fontsize=10.5, color=INK, weight="bold")
    axes.set_aspect("equal", adjustable="datalim")
    axes.axis("off")


def main() -> None:
    """Write the picture beside this file."""
    mpl.rcParams.update({"svg.hashsalt": "geonets", "font.family": "DejaVu Sans", "svg.fonttype": "none"})
    figure, axes = plt.subplots(1, 4, figsize=(12.4, 3.4), facecolor=PAPER)
    surface(axes[0])
    fewer(axes[1], "random", "60 of 300 points, all subsets alike")
    fewer(axes[2], "farthest", "60 of 300 points, spread evenly")
    neighbours(axes[3])
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.82, wspace=0.08)
    figure.savefig(Path(__file__).parent / "sampling.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
