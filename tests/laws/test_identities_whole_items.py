"""Deep sets, virtual nodes, jumping knowledge and graph networks: what they are by other names."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import SEEDS, assert_same, graphs, sets, with_grads
from every_layer import cloud, graph
from hypothesis import given, settings
from hypothesis import strategies as st

import geonets as gn


@settings(max_examples=50, deadline=None)
@given(structure=sets(3), seed=SEEDS)
def test_deep_sets_are_the_matrix_of_the_theorem(structure: gn.Structure, seed: int) -> None:
    """`lambda I + gamma 1 1^T` of Zaheer et al. 2017, theorem 3, item by item."""
    torch.default_generator.manual_seed(seed)
    layer = gn.nn.DeepSets(3, 2).double()

    def by_matrix(module: Any, given: gn.Structure) -> list[torch.Tensor]:
        rows = []
        for item in given:
            ones = torch.ones(item.num_nodes, item.num_nodes).double()
            identity = torch.eye(item.num_nodes).double()
            rows.append(identity @ item.x @ module.lin_own.weight.T + ones @ item.x @ module.lin_all.weight.T)
        return [torch.cat([*rows, given.x[:0, :2]]) + module.lin_own.bias + 0 * given.pos.sum()]

    assert_same(with_grads(layer, structure), with_grads(layer, structure, by_matrix))


def test_deep_sets_are_messages_of_two_relations() -> None:
    """A star through which everybody is heard, and oneself (Schlichtkrull et al. 2018 with two edge types)."""
    layer, clouds = gn.nn.DeepSets(4, 3).double(), cloud([5, 0, 2, 1], 1)
    star = gn.Complete().edges(clouds)
    own = torch.arange(clouds.num_nodes)
    senders, receivers = torch.cat([star.senders, own]), torch.cat([star.receivers, own])
    types = torch.cat([torch.zeros_like(star.senders), torch.ones_like(own)])
    weights = torch.stack([layer.lin_all.weight, layer.lin_own.weight])
    typed = gn.Structure(gn.Graph(senders, receivers, clouds.topology.node_counts, types), clouds.nodes)
    kind = typed.topology.links.edge_type
    relational = gn.nn.MessagePassing(
        lambda sender: (weights[kind] @ sender[..., None]).squeeze(-1), "sum", reads=("sender",)
    )
    torch.testing.assert_close(relational(typed).x + layer.lin_own.bias, layer(clouds).x, atol=1e-10, rtol=1e-10)


def test_no_linear_layer_on_a_set_has_more_weights() -> None:
    """Averaged over all orders of four nodes, any matrix becomes one number on the diagonal and one beside it."""
    import itertools

    matrix = torch.randn(4, 4, dtype=torch.float64)
    orders = [torch.eye(4, dtype=torch.float64)[list(order)] for order in itertools.permutations(range(4))]
    mean = torch.stack([p.T @ matrix @ p for p in orders]).mean(0)
    own, others = mean.diagonal(), mean[~torch.eye(4, dtype=torch.bool)]
    assert own.std().item() < 1e-12 and others.std().item() < 1e-12


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_a_virtual_node_is_a_node_that_is_there(reduce: str) -> None:
    """Three layers beside the loop of Hu et al. 2021, item by item."""
    layers = [gn.nn.VirtualNode(4, reduce=reduce) for _ in range(3)]
    torch.nn.init.normal_(layers[0].start)
    net = gn.nn.Sequential(layers[0], gn.nn.GINConv(gn.nn.MLP([4, 4])), layers[1], gn.nn.Tanh(), layers[2]).double()
    structure = graph([5, 0, 3, 1], 2)
    out = net(structure)
    for item, found in zip(structure, out, strict=True):
        virtual, rows = layers[0].start, item
        for place, layer in enumerate(layers):
            rows = rows.replace(x=rows.x + virtual)
            heard = rows.x.sum(0) if reduce == "sum" else rows.x.sum(0) / max(item.num_nodes, 1)
            virtual = virtual + layer.nn((virtual + heard)[None])[0]  # pyright: ignore[reportCallIssue]
            if place < 2:
                rows = net[2 * place + 1](rows)
        torch.testing.assert_close(found.x, rows.x, atol=1e-10, rtol=1e-10)
        torch.testing.assert_close(found.globals["u"][0], virtual, atol=1e-10, rtol=1e-10)


def test_a_virtual_node_brings_the_ends_of_a_path_together() -> None:
    path = torch.stack([torch.arange(9), torch.arange(1, 10)])
    x = torch.randn(10, 4, dtype=torch.float64, requires_grad=True)
    with_virtual = gn.nn.Sequential(gn.nn.VirtualNode(4), gn.nn.GCNConv(4, 4), gn.nn.VirtualNode(4)).double()
    plain = gn.nn.Sequential(gn.nn.GCNConv(4, 4), gn.nn.GCNConv(4, 4)).double()
    for net, heard in ((with_virtual, True), (plain, False)):
        (grad,) = torch.autograd.grad(net(gn.graph(path, x=x)).x[9].sum(), x)
        assert bool(grad[0].abs().max() > 0) == heard


@settings(max_examples=50, deadline=None)
@given(structure=graphs(4), mode=st.sampled_from(["cat", "max", "lstm"]), seed=SEEDS)
def test_jumping_knowledge_equals_pygs(structure: gn.Structure, mode: str, seed: int) -> None:
    from torch_geometric.nn import JumpingKnowledge

    torch.default_generator.manual_seed(seed)
    layer, native = gn.nn.JumpingKnowledge(mode, 4, 3).double(), JumpingKnowledge(mode, 4, 3).double()
    native.load_state_dict(layer.state_dict())
    layer.load_state_dict(native.state_dict())
    if not structure.num_nodes:
        return  # torch's LSTM refuses a batch of none

    def results(x: torch.Tensor) -> list[torch.Tensor]:
        return [x, (2 * x).sin(), x.square()]

    def ours(module: Any, given: gn.Structure) -> list[torch.Tensor]:
        return [module([given.replace(x=rows) for rows in results(given.x)]).x]

    structure = structure.replace(x=torch.randn(structure.num_nodes, 4, dtype=torch.float64))
    assert_same(with_grads(layer, structure, ours), with_grads(native, structure, lambda m, s: [m(results(s.x))]))


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_a_graph_network_block_equals_pygs(reduce: str) -> None:
    """Edges before nodes before items, as in `torch_geometric.nn.MetaLayer`, twice, so that `u` is heard too."""
    from torch_geometric.nn import MetaLayer
    from torch_geometric.utils import scatter

    structure = graph([5, 0, 3, 1], 2)
    structure = structure.replace(globals={"u": torch.randn(4, 2, dtype=torch.float64)})
    models = [gn.nn.MLP([14, 5]).double(), gn.nn.MLP([11, 3]).double(), gn.nn.MLP([10, 2]).double()]
    out = gn.nn.GNBlock(*models, reduce=reduce)(structure)

    def edge_model(src: Any, dst: Any, edge_attr: Any, u: Any, batch: Any) -> torch.Tensor:
        return models[0](torch.cat([edge_attr, dst, src, u[batch]], 1))

    def node_model(x: Any, edge_index: Any, edge_attr: Any, u: Any, batch: Any) -> torch.Tensor:
        heard = scatter(edge_attr, edge_index[1], 0, len(x), reduce)
        return models[1](torch.cat([heard, x, u[batch]], 1))

    def global_model(x: Any, edge_index: Any, edge_attr: Any, u: Any, batch: Any) -> torch.Tensor:
        edges = scatter(edge_attr, batch[edge_index[1]], 0, len(u), reduce)
        return models[2](torch.cat([edges, scatter(x, batch, 0, len(u), reduce), u], 1))

    links = structure.topology.links
    index = torch.stack([links.senders, links.receivers])
    x, edge_attr, u = MetaLayer(edge_model, node_model, global_model)(  # pyright: ignore[reportArgumentType]
        structure.x, index, structure.edge_attr, structure.globals["u"], structure.topology.item_ids
    )
    assert_same([out.x, out.edge_attr, out.globals["u"]], [x, edge_attr, u])


def test_pointnet_is_a_graph_network_without_an_edge_function() -> None:
    """Battaglia et al. 2018, section 4.2.3: nodes alone, a maximum, a function of it."""
    net, clouds = gn.models.PointNet(5, input_transform=False).double().eval(), cloud([9, 4, 1], 1)
    block = gn.nn.GNBlock(node_model=net.local.nn, global_model=net.head, reduce="max")
    state = block(clouds.replace(x=clouds.pos)).globals["u"]
    torch.testing.assert_close(state, net(clouds).x, atol=1e-10, rtol=1e-10)


def test_deep_sets_are_a_graph_network_too() -> None:
    """First the item hears its nodes, then they hear the item."""
    layer, clouds = gn.nn.DeepSets(4, 3).double(), cloud([5, 0, 2], 1)
    hear = gn.nn.GNBlock(global_model=layer.lin_all)
    speak = gn.nn.GNBlock(node_model=lambda rows: layer.lin_own(rows[:, :4]) + rows[:, 4:])
    torch.testing.assert_close(speak(hear(clouds)).x, layer(clouds).x, atol=1e-10, rtol=1e-10)
