"""Law 2: the same weights in PyTorch Geometric give the same outputs and gradients, away from ties."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import SEEDS, assert_same, graphs, with_grads
from hypothesis import given, settings
from hypothesis import strategies as st
from pyg_pairs import pairs

import geonets as gn

PAIRS = pairs()
NAMES = list(PAIRS)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50, deadline=None)
@given(data=st.data(), seed=SEEDS)
def test_a_layer_equals_pygs(name: str, data: Any, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    layer, native, reads = PAIRS[name]
    layer, native = layer.double(), native.double()
    for weight in layer.parameters():  # others every time, and no bias that is 0
        weight.data = 0.5 * torch.randn_like(weight)
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

    torch.default_generator.manual_seed(seed)
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
    torch.default_generator.manual_seed(0)
    several = [pairs() for _ in range(120)]
    for name in NAMES:
        drawn = [each[name][:2] for each in several]
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
