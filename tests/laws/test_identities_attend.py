"""What attention is, what a mask makes of it, and the lecture's soft mask, memory hop and causality."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import assert_same, with_grads

import geonets as gn
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec, AttendOperands, AttendSpec


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, hears: gn.Structure, heard: gn.Structure | None = None
) -> torch.Tensor:
    """One head over all pairs of one structure, or from one to another."""
    operands = AttendOperands(query[:, None], key[:, None], value[:, None])
    return run(AttendSpec(gn.Cross() if heard else gn.Complete()), operands, hears, heard).squeeze(1)


@pytest.mark.parametrize("counts", [[5, 5], [4, 1, 7]], ids=["uniform", "ragged"])
def test_attention_is_a_sum_weighted_by_softmax(counts: list[int]) -> None:
    """`attend` = `aggregate` with the weights that `attend` itself returns, which sum to 1 at every receiver."""
    words = gn.Structure(gn.Chain(counts), {"x": torch.randn(sum(counts), 4, dtype=torch.float64)})
    layer = gn.nn.MultiheadAttention(4, 1, bias=False).double()
    torch.nn.init.eye_(layer.out_proj.weight)
    out, weights = layer(words, need_weights=True)
    value = words.x @ layer.in_proj_weight[8:].T
    heard = run(AggregateSpec(gn.Complete(), "sum", "weighted"), AggregateOperands(value, edges=weights[:, 0]), words)
    assert_same([out.x, layer(words).x], [heard, heard])
    totals = torch.zeros(words.num_nodes, 1, dtype=torch.float64)
    totals.index_add_(0, gn.Complete().edges(words).receivers, weights.detach())
    torch.testing.assert_close(totals, torch.ones_like(totals))


def test_gat_over_all_pairs_is_attention_with_its_own_score() -> None:
    """GAT on a complete graph, written out; and the same as an opaque score."""
    points = gn.points(None, x=[torch.randn(5, 3, dtype=torch.float64), torch.randn(2, 3, dtype=torch.float64)])
    layer = gn.nn.GATConv(3, 4, add_self_loops=False, neighborhood=gn.Complete()).double()

    def written_out(module: Any, structure: gn.Structure) -> list[torch.Tensor]:
        outs = []
        for item in structure:
            rows = module.lin(item.x)
            scores = (rows @ module.att_dst[0, 0])[:, None] + rows @ module.att_src[0, 0]
            outs.append(torch.nn.functional.leaky_relu(scores, 0.2).softmax(1) @ rows + module.bias)
        return [torch.cat(outs)]

    def opaque(module: Any, structure: gn.Structure) -> list[torch.Tensor]:
        rows = module.lin(structure.x)[:, None]

        def score(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
            total = (query * module.att_dst).sum(-1) + (key * module.att_src).sum(-1)
            return torch.nn.functional.leaky_relu(total, 0.2)

        spec = AttendSpec(gn.Complete(), "opaque", reads=("query", "key"))
        return [run(spec, AttendOperands(rows, rows, rows, score=score), structure).flatten(1) + module.bias]

    expected = with_grads(layer, points, written_out)
    assert_same(with_grads(layer, points), expected)
    assert_same(with_grads(layer, points, opaque), expected)


def test_the_context_of_a_soft_mask_lies_in_the_hull_of_what_is_heard() -> None:
    """The lecture's soft mask: `a_i >= 0`, `sum a_i = 1`, context `sum a_i y_i` (row 19)."""
    cells, word = gn.grid(torch.randn(3, 4, 5, 6, dtype=torch.float64)), gn.chain(torch.randn(3, 1, 6).double())
    context = attend(word.x, cells.x, cells.x, word, cells)
    for item, row in zip(cells, context, strict=True):
        assert bool((row >= item.x.amin(0) - 1e-12).all() and (row <= item.x.amax(0) + 1e-12).all())


def test_a_cold_soft_mask_is_a_hard_gather() -> None:
    cells, word = gn.grid(torch.randn(2, 4, 5, 6, dtype=torch.float64)), gn.chain(torch.randn(2, 3, 6).double())
    errors = []
    scores = torch.einsum("btc,bnc->btn", word.x.reshape(2, 3, 6), cells.x.reshape(2, 20, 6))
    hard = torch.stack([item[best] for item, best in zip(cells.x.reshape(2, 20, 6), scores.argmax(2), strict=True)])
    for temperature in (1.0, 0.1, 1e-4):
        soft = attend(word.x / temperature, cells.x, cells.x, word, cells)
        errors.append((soft - hard.flatten(0, 1)).abs().max().item())
    assert errors[0] > errors[1] > errors[2] and errors[2] < 1e-10 < errors[0]


