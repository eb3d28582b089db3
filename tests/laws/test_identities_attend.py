"""What attention is, and what a mask makes of it."""

from __future__ import annotations

import pytest
import torch

import geonets as gn
from geonets.engine.plan import run
from geonets.engine.spec import AttendOperands, AttendSpec


@pytest.mark.parametrize("score", ["dot", "additive", "gatv2"])
def test_a_node_whose_edges_are_all_masked_gets_zero_and_finite_gradients(score: str) -> None:
    """Torch's attention gives NaN there."""
    triangle = gn.graph(torch.tensor([[0, 1, 2, 0], [1, 1, 0, 2]]), num_nodes=3)  # node 1 hears two, the others one
    width = 1 if score == "additive" else 2
    query, key, value = (torch.randn(3, 1, n, dtype=torch.float64, requires_grad=True) for n in (width, width, 2))
    bias = torch.tensor([[0.0], [-torch.inf], [-torch.inf], [1.0]], dtype=torch.float64, requires_grad=True)
    vector = torch.randn(1, 2, dtype=torch.float64) if score == "gatv2" else None
    spec = AttendSpec(gn.Links(), score, edge_terms=("bias",))
    rows = run(spec, AttendOperands(query, key, value, bias=bias, attention=vector), triangle)
    assert triangle.topology.links.receivers.tolist() == [0, 1, 1, 2]
    assert rows[1].abs().max() == 0 and torch.equal(rows[[0, 2]], value[[2, 0]])
    for grad in torch.autograd.grad(rows.square().sum(), [query, key, value, bias]):
        assert bool(grad.isfinite().all())
