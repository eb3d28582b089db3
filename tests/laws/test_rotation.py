"""Law 3 in space: what turning, mirroring and shifting the positions may and may not change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from every_layer import LAYERS, made
from every_layer.geometry import LAYERS as GEOMETRY

import geonets as gn

INVARIANT = ["CFConv", "SchNetInteraction", "SchNetInteraction on near points"]
EQUIVARIANT = ["EGNNConv", "EGNNConv twice", "EGNNConv among all"]
SHIFTS_ONLY = [
    *("PointNetConv", "PointTransformerConv", "PointTransformerConv on links"),
    *("SetAbstraction", "FeaturePropagation"),
]
NO_POSITIONS = ["GaussianSmearing", "ShiftedSoftplus"]
MOTIONS = ["turn", "mirror", "shift"]

Motion = Callable[[torch.Tensor], torch.Tensor]


def motion(kind: str, seed: int) -> Motion:
    """A random rotation, reflection or translation of positions `(N, 3)`."""
    generator = torch.Generator().manual_seed(seed)
    if kind == "shift":
        step = 5 * torch.randn(3, generator=generator, dtype=torch.float64)
        return lambda pos: pos + step
    matrix = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=torch.float64)).Q
    if (torch.det(matrix) < 0) != (kind == "mirror"):
        matrix = torch.cat([-matrix[:, :1], matrix[:, 1:]], 1)
    return lambda pos: pos @ matrix.T


def cases(names: list[str]) -> list[Any]:
    return [pytest.param(name, draw, id=f"{name}-{draw.__name__}") for name in names for draw in LAYERS[name][1]]


def change(layer: Any, structure: gn.Structure, move: Motion) -> tuple[float, float]:
    """How far features and positions after the motion are from what invariance and equivariance ask for."""
    before, after = layer(structure), layer(structure.replace(pos=move(structure.pos)))
    features = (after.x - before.x).abs().max().item()
    return features, (after.pos - move(before.pos)).abs().max().item()


def test_every_layer_that_reads_positions_is_judged() -> None:
    assert {*INVARIANT, *EQUIVARIANT, *SHIFTS_ONLY, *NO_POSITIONS} == set(GEOMETRY)


@pytest.mark.parametrize("kind", MOTIONS)
@pytest.mark.parametrize(("name", "draw"), cases(INVARIANT + EQUIVARIANT))
def test_features_stay_and_positions_move_along(name: str, draw: Any, kind: str) -> None:
    for seed in range(5):
        features, pos = change(made(name), draw([6, 0, 1, 9], seed), motion(kind, seed))
        assert features < 1e-10 and pos < 1e-10


@pytest.mark.parametrize(("name", "draw"), cases(EQUIVARIANT))
def test_an_egnn_does_move_its_nodes(name: str, draw: Any) -> None:
    structure = draw([6, 9], 1)
    assert (made(name)(structure).pos - structure.pos).abs().max().item() > 1e-6


@pytest.mark.parametrize(("name", "draw"), cases(SHIFTS_ONLY))
def test_local_coordinates_ignore_shifts_and_notice_turns(name: str, draw: Any) -> None:
    structure = draw([6, 9], 1)
    assert change(made(name), structure, motion("shift", 1))[0] < 1e-10
    assert change(made(name), structure, motion("turn", 1))[0] > 1e-3
    assert change(made(name), structure, motion("mirror", 1))[0] > 1e-3