def test_attention_commutes_with_permutations() -> None:
    x, order = torch.randn(9, 6, dtype=torch.float64), torch.randperm(9)
    before, after = (attend(rows, rows, rows, gn.points(None, x=[rows])) for rows in (x, x[order]))
    torch.testing.assert_close(after, before[order], atol=1e-12, rtol=1e-12)


def test_a_hop_of_a_memory_network_is_cross_attention() -> None:
    """`o = sum_i softmax(u . m_i) c_i`, `u' = u + o` (Sukhbaatar et al. 2015, equations 1-3), two hops, two memories."""
    memories = gn.chain([torch.randn(5, 4, dtype=torch.float64), torch.randn(8, 4, dtype=torch.float64)])
    question = gn.points(None, x=torch.randn(2, 1, 4, dtype=torch.float64))
    inward, outward = torch.randn(2, 4, 4, dtype=torch.float64)
    controller = question.x
    for _ in range(2):  # a score of dot products divides by sqrt(4)
        controller = controller + attend(2 * controller, memories.x @ inward, memories.x @ outward, question, memories)
    for item, u, final in zip(memories, question.x, controller, strict=True):
        state = u
        for _ in range(2):
            state = state + (item.x @ inward @ state).softmax(0) @ (item.x @ outward)
        torch.testing.assert_close(final, state, atol=1e-10, rtol=1e-10)


CAUSAL: dict[str, Any] = {
    "attention": lambda: gn.nn.MultiheadAttention(4, 2, neighborhood=gn.Complete(causal=True)),
    "attention to lags": lambda: gn.nn.MultiheadAttention(
        4, 2, neighborhood=gn.Complete(causal=True), relation=gn.Lag(3)
    ),
    "a window": lambda: gn.nn.MultiheadAttention(4, 2, neighborhood=gn.Window(3, causal=True), rotary=10.0),
    "an encoder": lambda: gn.nn.TransformerEncoder(
        gn.nn.TransformerEncoderLayer(4, 2, 8, neighborhood=gn.Complete(causal=True)), 2
    ),
}


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("learning", [True, False])
@pytest.mark.parametrize("mates", [[], [9], [2, 20]], ids=str)
def test_the_future_does_not_reach_the_past(name: str, learning: bool, mates: list[int]) -> None:
    """Bit by bit, forwards and in the gradient, whatever the item's mates."""
    layer = CAUSAL[name]().double().eval()
    x = torch.randn(9, 4, dtype=torch.float64)
    changed = torch.cat([x[:5], torch.randn(4, 4, dtype=torch.float64)])
    others = [torch.randn(count, 4, dtype=torch.float64) for count in mates]
    with torch.set_grad_enabled(learning):
        before, after = (layer(gn.chain([rows, *others])).x[:9] for rows in (x, changed))
    assert torch.equal(before[:5], after[:5])
    assert not torch.equal(before[5:], after[5:])
    leaf = x.requires_grad_()
    (grad,) = torch.autograd.grad(layer(gn.chain([leaf])).x[4, 0], leaf)
    assert grad[5:].abs().max() == 0 < grad[:5].abs().max()


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


def test_a_masked_layer_gives_zero_where_torchs_gives_nan() -> None:
    ours, theirs = gn.nn.MultiheadAttention(4, 2).double(), torch.nn.MultiheadAttention(4, 2, batch_first=True).double()
    theirs.load_state_dict(ours.state_dict())
    x, mask = torch.randn(1, 3, 4, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.bool)
    mask[1] = True
    expected = theirs(x, x, x, attn_mask=mask)[0][0]
    found = ours(gn.chain(x), attn_mask=mask.flatten()).x
    assert bool(expected[1].isnan().all())
    torch.testing.assert_close(found[1], ours.out_proj.bias)
    torch.testing.assert_close(found[[0, 2]], expected[[0, 2]], atol=1e-10, rtol=1e-10)
