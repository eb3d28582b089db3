"""GraphML, beside NetworkX's reader; and what XML may not do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from comparing import network, written
from network_files import MARKED

import geonets as gn


def test_declared_types_and_defaults(tmp_path: Path) -> None:
    s = gn.read(written(tmp_path, MARKED, "a.graphml"))
    assert s.nodes["age"].tolist() == [7, 4]
    assert s.edges["close"].tolist() == [True]
    assert s.meta is not None
    assert s.meta[0]["node_attributes"] == {"title": [None, "sir"]}


@pytest.mark.parametrize("network_of", [nx.karate_club_graph, nx.les_miserables_graph, nx.DiGraph])
def test_equal_to_networkx(tmp_path: Path, network_of: Any) -> None:
    path = tmp_path / "a.xml"
    nx.write_graphml(network_of(), path)
    back = nx.read_graphml(path)
    back.graph = {name: value for name, value in back.graph.items() if not name.endswith("_default")}
    ours, theirs = gn.read(path), gn.from_networkx(back)
    assert network(ours) == network(theirs)
    assert ours.meta == theirs.meta


def test_parallel_edges_stay_apart(tmp_path: Path) -> None:
    nx.write_graphml(nx.MultiDiGraph([(0, 1), (0, 1), (1, 1)]), tmp_path / "a.graphml")
    s = gn.read(tmp_path / "a.graphml")
    assert s.topology.links.num_edges == 3
    assert s.meta is not None and s.meta[0]["multigraph"]


def test_entities_do_not_expand(tmp_path: Path) -> None:
    lines = ['<!DOCTYPE graphml [<!ENTITY a0 "lol">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    with pytest.raises(gn.errors.ReadError, match="must have no entities"):
        gn.read(written(tmp_path, "\n".join([*lines, "]><graphml>&a11;</graphml>"]), "a.graphml"))
