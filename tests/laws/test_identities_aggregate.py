"""What must be the same thing under two names: layers made of `aggregate`."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from drawing import assert_same, rows, with_grads
from every_layer import cloud, graph

import geonets as gn
from geonets.engine.kernels import updates


@pytest.mark.parametrize("aggr", ["add", "mean", "max"])
def test_an_edge_conditioned_convolution_of_one_hot_edges_is_relational(aggr: str) -> None:
    """Simonovsky & Komodakis 2017 with one matrix a relation is Schlichtkrull et al. 2018."""
    generator = torch.Generator().manual_seed(1)
    index = torch.randint(0, 6, (2, 20), generator=generator)
    kinds = torch.randint(0, 4, (20,), generator=generator)
    matrices = torch.nn.Linear(4, 3 * 2, bias=False)
    conv = gn.nn.NNConv(3, 2, matrices, aggr, root_weight=False, bias=False).double()
    one_hot = torch.nn.functional.one_hot(kinds, 4).double()
    structure = gn.graph(index, x=rows(6, 3, 2), edge_attr=one_hot, num_nodes=6)
    by_kind = matrices.weight.reshape(3, 2, 4)
    expected = torch.zeros(6, 2, dtype=torch.float64)
    for node in range(6):
        heard = [
            structure.x[sender] @ by_kind[:, :, kind]
            for (sender, receiver), kind in zip(index.T, kinds, strict=True)
            if receiver == node
        ]
        if heard:
            stack = torch.stack(heard)
            expected[node] = {"add": stack.sum(0), "mean": stack.mean(0), "max": stack.amax(0)}[aggr]
    torch.testing.assert_close(conv(structure).x, expected, atol=1e-12, rtol=1e-12)


def test_a_dynamic_edge_convolution_is_one_over_near_features() -> None:
    network = gn.nn.MLP([8, 5, 3])
    dynamic, fixed = gn.nn.DynamicEdgeConv(network, 3).double(), gn.nn.EdgeConv(copy.deepcopy(network)).double()
    clouds = cloud([7, 1, 2, 5], 3)
    for _ in range(2):  # the second time with other features, hence other neighbours
        near = gn.connect(clouds.replace(pos=clouds.x), gn.KNN(3, loop=True))
        assert_same(with_grads(dynamic, clouds.replace(pos=None)), with_grads(fixed, near.replace(pos=None)))
        clouds = clouds.replace(x=clouds.x.sin())


def test_a_linear_layer_before_the_gather_is_one_behind_it() -> None:
    """Wrapped, the network is opaque and runs on edges."""
    network = torch.nn.Sequential(torch.nn.Linear(8, 5), torch.nn.ReLU(), torch.nn.Linear(5, 12)).double()
    structure = graph([5, 3], 1)
    for make in (
        lambda nn: gn.nn.EdgeConv(nn, "mean"),
        lambda nn: gn.nn.NNConv(4, 3, nn, root_weight=False, bias=False),
    ):
        inner = (
            network if "Edge" in type(make(network)).__name__ else torch.nn.Sequential(torch.nn.Linear(4, 12)).double()
        )
        known, opaque = make(inner), make(torch.nn.Sequential(torch.nn.Identity(), inner, torch.nn.Identity()))
        assert_same(with_grads(known, structure), with_grads(opaque, structure))


class _Opaque(torch.nn.Module):
    """A network into which nobody looks."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.inner(rows)


@pytest.mark.parametrize("aggr", ["add", "mean"])
@pytest.mark.parametrize("last", [torch.nn.Linear(5, 12), torch.nn.Sequential(torch.nn.Linear(5, 12), torch.nn.Tanh())])
@pytest.mark.parametrize("learnt", [False, True])
def test_a_matrix_a_kind_of_edge_is_one_an_edge(aggr: str, last: torch.nn.Module, learnt: bool) -> None:
    """Few kinds, too many of them, and edge features with a gradient of their own."""
    network = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.ReLU(), last).double()
    for entries in (2, 30):
        structure = graph([5, 0, 3], 1)
        kinds = torch.arange(len(structure.edge_attr) * 2).reshape(-1, 2) * 7 % 11 % entries
        edge_attr = kinds.double().requires_grad_(learnt)
        found = []
        for inner in (network, _Opaque(network)):
            conv = gn.nn.NNConv(4, 3, inner, aggr).double()
            torch.nn.init.ones_(conv.lin.weight)
            out = conv(structure.replace(edge_attr=edge_attr)).x
            wanted = [*network.parameters(), *([edge_attr] if learnt else [])]
            found.append([out, *torch.autograd.grad(out.square().sum(), wanted)])
        assert_same(*found)


def test_chance_is_drawn_for_every_edge() -> None:
    """Edges of one kind are left out one by one."""
    star = gn.graph(torch.tensor([[1, 2, 3, 4, 5, 6, 7, 8], [0] * 8]), x=torch.eye(9), edge_attr=torch.ones(8, 1))
    linear = torch.nn.Linear(1, 9)
    torch.nn.init.ones_(linear.weight)
    torch.nn.init.zeros_(linear.bias)
    network = torch.nn.Sequential(linear, torch.nn.Dropout(0.5))
    torch.default_generator.manual_seed(0)
    heard = gn.nn.NNConv(9, 1, network, root_weight=False).train()(star).x[0]
    assert heard.item() not in (0.0, 16.0)
    torch.testing.assert_close(gn.nn.NNConv(9, 1, network, root_weight=False).eval()(star).x[0], torch.tensor([8.0]))


