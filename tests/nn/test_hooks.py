"""A module with hooks is called, once, with all rows: its weights are not read past them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import geonets as gn


class Doubled(nn.Module):
    """What a hook makes of a module, as a module of which nothing is known."""

    def __init__(self, inside: nn.Module) -> None:
        super().__init__()
        self.inside = inside

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return 2 * self.inside(rows)


LAYERS: dict[str, tuple[Any, list[int], int]] = {
    "EdgeConv": (gn.nn.EdgeConv, [6, 4], 0),
    "EdgeConv, a sum": (lambda network: gn.nn.EdgeConv(network, "add"), [6, 4], 0),
    "NNConv": (lambda network: gn.nn.NNConv(3, 2, network), [2, 5, 6], 2),
    "NNConv, few kinds": (lambda network: gn.nn.NNConv(3, 2, network), [2, 5, 6], 0),
    "PointNetConv": (lambda network: gn.nn.PointNetConv(network, add_self_loops=False), [5, 4], 0),
    "Readout": (lambda network: gn.nn.Readout("max", nn=network), [3, 4], 0),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_a_hooked_linear_layer_is_called(name: str, training: bool) -> None:
    torch.default_generator.manual_seed(0)
    build, widths, place = LAYERS[name]
    index = torch.randint(7, (2, 12))
    bonds = torch.eye(2)[torch.randint(2, (12,))] if "kinds" in name else torch.randn(12, 2)
    structure = gn.graph(index, x=torch.randn(7, 3), edge_attr=bonds)
    structure = structure.replace(pos=torch.randn(7, 2))
    parts: list[nn.Module] = [nn.Linear(widths[0], widths[1]), nn.ReLU()]
    parts += [nn.Linear(widths[1], widths[2])] if len(widths) > 2 else []
    seen: list[int] = []

    def hook(_: nn.Module, __: Any, made: torch.Tensor) -> torch.Tensor:
        seen.append(len(made))
        return 2 * made

    plain = build(nn.Sequential(*parts[:place], Doubled(parts[place]), *parts[place + 1 :])).train(training)
    hooked = build(nn.Sequential(*parts)).train(training)
    if hasattr(plain, "lin"):
        plain.lin = hooked.lin
    expected = plain(structure).x
    parts[place].register_forward_hook(hook)
    torch.testing.assert_close(hooked(structure).x, expected)
    assert seen == [7 if name == "Readout" else 12]
