"""Draw `geometry.svg`: a cloud's two levels, and a molecule whose forces turn with it.

Nothing is drawn by hand: the points, their balls and the forces come from the layers. Run
`python docs/pictures/draw_geometry.py`.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle

import geonets as gn

INK, QUIET, PAPER = "#22303c", "#7b8a97", "#ffffff"
NODE, HEARD, LINE, PUSH = "#dfe7ee", "#f2b134", "#2f6f9f", "#c8553d"


def down(axes: Axes) -> None:
    """Points kept by farthest point sampling, and what the first few of them hear."""
    cloud, step = ring(), gn.nn.SetAbstraction(8, 0.75, 12, gn.nn.MLP([2, 4]))
    kept = step(cloud)
    heard = step.convs[0].across.neighborhood.edges(kept, cloud)
    for sender, receiver in zip(heard.senders.tolist(), heard.receivers.tolist(), strict=True):
        axes.plot(*torch.stack([cloud.pos[sender], kept.pos[receiver]]).T, color=LINE, lw=0.9, zorder=1)
    for place in kept.pos.tolist():
        axes.add_patch(Circle(place, 0.75, fill=False, color=QUIET, lw=0.6, ls=(0, (3, 3))))
    points(axes, cloud.pos, kept.pos)
    title(axes, "SetAbstraction", "a few points, what stands out around each")


def up(axes: Axes) -> None:
    """Every point hears the three nearest of the coarser level; a darker line weighs more."""
    cloud, layer = ring(), gn.nn.FeaturePropagation()
    kept = gn.nn.SetAbstraction(8, 0.75, 12, gn.nn.MLP([2, 4]))(cloud)
    edges = layer.spec.neighborhood.edges(cloud, kept)
    weights = layer(cloud, kept.replace(x=torch.eye(8))).x[edges.receivers, edges.senders]
    for sender, receiver, weight in zip(
        edges.senders.tolist(), edges.receivers.tolist(), weights.tolist(), strict=True
    ):
        ends = torch.stack([kept.pos[sender], cloud.pos[receiver]])
        axes.plot(*ends.T, color=LINE, lw=1.1, alpha=0.08 + 0.92 * weight, zorder=1)
    points(axes, cloud.pos, kept.pos)
    title(axes, "FeaturePropagation", "back to all, weights 1 / distance squared")


def turned(axes: Axes, degrees: float, name: str) -> None:
    """A molecule of a random SchNet: the energy stays, the forces turn along."""
    torch.manual_seed(3)
    energy = gn.models.SchNet(hidden_channels=16, num_filters=16, num_interactions=2, cutoff=4.0).double()
    angles = torch.arange(6).double() * torch.pi / 3
    ring_of_six = 1.1 * torch.stack([angles.cos(), angles.sin()], 1)
    chain = torch.tensor([[2.2, 0.35], [3.0, -0.5]]).double()
    pos = torch.cat([ring_of_six, chain]) - torch.tensor([0.8, 0.0]).double()
    angle = torch.tensor(degrees).deg2rad().double()
    turn = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
    pos = (pos @ turn.T).requires_grad_()
    numbers = torch.tensor([6.0] * 6 + [8.0, 1.0]).double()[:, None]
    value = energy(gn.points([pos], x=[numbers])).x
    (slope,) = torch.autograd.grad(value.sum(), pos)
    places, forces = pos.detach(), -slope
    for first, second in [(a, (a + 1) % 6) for a in range(6)] + [(0, 6), (6, 7)]:
        axes.plot(*places[[first, second]].T, color=QUIET, lw=2.2, zorder=1)
    axes.scatter(*places.T, s=120, c=[NODE] * 6 + [HEARD, PAPER], edgecolors=INK, linewidths=1.1, zorder=2)
    longest = forces.norm(dim=1).max()
    axes.quiver(*places.T, *(forces / longest).T, color=PUSH, scale=4.2, width=0.011, zorder=3)
    title(axes, name, f"energy {value.item():.6f}, and the forces on the atoms")


def ring() -> gn.Structure:
    """Points of a ring."""
    generator = torch.Generator().manual_seed(4)
    angle = 2 * torch.pi * torch.rand(90, generator=generator)
    radius = 1.1 + 0.55 * torch.rand(90, generator=generator)
    return gn.points([torch.stack([radius * angle.cos(), radius * angle.sin()], 1)])


def points(axes: Axes, pos: torch.Tensor, kept: torch.Tensor) -> None:
    """All points, those that were kept larger."""
    axes.scatter(*pos.T, s=16, c=NODE, edgecolors=INK, linewidths=0.7, zorder=2)
    axes.scatter(*kept.T, s=60, c=HEARD, edgecolors=INK, linewidths=1.0, zorder=3)


def title(axes: Axes, name: str, remark: str) -> None:
    """What a panel shows."""
    axes.set_title(remark, fontsize=8.2, color=QUIET, pad=4)
    axes.text(0.5, 1.1, name, transform=axes.transAxes, ha="center", fontsize=10.5, color=INK, weight="bold")


def main() -> None:
    """Write the picture beside this file."""
    mpl.rcParams.update({"svg.hashsalt": "geonets", "font.family": "DejaVu Sans", "svg.fonttype": "none"})
    figure, axes = plt.subplots(1, 4, figsize=(12.4, 3.6), facecolor=PAPER)
    down(axes[0])
    up(axes[1])
    turned(axes[2], 0.0, "SchNet")
    turned(axes[3], 50.0, "the molecule turned by 50 degrees")
    for panel, reach in zip(axes, (2.45, 2.45, 3.8, 3.8), strict=True):
        panel.set_aspect("equal")
        panel.axis("off")
        panel.set_xlim(-reach, reach)
        panel.set_ylim(-reach, reach)
    figure.tight_layout()
    figure.savefig(Path(__file__).parent / "geometry.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
