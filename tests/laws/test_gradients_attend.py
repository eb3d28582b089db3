"""Law 6 for attention: second derivatives in both precisions, reduced precision, dropout, and memory that stays linear."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import assert_same
from lowering.cases import without_loops

import geonets as gn
from geonets.engine.kernels.attention.dot_product import dot_product

LAYERS: dict[str, Any] = {
    "dense": {},
    "causal": {"neighborhood": gn.Complete(causal=True)},
    "with lags": {"relation": gn.Lag(2)},
    "with lags as keys": {"relation": gn.Lag(1), "relative_keys": True, "rotary": 10.0},
    "in a window": {"neighborhood": gn.Window(1)},
    "over links": {"neighborhood": gn.Links()},
}
SIZES = {"uniform": [3, 3], "ragged": [4, 0, 2]}


def words(sizes: list[int], dtype: torch.dtype = torch.float64) -> gn.Structure:
    return gn.Structure(gn.Chain(sizes), {"x": torch.randn(sum(sizes), 4, dtype=torch.float64).to(dtype)})


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("sizes", SIZES)
def test_second_derivatives_are_numerical_ones(name: str, sizes: str) -> None:
    layer, structure = gn.nn.MultiheadAttention(4, 2, **LAYERS[name]).double(), words(SIZES[sizes])
    x = structure.x.clone().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda rows: layer(structure.replace(x=rows)).x, (x,), atol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_gradient_penalty_is_the_references(name: str, sizes: str, dtype: torch.dtype) -> None:
    """Torch's fused attention has no second derivative in float32 on a CPU; this one has."""
    layer, structure = gn.nn.MultiheadAttention(4, 2, **LAYERS[name]).to(dtype), words(SIZES[sizes], dtype)

    def penalty() -> list[torch.Tensor]:
        x = structure.x.clone().requires_grad_()
        (force,) = torch.autograd.grad(layer(structure.replace(x=x)).x.square().sum(), x, create_graph=True)
        grads = torch.autograd.grad(force.square().sum(), [x, *layer.parameters()], allow_unused=True)
        return [force.detach(), *(torch.zeros(1) if grad is None else grad for grad in grads)]

    found = penalty()
    with gn.reference():
        expected = penalty()
    assert_same(found, expected, 1e-10 if dtype == torch.float64 else 1e-4)


def _sharing(*sizes: int, **options: Any) -> gn.nn.Layer:
    return gn.nn.GATv2Conv(*sizes, **options, share_weights=True)


@pytest.mark.parametrize("kind", [gn.nn.GATConv, gn.nn.GATv2Conv, _sharing, gn.nn.TransformerConv])
@pytest.mark.parametrize("edge_dim", [None, 3])
def test_second_derivatives_of_scores_of_edges_are_numerical_ones(kind: Any, edge_dim: int | None) -> None:
    index = torch.tensor([[0, 1, 2, 2, 0, 0], [1, 0, 1, 2, 3, 3]])
    layer, edges = kind(4, 2, heads=2, edge_dim=edge_dim).double(), torch.randn(6, 3, dtype=torch.float64)
    graph = gn.graph(index, x=torch.randn(4, 4, dtype=torch.float64), edge_attr=edges)
    weights = dict(layer.named_parameters())
    given = [part.detach().clone().requires_grad_() for part in (graph.x, *weights.values())]

    def heard(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        named = dict(zip(weights, values, strict=True))
        return torch.func.functional_call(layer, named, graph.replace(x=x)).x

    assert torch.autograd.gradgradcheck(heard, given, atol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("reference", [False, True])
def test_autocast_to_bfloat16(name: str, sizes: str, reference: bool) -> None:
    layer, structure = gn.nn.MultiheadAttention(4, 2, **LAYERS[name]), words(SIZES[sizes], torch.float32)
    expected = layer(structure).x

    def reduced() -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return layer(structure).x

    if reference:
        with gn.reference():
            out = reduced()
    else:
        out = reduced()
    out.float().square().sum().backward()
    torch.testing.assert_close(out.float(), expected, atol=0.05, rtol=0.05)
    assert all(weight.grad is not None and bool(weight.grad.isfinite().all()) for weight in layer.parameters())


@pytest.mark.parametrize("name", LAYERS)
def test_dropout_leaves_out_weights_and_keeps_their_mean(name: str) -> None:
    layer, structure = gn.nn.MultiheadAttention(4, 1, dropout=0.4, **LAYERS[name]).double(), words([6, 6])
    torch.nn.init.zeros_(layer.out_proj.bias)
    expected = layer.eval()(structure).x
    layer.train()
    mean = torch.stack([layer(structure).x.detach() for _ in range(3000)]).mean(0)
    assert (layer(structure).x - expected).abs().max() > 1e-3
    torch.testing.assert_close(mean, expected.detach(), atol=0.05, rtol=0.05)


@pytest.mark.parametrize("kind", [gn.nn.GATConv, gn.nn.GATv2Conv])
@pytest.mark.parametrize("twice", [False, True])
def test_dropout_has_the_gradients_of_torchs_own_operations(kind: Any, twice: bool) -> None:
    index = torch.tensor([[0, 1, 2, 2, 0, 0], [1, 0, 1, 2, 3, 3]])
    layer = kind(4, 2, heads=2, dropout=0.5, bias=False).double()
    graph = gn.graph(index, x=torch.randn(4, 4, dtype=torch.float64, requires_grad=True))

    def found() -> list[torch.Tensor]:
        torch.manual_seed(2)
        rows, wanted = layer(graph).x, [graph.x, *layer.parameters()]
        grads = torch.autograd.grad(rows.square().sum(), wanted, create_graph=twice)
        return [rows, *(torch.autograd.grad(grads[0].square().sum(), wanted) if twice else grads)]

    looped = found()
    with without_loops():
        assert_same(looped, found())


def test_rows_that_hear_nobody_are_zero_where_torch_says_nan_or_anything() -> None:
    q, k, v = torch.randn(3, 1, 1, 4, 2, dtype=torch.float64).unbind(0)
    bias = torch.zeros(4, 4, dtype=torch.float64)
    bias[2] = -torch.inf
    leaves = [t.clone().requires_grad_() for t in (q, k, v)]
    rows = dot_product(*leaves, bias=bias)
    assert rows[0, 0, 2].abs().max() == 0
    grads = torch.autograd.grad(rows.sum(), leaves)
    assert all(bool(grad.isfinite().all()) for grad in grads)
    assert grads[0][0, 0, 2].abs().max() == 0


@pytest.mark.parametrize("sizes", [[4096], [3000, 1100]])
def test_a_window_never_builds_all_pairs(sizes: list[int]) -> None:
    """4096 x 4096 pairs of 64 bytes would be a gigabyte; what is kept grows with the nodes only."""
    largest = 0

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            nonlocal largest
            out = function(*args, **(kwargs or {}))
            if isinstance(out, torch.Tensor):
                largest = max(largest, out.numel())
            return out

    layer = gn.nn.MultiheadAttention(4, 2, neighborhood=gn.Window(8, causal=True), relation=gn.Lag(8))
    with Watch():
        layer(gn.Structure(gn.Chain(sizes), {"x": torch.randn(sum(sizes), 4)})).x.sum().backward()
    assert largest <= 4200 * 100
