"""Promise: one U-Net, the same few lines, segments a chain, an image, a volume, a cloud and a graph.

`scenes/beacons.py` asks one question on five structures: a dot takes the colour of the beacon fewest steps away.
*Which* nodes have dots is fine detail; *which colour* they take comes from afar. Each twin must lose one of the two:
without skip connections the dots, without coarsening (same depth, same number of parameters) the colours farther away
than its nine convolutions reach. Writes a page of pictures.

Run `python demos/one_unet.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from scenes.beacons import BLUE, EMPTY, RED, scenes
from torch.nn.functional import cross_entropy

import geonets as gn

STEPS, BATCHES, WIDTHS = 360, 72, (16,) * 5
REACH = 2 * len(WIDTHS) - 1
CONVS: dict[str, Callable[[int, int], gn.nn.Layer]] = {
    "chain": lambda before, after: gn.nn.Conv1d(before, after, 3, padding=1),
    "image": lambda before, after: gn.nn.Conv2d(before, after, 3, padding=1),
    "volume": lambda before, after: gn.nn.Conv3d(before, after, 3, padding=1),
    "cloud": lambda before, after: gn.nn.SAGEConv(before, after, neighborhood=gn.KNN(6)),
    "graph": gn.nn.SAGEConv,
}
MODELS: dict[str, dict[str, Any]] = {
    "U-Net": {},
    "no skips": {"skip": False},
    "no coarsening": {"coarsen": lambda channels: gn.nn.Coarsen(gn.Coarser(1))},
}
ITEMS = {"chain": 16, "image": 6, "volume": 8, "cloud": 6, "graph": 16}
LINE = {"chain": 16, "image": 36, "volume": 54, "graph": 12}  # how many nodes are drawn side by side
COLOURS = np.array(["#e3e8ec", "#d1495b", "#2f6f9f", "#46525c"])  # empty, red, blue, a dot of unknown colour
Answers = dict[str, tuple[float, float, torch.Tensor]]


def answer(kind: str, name: str, batches: list[gn.Structure], test: gn.Structure, seed: int) -> torch.Tensor:
    """Train one model on the batches in turn; its classes on new scenes."""
    torch.manual_seed(seed)
    net = gn.models.UNet(3, 3, WIDTHS, CONVS[kind], convs=1, **MODELS[name])
    optimizer = torch.optim.AdamW(net.parameters())
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=STEPS)
    for step in range(STEPS):
        batch = batches[step % len(batches)]
        optimizer.zero_grad()
        cross_entropy(net(batch).x, batch.y, weight=torch.tensor([0.3, 1, 1])).backward()
        optimizer.step()
        rates.step()
    return net.eval()(test).x.argmax(1)


def trial(kind: str, seed: int) -> tuple[gn.Structure, Answers]:
    """New scenes, and each model's answers: how well it tells dots from empty nodes (chance: 1/2), and far colours."""
    batches = [scenes(kind, ITEMS[kind], 1000 * seed + number) for number in range(BATCHES)]
    test, answers = scenes(kind, 2 * ITEMS[kind], 1000 * seed + 999), {}
    dots = test.y != EMPTY
    far = dots & (test.nodes["steps"] > REACH)
    for name in MODELS:
        found = answer(kind, name, batches, test, seed)
        seen = (found != EMPTY)[dots].float().mean() + (found == EMPTY)[~dots].float().mean()
        answers[name] = float(seen / 2), float((found == test.y)[far].float().mean()), found
    return test, answers


def kept(answers: Answers) -> bool:
    """The U-Net does both; each twin clearly fails at what it lacks."""
    (dots, far, _), (skipless, _, _), (_, local, _) = (answers[name] for name in MODELS)
    return dots >= 0.95 and far >= 0.85 and skipless <= 0.75 and local <= 0.75


def draw(axes: Any, kind: str, item: gn.Structure, colours: torch.Tensor, title: str) -> None:
    """Nodes in colours, beacons as stars; chains line by line, volumes layer below layer."""
    down, across = np.divmod(np.arange(item.num_nodes), LINE.get(kind, 1))
    at = np.stack([across, -down - down // 4 * (kind == "volume")], 1)
    if kind == "cloud":
        at = item.pos.numpy() @ [[1, 0], [0, 0.55], [0, 0.8]]
    if kind in ("chain", "graph"):
        ends = np.stack([item.topology.links.senders.numpy(), item.topology.links.receivers.numpy()])
        ends = ends[:, np.abs(at[ends[0]] - at[ends[1]]).sum(1) == 1]
        axes.plot(*at[ends].transpose(2, 0, 1), color=COLOURS[EMPTY], lw=3, zorder=0)
    axes.scatter(*at.T, c=COLOURS[colours], s=9000 / len(at), linewidths=0)
    for beacon in (RED, BLUE):
        shown = at[item.x[:, beacon - 1].numpy() > 0].T
        axes.scatter(*shown, marker="*", s=280, c=COLOURS[beacon], edgecolors="white", linewidths=1.2)
    axes.set_title(title, fontsize=11, color=COLOURS[3])
    axes.set(aspect="equal", frame_on=False, xticks=[], yticks=[])


def main() -> None:
    torch.set_num_threads(1)  # layers this small gain nothing from a second core
    held, (figure, table) = [], plt.subplots(len(CONVS), 2 + len(MODELS), figsize=(15, 14.5), facecolor="white")
    for row, kind in zip(table, CONVS, strict=True):
        test, answers = trial(kind, seed=0)
        item, held = test[0], [*held, kept(answers)]
        draw(row[0], kind, item, 3 * item.x[:, 2].long(), f"{kind}\nasked")
        draw(row[1], kind, item, item.y, "\nright")
        for axes, (name, (dots, far, found)) in zip(row[2:], answers.items(), strict=True):
            draw(axes, kind, item, found[: item.num_nodes], f"{name}\ndots {dots:.2f}, far colours {far:.2f}")
        print(f"{kind:<8}", *(f"{n}: dots {d:.2f}, far colours {f:.2f}" for n, (d, f, _) in answers.items()), sep="  ")
    figure.tight_layout()
    figure.savefig("one_unet.png", dpi=90)
    print(f"pictures: {Path('one_unet.png').resolve()}")
    print("promise kept: skips keep what is fine, coarsening brings what is far" if all(held) else "promise BROKEN")


if __name__ == "__main__":
    main()
