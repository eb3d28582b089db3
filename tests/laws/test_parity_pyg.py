"""Law 2: the same weights in PyTorch Geometric give the same outputs and gradients, away from ties."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from drawing import SEEDS, assert_same, graphs, with_grads
from hypothesis import given, settings
from hypothesis import strategies as st

import geonets as gn


def network(*widths: int) -> Any:
    return gn.nn.MLP(list(widths))


def torch_network(*widths: int) -> Any:
    layers: list[torch.nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def pairs() -> dict[str, tuple[Any, Any, list[str]]]:
    """Our layer, PyG's, and which of `edge_attr, pos` PyG's forward takes after `x, edge_index`."""
    from torch_geometric import nn as pyg

    return {
        "GCN": (gn.nn.GCNConv(3, 4), pyg.GCNConv(3, 4), []),
        "GCN without normalisation": (gn.nn.GCNConv(3, 4, normalize=False), pyg.GCNConv(3, 4, normalize=False), []),
        "GCN without loops": (
            gn.nn.GCNConv(3, 4, add_self_loops=False, bias=False),
            pyg.GCNConv(3, 4, add_self_loops=False, bias=False),
            [],
        ),
        "SAGE mean": (gn.nn.SAGEConv(3, 4), pyg.SAGEConv(3, 4), []),
        "SAGE max": (gn.nn.SAGEConv(3, 4, aggr="max"), pyg.SAGEConv(3, 4, aggr="max"), []),
        "SAGE min": (gn.nn.SAGEConv(3, 4, aggr="min"), pyg.SAGEConv(3, 4, aggr="min"), []),
        "SAGE sum": (
            gn.nn.SAGEConv(3, 4, aggr="sum", normalize=True, project=True, root_weight=False),
            pyg.SAGEConv(3, 4, aggr="sum", normalize=True, project=True, root_weight=False),
            [],
        ),
        "GIN": (
            gn.nn.GINConv(network(3, 5, 4), eps=0.2, train_eps=True),
            pyg.GINConv(torch_network(3, 5, 4), eps=0.2, train_eps=True),
            [],
        ),
        "GINE": (gn.nn.GINEConv(network(3, 4)), pyg.GINEConv(torch_network(3, 4)), ["edge_attr"]),
        "GINE with edge_dim": (
            gn.nn.GINEConv(network(3, 4), edge_dim=3),
            pyg.GINEConv(torch_network(3, 4), edge_dim=3),
            ["edge_attr"],
        ),
        "GAT": (gn.nn.GATConv(3, 4, heads=2), pyg.GATConv(3, 4, heads=2), []),
        "GAT with edges": (
            gn.nn.GATConv(3, 4, heads=2, edge_dim=3, concat=False),
            pyg.GATConv(3, 4, heads=2, edge_dim=3, concat=False),
            ["edge_attr"],
        ),
        "GAT without loops": (
            gn.nn.GATConv(3, 4, edge_dim=3, add_self_loops=False, residual=True),
            pyg.GATConv(3, 4, edge_dim=3, add_self_loops=False, residual=True),
            ["edge_attr"],
        ),
        "GAT with filled edges": (
            gn.nn.GATConv(3, 4, edge_dim=3, fill_value=0.5),
            pyg.GATConv(3, 4, edge_dim=3, fill_value=0.5),
            ["edge_attr"],
        ),
        "PointNet": (
            gn.nn.PointNetConv(network(5, 6), network(6, 4)),
            pyg.PointNetConv(torch_network(5, 6), torch_network(6, 4)),
            ["pos"],
        ),
        "PointNet without loops": (
            gn.nn.PointNetConv(network(5, 6), add_self_loops=False),
            pyg.PointNetConv(torch_network(5, 6), add_self_loops=False),
            ["pos"],
        ),
    }


NAMES = list(pairs())


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50, deadline=None)
@given(data=st.data(), seed=SEEDS)
def test_a_layer_equals_pygs(name: str, data: Any, seed: int) -> None:
    torch.manual_seed(seed)
    layer, native, reads = pairs()[name]
    layer, native = layer.double(), native.double()
    native.load_state_dict(layer.state_dict())
    structure = data.draw(graphs(3, edge_channels=3, dim=2))
    structure = structure.replace(x=torch.randn(structure.num_nodes, 3, dtype=torch.float64))

    def theirs(module: Any, given_structure: gn.Structure) -> list[torch.Tensor]:
        edges = given_structure.topology.links
        extra = [getattr(given_structure, field) for field in reads]
        return [
            module(
                given_structure.x,
                *[f for f in extra if f is given_structure.pos],
                *_index(edges),
                *[f for f in extra if f is not given_structure.pos],
            )
        ]

    assert_same(with_grads(layer, structure), with_grads(native, structure, theirs))


@settings(max_examples=50, deadline=None)
@given(data=st.data(), improved=st.booleans(), loops=st.booleans(), seed=SEEDS)
def test_weighted_gcn_equals_pygs(data: Any, improved: bool, loops: bool, seed: int) -> None:
    from torch_geometric.nn import GCNConv

    torch.manual_seed(seed)
    layer = gn.nn.GCNConv(3, 4, improved=improved, add_self_loops=loops).double()
    native = GCNConv(3, 4, improved=improved, add_self_loops=loops).double()
    native.load_state_dict(layer.state_dict())
    structure = _one_loop_each(data.draw(graphs(3, edge_channels=1)))
    weight = structure.edge_attr[:, 0] ** 2 + 0.1
    ours = with_grads(layer, structure, lambda m, s: [m(s, edge_weight=s.edge_attr[:, 0] ** 2 + 0.1)])
    theirs = with_grads(
        native, structure, lambda m, s: [m(s.x, *_index(s.topology.links), s.edge_attr[:, 0] ** 2 + 0.1)]
    )
    assert len(weight) == structure.topology.links.num_edges
    assert_same(ours, theirs)


def test_parameters_start_with_pygs_distributions() -> None:
    """Keys, shapes and the scale of every parameter, over many draws."""
    for name in NAMES:
        torch.manual_seed(0)
        drawn = [pairs()[name][:2] for _ in range(60)]
        for key, value in drawn[0][0].state_dict().items():
            ours = torch.stack([layer.state_dict()[key] for layer, _ in drawn])
            theirs = torch.stack([native.state_dict()[key] for _, native in drawn])
            assert ours.shape == theirs.shape, (name, key)
            assert float((ours.std() - theirs.std()).abs()) <= 0.12 * float(theirs.std()) + 1e-6, (name, key)
            assert value.dtype == drawn[0][1].state_dict()[key].dtype


def test_any_convolution_of_pygs_runs_on_any_structure() -> None:
    from torch_geometric import nn as pyg

    structures = {
        "chain": gn.chain([torch.randn(4, 3), torch.randn(2, 3)]),
        "grid": gn.grid(torch.randn(2, 3, 3, 3)),
        "graph": gn.graph(torch.tensor([[0, 1], [1, 2]]), x=torch.randn(3, 3), edge_attr=torch.randn(2, 3)),
    }
    for structure in structures.values():
        edges = structure.topology.links
        conv = pyg.GraphConv(3, 4)
        torch.testing.assert_close(gn.nn.FromPyG(conv)(structure).x, conv(structure.x, *_index(edges)))
        gps = pyg.GPSConv(3, pyg.SAGEConv(3, 3), heads=1).eval()
        expected = gps(structure.x, *_index(edges), batch=structure.topology.item_ids)
        torch.testing.assert_close(gn.nn.FromPyG(gps)(structure).x, expected)
    gine = pyg.GINEConv(torch.nn.Linear(3, 2))
    graph = structures["graph"]
    expected = gine(graph.x, *_index(graph.topology.links), graph.edge_attr)
    torch.testing.assert_close(gn.nn.FromPyG(gine)(graph).x, expected)


def _index(edges: gn.EdgeList) -> list[torch.Tensor]:
    return [torch.stack([edges.senders, edges.receivers])]


def _one_loop_each(structure: gn.Structure) -> gn.Structure:
    """At most one self-loop a node: of several, PyG keeps an arbitrary one."""
    edges, seen, kept = structure.topology.links, set(), []
    for row, (sender, receiver) in enumerate(zip(edges.senders.tolist(), edges.receivers.tolist(), strict=True)):
        if sender == receiver and sender in seen:
            continue
        seen.add(sender if sender == receiver else None)
        kept.append(row)
    rows = torch.tensor(kept, dtype=torch.long)
    topology = gn.Graph(edges.senders[rows], edges.receivers[rows], structure.topology.node_counts)
    return gn.Structure(topology, structure.nodes, {"edge_attr": structure.edge_attr[rows]})
