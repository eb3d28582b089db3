"""Law 2 for layers of relations: PyG's values and gradients on random typed multigraphs, with PyG's initialisation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import SEEDS, assert_same, graphs, with_grads
from hypothesis import given, settings
from hypothesis import strategies as st

import geonets as gn

OPTIONS: dict[str, dict[str, Any]] = {
    "mean": {},
    "sum": {"aggr": "add", "root_weight": False, "is_sorted": True},
    "max": {"aggr": "max", "bias": False},
    "bases": {"num_bases": 2},
    "bases, max": {"num_bases": 3, "aggr": "max"},
    "blocks": {"num_blocks": 2},
    "blocks, sum": {"num_blocks": 2, "aggr": "sum"},
    "blocks, max": {"num_blocks": 2, "aggr": "max"},
}


def pair(options: dict[str, Any], num_relations: int = 5) -> tuple[Any, Any]:
    from torch_geometric.nn import RGCNConv

    return gn.nn.RGCNConv(4, 6, num_relations, **options), RGCNConv(4, 6, num_relations, **options)


def theirs(module: Any, structure: gn.Structure) -> list[torch.Tensor]:
    edges = structure.topology.links
    return [module(structure.x, torch.stack([edges.senders, edges.receivers]), edges.edge_type)]


@pytest.mark.parametrize("name", OPTIONS)
@settings(max_examples=50, deadline=None)
@given(data=st.data(), seed=SEEDS)
def test_relational_convolution_equals_pygs(name: str, data: Any, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    layer, native = pair(OPTIONS[name])
    native.load_state_dict(layer.state_dict())
    layer.load_state_dict(native.state_dict())
    structure = data.draw(graphs(4, num_types=5))
    structure = structure.replace(x=torch.randn(structure.num_nodes, 4, dtype=torch.float64))
    assert_same(with_grads(layer.double(), structure), with_grads(native.double(), structure, theirs))


@pytest.mark.parametrize("name", OPTIONS)
def test_its_weights_start_as_pygs(name: str) -> None:
    drawn = [[layer.state_dict() for layer in pair(OPTIONS[name])] for _ in range(60)]
    assert drawn[0][0].keys() == drawn[0][1].keys()
    for key in drawn[0][0]:
        ours, native = (torch.stack([weights[side][key] for weights in drawn]) for side in (0, 1))
        assert ours.shape == native.shape
        assert float((ours.std() - native.std()).abs()) <= 0.12 * float(native.std()) + 1e-6


@pytest.mark.parametrize("name", OPTIONS)
def test_many_relations_of_which_few_are_heard(name: str) -> None:
    layer, native = pair(OPTIONS[name], num_relations=40)
    native.load_state_dict(layer.state_dict())
    generator = torch.Generator().manual_seed(0)
    index, types = torch.randint(0, 9, (2, 30), generator=generator), torch.randint(0, 40, (30,), generator=generator)
    structure = gn.graph(index, x=torch.randn(9, 4, dtype=torch.float64), edge_type=types, num_nodes=9)
    assert_same(with_grads(layer.double(), structure), with_grads(native.double(), structure, theirs))
