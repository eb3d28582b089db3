"""NetworkX graphs of every kind, with names and attributes of every kind, and back."""

from __future__ import annotations

from typing import Any

import networkx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networkx.utils import graphs_equal

import geonets as gn

mark: Any = networkx.set_edge_attributes
KINDS = [networkx.Graph, networkx.DiGraph, networkx.MultiGraph, networkx.MultiDiGraph]
NAMES = st.one_of(
    st.integers(-5, 5),
    st.text(max_size=3),
    st.floats(allow_nan=False, width=16),
    st.tuples(st.integers(0, 3), st.text(max_size=2)),
    st.frozensets(st.integers(0, 3), max_size=3),
    st.none().map(lambda _: ("nothing", None)),
)
VALUES: dict[str, Any] = {
    "count": st.integers(-(2**40), 2**40),
    "share": st.floats(allow_nan=False, allow_infinity=False),
    "kept": st.booleans(),
    "place": st.lists(st.floats(-1, 1), min_size=2, max_size=2),
    "word": st.text(max_size=4),
    "huge": st.integers(2**64, 2**70),
    "ragged": st.lists(st.integers(0, 3), max_size=3),
    "pair": st.tuples(st.integers(0, 3), st.text(max_size=2)),
    "maybe": st.one_of(st.none(), st.integers(0, 3)),
    "table": st.dictionaries(st.one_of(st.text(max_size=2), st.integers(0, 3)), st.integers(0, 3), max_size=2),
}


@st.composite
def networks(draw: Any) -> Any:
    network = draw(st.sampled_from(KINDS))(**{name: draw(VALUES[name]) for name in ("count", "word", "pair")})
    names = draw(st.lists(NAMES, min_size=0, max_size=6, unique=True))
    of_nodes, of_edges = (draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, max_size=4)) for _ in range(2))
    for name in names:
        network.add_node(name)
        network.nodes[name].update({attribute: draw(VALUES[attribute]) for attribute in of_nodes})
    for _ in range(draw(st.integers(0, 6)) if names else 0):
        ends = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        if not network.is_multigraph() and network.has_edge(*ends):
            continue
        key = {"key": draw(st.one_of(st.none(), st.text(max_size=2)))} if network.is_multigraph() else {}
        key = network.add_edge(*ends, **key)
        place = (*ends, key) if network.is_multigraph() else ends
        network.edges[place].update({attribute: draw(VALUES[attribute]) for attribute in of_edges})
    return network


def test_several_networks_are_several_items() -> None:
    parts = [networkx.path_graph(4), networkx.cycle_graph(3, create_using=networkx.DiGraph), networkx.empty_graph(2)]
    found = gn.from_networkx(parts)
    assert found.topology.node_counts.tolist() == [4, 3, 2]
    back = gn.to_networkx(found[[2, 0, 1]])
    assert all(graphs_equal(mine, parts[other]) for mine, other in zip(back, (2, 0, 1), strict=True))


@settings(max_examples=150, deadline=None)
@given(network=networks())
def test_a_network_and_back(network: Any) -> None:
    found = gn.from_networkx(network, dtype=torch.float64)
    back = gn.to_networkx(found)
    assert type(back) is type(network) and list(back.nodes) == list(network.nodes)
    assert graphs_equal(back, network)
    assert graphs_equal(gn.to_networkx(gn.from_networkx(back, dtype=torch.float64)), network)


def test_arrays_and_tensors_are_numbers() -> None:
    network: Any = networkx.path_graph(2)
    for node in network:
        network.nodes[node].update(
            a=np.ones(3, dtype=np.float32), b=torch.zeros(2), c=np.float64(1.5), d=[[1, 2], [3, 4]]
        )
    found = gn.from_networkx(network)
    assert [tuple(found.nodes[name].shape) for name in "abcd"] == [(2, 3), (2, 2), (2,), (2, 2, 2)]
    assert found.nodes["c"].dtype == torch.float32 and found.nodes["d"].dtype == torch.long


def test_floats_are_of_the_default_dtype_unless_said() -> None:
    network: Any = networkx.path_graph(2)
    mark(network, 0.1, "weight")
    assert gn.from_networkx(network).edges["weight"].dtype == torch.float32
    assert gn.to_networkx(gn.from_networkx(network, torch.float64)).edges[0, 1]["weight"] == 0.1


def test_types_of_edges_are_those_of_the_topology() -> None:
    network: Any = networkx.path_graph(3)
    mark(network, {(0, 1): 4, (1, 2): 2}, "edge_type")
    found = gn.from_networkx(network)
    assert found.topology.links.edge_type is not None and found.topology.links.edge_type.tolist() == [4, 4, 2, 2]
    assert graphs_equal(gn.to_networkx(found), network)


def test_an_undirected_network_stays_so_while_edges_are_in_pairs() -> None:
    network: Any = networkx.path_graph(4)
    mark(network, 2, "weight")
    found = gn.from_networkx(network)
    flow = found.replace(edges={"weight": torch.arange(6)})
    assert gn.to_networkx(flow).is_directed() and gn.to_networkx(flow).number_of_edges() == 6
    near = gn.connect(found.replace(pos=torch.randn(4, 2)), gn.KNN(2))
    assert gn.to_networkx(near).is_directed() and gn.to_networkx(near).number_of_edges() == 8


def test_attributes_may_be_called_what_networkx_calls_its_arguments() -> None:
    network = networkx.MultiGraph()
    network.add_edge(0, 1)
    network.edges[0, 1, 0].update(key="k", u_for_edge=1)
    network.nodes[0]["node_for_adding"] = network.nodes[1]["node_for_adding"] = "n"
    assert graphs_equal(gn.to_networkx(gn.from_networkx(network)), network)


@pytest.mark.parametrize(
    "structure", [gn.chain(torch.zeros(1, 4, 1)), gn.grid(torch.zeros(1, 2, 3, 1)), gn.points(torch.zeros(1, 3, 2))]
)
def test_every_topology_has_a_network(structure: gn.Structure) -> None:
    found = gn.to_networkx(structure.replace(meta=[{"source": "here", "tuple": 3}]))
    links = structure.topology.links.num_edges if structure.topology.has_links else 0
    assert (found.number_of_nodes(), found.number_of_edges()) == (structure.num_nodes, links)
    assert gn.from_networkx(found).meta[0]["source"] == "here"  # pyright: ignore[reportOptionalSubscript]


def test_a_molecule_and_back() -> None:
    found = gn.molecule("CC(=O)O")
    back = gn.from_networkx(gn.to_networkx(found))
    for end in ("senders", "receivers", "edge_type"):
        assert torch.equal(getattr(back.topology.links, end), getattr(found.topology.links, end))
    assert torch.equal(back.edge_attr, found.edge_attr) and torch.equal(back.x, found.x)
    assert back.meta is not None and back.meta[0]["smiles"] == "CC(=O)O"
