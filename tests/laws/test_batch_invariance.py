"""Laws 4 and 5: an item's result does not depend on its mates, and nothing at all is a fine item."""

from __future__ import annotations

from typing import Any

import every_layer
import pytest
import torch
from every_layer import CASES, IDS, made

import geonets as gn


def test_every_public_layer_is_here() -> None:
    bases = {"Layer"}
    covered = {name.split()[0] for name in every_layer.LAYERS}
    assert {name for name in gn.nn.__all__ if name not in bases} <= covered


@pytest.mark.parametrize(("name", "draw"), CASES, ids=IDS)
def test_a_batch_is_its_items(name: str, draw: Any) -> None:
    layer = made(name)
    structure = draw([5, 0, 2, 9, 1, 5], seed=3)
    together = layer(structure)
    alone = [layer(item) for item in structure]
    for place, item in enumerate(alone):
        torch.testing.assert_close(together[place].x, item.x, atol=1e-10, rtol=1e-10)
    assert torch.equal(together.topology.node_counts, torch.cat([item.topology.node_counts for item in alone]))


@pytest.mark.parametrize(("name", "draw"), CASES, ids=IDS)
def test_reordered_and_repeated_items(name: str, draw: Any) -> None:
    layer = made(name)
    structure = draw([4, 1, 6], seed=5)
    together, order = layer(structure), [2, 0, 0, 1]
    torch.testing.assert_close(layer(structure[order]).x, together[order].x, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize(("name", "draw"), CASES, ids=IDS)
@pytest.mark.parametrize("counts", [[], [0], [0, 0], [1], [1, 0, 1], [0, 3, 0]], ids=str)
def test_empties_have_shape_and_finite_gradients(name: str, draw: Any, counts: list[int]) -> None:
    layer = made(name)
    structure = draw(counts, seed=7)
    leaf = structure.x.clone().requires_grad_()
    out = layer(structure.replace(x=leaf))
    assert len(out) == len(counts)
    assert len(out.x) == out.num_nodes == int(out.topology.node_counts.sum())
    assert bool(out.x.isfinite().all())
    wanted = [leaf, *layer.parameters()]
    grads = torch.autograd.grad(out.x.sum(), wanted, allow_unused=True)
    assert all(grad is None or bool(grad.isfinite().all()) for grad in grads)
    if draw in (every_layer.chain, every_layer.graph) and name in ("Conv1d", "GCNConv"):
        assert all(grad is not None for grad in grads)