def test_differences_far_from_the_origin_are_not_lost() -> None:
    """`W x_j - W x_i` in float32 at 1e5 would be off by a hundredth; nodes are centred on their item first."""
    conv = gn.nn.EdgeConv(gn.nn.MLP([4, 3]), "max")
    with torch.no_grad():
        conv.nn[0].weight[:, :2] = 0  # pyright: ignore[reportIndexIssue]
    near = torch.randint(-8, 8, (30, 2)).float() / 8  # exact in float32, moved or not
    structure = gn.connect(gn.points([near], x=[near]), gn.KNN(4))
    moved = structure.replace(x=near + 1e5)
    torch.testing.assert_close(conv(moved).x, conv(structure).x, atol=1e-5, rtol=1e-5)


def test_one_round_of_appnp_without_return_is_gcn_without_weights() -> None:
    structure = graph([5, 3], 2)
    gcn = gn.nn.GCNConv(4, 4, bias=False).double()
    gcn.lin.weight.data = torch.eye(4, dtype=torch.float64)
    torch.testing.assert_close(gn.nn.APPNP(1, 0.0)(structure).x, gcn(structure).x, atol=1e-12, rtol=1e-12)
    twice = gn.nn.SGConv(4, 4, K=2, bias=False).double()
    twice.lin.weight.data = torch.eye(4, dtype=torch.float64)
    torch.testing.assert_close(twice(structure).x, gcn(gcn(structure)).x, atol=1e-12, rtol=1e-12)


def test_chebyshevs_terms_are_polynomials_of_the_scaled_laplacian() -> None:
    """`T_3(z) = 4 z^3 - 3 z`, on a dense matrix with eigenvalues of numpy's."""
    index = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 0, 0, 2], [1, 0, 2, 1, 3, 2, 0, 3, 2, 0]])
    structure = gn.graph(index, x=rows(4, 2, 1))
    conv = gn.nn.ChebConv(2, 2, 4, normalization=None, bias=False).double()
    for lin in conv.lins[:3]:
        lin.weight.data.zero_()  # pyright: ignore[reportAttributeAccessIssue]
    adjacency = torch.zeros(4, 4, dtype=torch.float64).index_put((index[1], index[0]), torch.ones(10).double())
    laplacian = adjacency.sum(0).diag() - adjacency
    largest = torch.linalg.eigvalsh(laplacian).max()
    scaled = 2 * laplacian / largest - torch.eye(4, dtype=torch.float64)
    last: Any = conv.lins[3]
    expected = last((4 * scaled @ scaled @ scaled - 3 * scaled) @ structure.x)
    torch.testing.assert_close(conv(structure, lambda_max=largest).x, expected, atol=1e-12, rtol=1e-12)


def test_chebyshevs_default_range_is_each_items_own_as_pygs_for_one_graph() -> None:
    from torch_geometric.nn import ChebConv

    ours = gn.nn.ChebConv(4, 3, 3, normalization=None).double()
    theirs = ChebConv(4, 3, 3, normalization=None).double()
    theirs.load_state_dict(ours.state_dict())
    structure = graph([5, 3, 4], 4)
    rows_of_items = [
        theirs(item.x, torch.stack([item.topology.links.senders, item.topology.links.receivers])) for item in structure
    ]
    torch.testing.assert_close(ours(structure).x, torch.cat(rows_of_items), atol=1e-10, rtol=1e-10)


def test_dropped_edges_keep_their_sum_in_the_mean() -> None:
    torch.default_generator.manual_seed(0)
    structure = graph([6], 1)
    layer = gn.nn.APPNP(1, 0.0, dropout=0.5)
    drawn = torch.stack([layer(structure).x for _ in range(4000)])
    torch.testing.assert_close(drawn.mean(0), layer.eval()(structure).x, atol=0.1, rtol=0.05)
    assert drawn.std(0).max() > 0.1


def test_a_degree_histogram_counts_what_nodes_hear() -> None:
    ring = gn.graph(torch.tensor([[0, 1, 2, 0], [1, 2, 0, 2]]), num_nodes=4)
    assert gn.nn.PNAConv.degree_histogram(ring).tolist() == [1, 2, 1]
    assert gn.nn.PNAConv.degree_histogram(gn.chain(torch.zeros(2, 4, 1))).tolist() == [0, 4, 4]


@pytest.mark.parametrize("aggr", ["mean", "sum"])
def test_blocks_of_a_node_are_no_different_from_whole_tensors(aggr: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "BLOCK", 8)
    monkeypatch.setattr(updates, "LEAST", 1)
    layer, structure = gn.nn.SAGEConv(4, 3, aggr).double(), graph([5, 0, 4], 1)
    found = with_grads(layer, structure)
    with torch.no_grad():
        torch.testing.assert_close(layer(structure).x, found[0])
    with gn.reference():
        assert_same(found, with_grads(layer, structure))


def test_a_layer_with_a_hook_is_called_itself() -> None:
    layer, structure = gn.nn.SAGEConv(4, 3).double(), graph([5], 1)
    expected, seen = layer(structure).x, []
    layer.lin_l.register_forward_hook(lambda *given: seen.append(given[2]))
    torch.testing.assert_close(layer(structure).x, expected)
    assert len(seen) == 1
