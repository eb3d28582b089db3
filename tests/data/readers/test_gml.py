"""GML, beside NetworkX's reader."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from comparing import network, written
from network_files import NETWORK

import geonets as gn

SOCIAL = Path(os.environ.get("GEONETS_DATA", "no such folder"), "social")


def test_everything_is_kept(tmp_path: Path) -> None:
    s = gn.read(written(tmp_path, NETWORK))
    assert s.nodes["size"].tolist() == [1.5, 2]
    assert s.topology.links.in_input_order(s.edges["weight"]).tolist() == [-20, 0.5]
    assert s.meta == (
        {
            "directed": True,
            "multigraph": False,
            "node_names": ["a", "b"],
            "node_attributes": {"place": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "tag": [None, [1, 2]]},
            "graph_attributes": {"name": ['a "net"']},
            "node_ids": [7, 9],
        },
    )


def test_an_attribute_called_edge_type_is_one(tmp_path: Path) -> None:
    s = gn.read(written(tmp_path, "graph [ node [ id 0 ] edge [ source 0 target 0 edge_type 3 ] ]"))
    assert s.topology.links.edge_type is not None
    assert s.topology.links.edge_type.tolist() == [3]


@pytest.mark.parametrize("network_of", [nx.karate_club_graph, nx.les_miserables_graph, lambda: nx.path_graph(3)])
def test_equal_to_networkx(tmp_path: Path, network_of: Any) -> None:
    path = tmp_path / "a.gml"
    nx.write_gml(network_of(), path)
    ours, theirs = gn.read(path), gn.from_networkx(nx.read_gml(path))
    assert network(ours) == network(theirs)
    assert ours.meta == theirs.meta


@pytest.mark.skipif(not SOCIAL.exists(), reason="GEONETS_DATA names no folder with social")
@pytest.mark.parametrize(
    ("name", "nodes", "edges"), [("dolphins", 62, 2 * 159), ("lesmis", 77, 2 * 254), ("polblogs", 1490, 19_015)]
)
def test_real_networks(name: str, nodes: int, edges: int) -> None:
    ours, theirs = gn.read(SOCIAL / f"{name}.gml"), gn.from_networkx(nx.read_gml(SOCIAL / f"{name}.gml"))
    assert (ours.num_nodes, ours.topology.links.num_edges) == (nodes, edges)
    assert network(ours) == network(theirs)
