"""Write the table of layers and the kernels they lower to into README.md: `python docs/tables.py`.

Nothing in it is written by hand: every layer is run on small structures, and the planner says what computed it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

import geonets as gn

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- layers: begin, written by docs/tables.py -->", "<!-- layers: end -->"
CHANNELS = 4
NEAR = gn.KNN(3)


def structures() -> dict[str, gn.Structure]:
    """Small structures of every kind; all have positions, and edge features where they have edges of their own."""

    def rows(*sizes: int) -> torch.Tensor:
        return torch.randn(*sizes, CHANNELS)

    ring = torch.tensor([[0, 1, 2, 1, 2, 0], [1, 2, 0, 0, 1, 2]])
    pair = torch.tensor([[0, 1], [1, 0]])
    parents, parent = torch.tensor([[1, 2, 3], [0, 0, 1]]), torch.tensor([[1], [0]])
    plain = {
        "chain": gn.chain(rows(2, 6)),
        "ragged chain": gn.chain([rows(6), rows(5)]),
        "grid": gn.grid(rows(2, 5, 6)),
        "ragged grid": gn.grid([rows(5, 6), rows(4, 5)]),
        "volume": gn.grid(rows(2, 4, 5, 6)),
        "ragged volume": gn.grid([rows(4, 5, 6), rows(4, 4, 5)]),
        "set": gn.points(None, [rows(7), rows(9)]),
        "graph": gn.graph([ring, pair], x=[rows(3), rows(2)]),
        "tree": gn.graph([parents, parent], x=[rows(4), rows(2)]),
    }
    placed = {kind: s.replace(pos=torch.randn(s.num_nodes, 3)) for kind, s in plain.items()}
    return {
        kind: s if kind == "set" else s.replace(edge_attr=rows(s.topology.links.num_edges))
        for kind, s in placed.items()
    }


def layers() -> dict[str, Callable[[gn.Neighborhood], gn.nn.Layer]]:
    """How to build each layer that has a kernel; those without a neighborhood leave the argument alone."""
    nn, c = gn.nn, CHANNELS
    return {
        "Conv1d": lambda _: nn.Conv1d(c, 2, 3),
        "Conv2d": lambda _: nn.Conv2d(c, 2, 3),
        "Conv3d": lambda _: nn.Conv3d(c, 2, 3),
        "MaxPool1d": lambda _: nn.MaxPool1d(2),
        "MaxPool2d": lambda _: nn.MaxPool2d(2),
        "MaxPool3d": lambda _: nn.MaxPool3d(2),
        "AvgPool1d": lambda _: nn.AvgPool1d(2),
        "AvgPool2d": lambda _: nn.AvgPool2d(2),
        "AvgPool3d": lambda _: nn.AvgPool3d(2),
        "RNN": lambda _: nn.RNN(c, 2),
        "LSTM": lambda _: nn.LSTM(c, 2),
        "GRU": lambda _: nn.GRU(c, 2),
        "MultiheadAttention": lambda _: nn.MultiheadAttention(c, 2),
        "GATConv": lambda near: nn.GATConv(c, 2, neighborhood=near),
        "GCNConv": lambda near: nn.GCNConv(c, 2, neighborhood=near),
        "SAGEConv": lambda near: nn.SAGEConv(c, 2, neighborhood=near),
        "GINConv": lambda near: nn.GINConv(nn.MLP([c, 2]), neighborhood=near),
        "GINEConv": lambda near: nn.GINEConv(nn.MLP([c, 2]), neighborhood=near),
        "PointNetConv": lambda near: nn.PointNetConv(nn.MLP([c + 3, 2]), neighborhood=near),
        "MessagePassing": lambda near: nn.MessagePassing(torch.sub, reads=("sender", "receiver"), neighborhood=near),
        "Readout": lambda _: nn.Readout("mean"),
    }


ON_EACH_NODE = (
    *("Linear", "MLP", "PerNode", "Dropout", "BatchNorm", "LayerNorm", "RNNCell", "LSTMCell", "GRUCell"),
    *("ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus", "Tanh", "Sigmoid"),
)
OTHERS = {"Layer", "Sequential", "FromPyG"}


def kernels(build: Callable[[gn.Neighborhood], gn.nn.Layer]) -> dict[str, list[str]]:
    """The kernels that a layer lowers to, each with the structures where it does.

    A set has no edges of its own, so there the layer gets `NEAR`; a layer that does not read edges ignores it.
    """
    found: dict[str, list[str]] = {}
    for kind, structure in structures().items():
        near = NEAR if kind == "set" else gn.Links()
        try:
            steps = gn.explain_plan(build(near), structure)
        except gn.GeonetsError:  # the layer has no meaning here, and says so
            continue
        for name in {step.plan.name for step in steps}:
            found.setdefault(name, []).append(kind)
    return found


def table() -> str:
    """The table in Markdown; neighbouring layers with the same kernels share a row."""
    rows: list[tuple[list[str], str]] = []
    everything = list(structures())
    for name, build in layers().items():
        cells = []
        for kernel, kinds in kernels(build).items():
            missing = [kind for kind in everything if kind not in kinds]
            where = (
                ", ".join(kinds) if len(missing) > 1 else "every structure" + "".join(f" but a {k}" for k in missing)
            )
            cells.append(f"`{kernel}` ({where})")
        lowered = " · ".join(cells)
        if rows and rows[-1][1] == lowered:
            rows[-1][0].append(name)
        else:
            rows.append(([name], lowered))
    lines = ["| layer | lowers to (where) |", "|---|---|"]
    lines += [f"| {' '.join(f'`{name}`' for name in names)} | {lowered} |" for names, lowered in rows]
    alone = " ".join(f"`{name}`" for name in ON_EACH_NODE)
    return "\n".join([*lines, f"| {alone} | torch's own module, on the rows of any structure |"])


def updated(page: str) -> str:
    """A page with the table between its markers written anew."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    README.write_text(updated(README.read_text()))
