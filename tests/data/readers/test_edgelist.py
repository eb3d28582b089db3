"""Edge lists: numbers and names, weights, directions, comments."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import geonets as gn

FACEBOOK = Path(os.environ.get("GEONETS_DATA", "no such folder"), "social", "facebook_combined.txt")


def written(folder: Path, text: str, name: str = "a.edges") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def pairs(s: gn.Structure) -> list[tuple[int, int]]:
    links = s.topology.links
    return list(zip(*(links.in_input_order(ends).tolist() for ends in (links.senders, links.receivers)), strict=True))


def test_an_undirected_pair_becomes_two_edges(tmp_path: Path) -> None:
    s = gn.read(written(tmp_path, "# a comment\n% another\n\n0 1\n2 2\n1 2\n"))
    assert pairs(s) == [(0, 1), (2, 2), (1, 2), (1, 0), (2, 1)]
    assert s.meta == ({"directed": False, "multigraph": False},)


def test_a_directed_pair_stays_one(tmp_path: Path) -> None:
    s = gn.read(written(tmp_path, "0 1\n1 0\n0 1\n"), directed=True)
    assert pairs(s) == [(0, 1), (1, 0), (0, 1)]
    assert s.meta == ({"directed": True, "multigraph": True},)


def test_other_numbers_and_names_are_kept(tmp_path: Path) -> None:
    s = gn.read(written(tmp_path, "9000000000 7\n7 8\n"))
    assert pairs(s)[:2] == [(2, 0), (0, 1)]
    assert s.meta is not None and s.meta[0]["node_names"] == [7, 8, 9000000000]
    s = gn.read(written(tmp_path, "ann, bob\nbob, eve\n"), separator=",")
    assert pairs(s)[:2] == [(0, 1), (1, 2)]
    assert s.meta is not None and s.meta[0]["node_names"] == ["ann", "bob", "eve"]


def test_nodes_without_edges_are_there_if_counted(tmp_path: Path) -> None:
    s = gn.read(written(tmp_path, "0 3\n"), num_nodes=6)
    assert (s.num_nodes, pairs(s)) == (6, [(0, 3), (3, 0)])


def test_weights_go_both_ways(tmp_path: Path) -> None:
    s = gn.read(written(tmp_path, "a b 0.5\nb c 2\n"))
    assert s.topology.links.in_input_order(s.edges["weight"]).tolist() == [0.5, 2, 0.5, 2]
    assert gn.read(written(tmp_path, "0 1 0.5 3\n")).edge_attr.tolist() == [[0.5, 3], [0.5, 3]]


def test_text_is_told_by_its_columns(tmp_path: Path) -> None:
    assert gn.read(written(tmp_path, "0 1\n1 2\n", "network.txt")).topology.links.num_edges == 4
    assert gn.read(written(tmp_path, "0 1 2\n1 2 3\n", "cloud.txt")).pos.tolist() == [[0, 1, 2], [1, 2, 3]]
    assert gn.read(written(tmp_path, "0 1 2\n1 2 3\n", "network.txt"), format="edgelist").topology.links.num_edges == 4


def test_lines_are_counted_past_comments(tmp_path: Path) -> None:
    with pytest.raises(gn.errors.ReadError, match="line 5, edge 2"):
        gn.read(written(tmp_path, "0 1\n# between\n\n1 2\n2 three\n"))


@pytest.mark.skipif(not FACEBOOK.exists(), reason="GEONETS_DATA names no folder with social")
def test_facebook() -> None:
    s = gn.read(FACEBOOK)
    assert (s.num_nodes, s.topology.links.num_edges) == (4039, 2 * 88_234)
