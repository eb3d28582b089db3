"""Networks that cannot be read: each names the file, the place and the cure."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

import geonets as gn
from geonets.data.readers import Source
from geonets.data.readers.numbers import float32
from geonets.data.readers.pickles import pickled

from .readers import read, written

TU = {"A": "1, 2\n3, 3\n", "graph_indicator": "1\n1\n2\n"}


def tu(**files: str) -> Any:
    """What becomes of a TUDataset folder with these files."""
    folder = Path(tempfile.mkdtemp())
    for name, text in {**TU, **files}.items():
        (folder / f"S_{name}.txt").write_text(text)
    return gn.read(folder, format="tu")


def planetoid(test: str = "3\n", **files: Any) -> Any:
    """What becomes of a Planetoid folder with these files."""
    folder = Path(tempfile.mkdtemp())
    rows, row = np.ones((3, 2)), np.ones((1, 2))
    whole = {"x": row, "allx": rows, "tx": row, "y": row, "ally": rows, "ty": row, "graph": {0: [1]}}
    for name, content in {**whole, **files}.items():
        if content is not None:
            (folder / f"ind.s.{name}").write_bytes(pickle.dumps(content, 2))
    (folder / "ind.s.test.index").write_text(test)
    return gn.read(folder, format="planetoid")


def sparse(**parts: Any) -> Any:
    """A sparse matrix with some of its arrays exchanged."""
    matrix = scipy.sparse.csr_matrix(np.ones((1, 2)))
    for name, part in parts.items():
        setattr(matrix, name, part)
    return matrix


def stack(content: bytes) -> Any:
    """What becomes of a pickle."""
    return pickled(Source(written("a.pickle", content)))


def graphml(inside: str, around: str = "", default: str = "directed") -> Any:
    """What becomes of GraphML with these elements."""
    return read("a.graphml", f'<graphml>{around}<graph edgedefault="{default}">\n{inside}</graph></graphml>')


NODES = '<node id="a"/><node id="b"/>'
KEY = '<key id="d" for="node" attr.name="y" attr.type="double"/><key id="e" for="edge" attr.name="y" attr.type="int"/>'
HEAD = b"\x80\x02"
CASES = [
    ("must have numbers below 3.4e38; got 1e\\+39 .*line 2", lambda: tu(graph_attributes="1\n1e39\n")),
    ("must have numbers below", lambda: float32(Source(written("a", "")), np.array([[1e40]]), str)),
    ("must hold the edges of one dataset, DS_A.txt; got none", lambda: gn.read(written("a", "").parent, format="tu")),
    ("must hold the file S_graph_indicator.txt", lambda: gn.read(written("S_A.txt", "").parent, format="tu")),
    ("must have 2 lines, one for each graph of S_graph_indicator.txt; got 1 lines", lambda: tu(graph_labels="1\n")),
    ("must have labels of at most 1000 kinds; got 0 .. 9999 .*line 2", lambda: tu(node_labels="0\n9999\n1\n")),
    ("must number the graphs from 1; got 0 .*line 1", lambda: tu(graph_indicator="0\n0\n1\n")),
    ("must number the graphs 1, 1, ..., 2, 2, .*; got 3 after 1 .*line 2", lambda: tu(graph_indicator="1\n3\n3\n")),
    ("must join nodes between 1 and 3, .*; got node 9 .*line 1", lambda: tu(A="1, 9\n")),
    ("must have edges inside one graph; got one from graph 1 to graph 2 .*line 1", lambda: tu(A="1, 3\n")),
    ("must name two nodes a line; got '0,1' .*line 2", lambda: read("a.edges", "#\n0,1\n")),
    ("must have 2 columns in each line; got 'b c d' .*line 2, edge 1", lambda: read("a.edges", "a b\nb c d\n")),
    ("must have nodes of one kind; got 'from to' above numbers", lambda: read("a.edges", "from to\n0 1\n")),
    ("must have nodes that are numbers between 0 and 1; got '1 2'", lambda: read("a.edges", "0 1\n1 2", num_nodes=2)),
    ("must list each pair of an undirected network once; got '1 0' .*line 2", lambda: read("a.edges", "0 1\n1 0\n")),
    ("must hold one network, ind.DS.graph; got none", lambda: gn.read(written("a", "").parent, format="planetoid")),
    ("must have the 2 columns of ind.s.allx; got 3 .*ind.s.tx", lambda: planetoid(tx=np.ones((1, 3)))),
    ("must have a row for each of the 1 rows of ind.s.x; got 2", lambda: planetoid(y=np.ones((2, 2)))),
    ("must hold a matrix; got list", lambda: planetoid(x=[1])),
    ("must hold a sparse matrix; got one without a shape", lambda: planetoid(x=sparse(_shape=(1,)))),
    ("must count in whole numbers; got float64", lambda: planetoid(x=sparse(indptr=np.ones(2)))),
    ("must hold a sparse matrix; got pointers", lambda: planetoid(x=sparse(indptr=np.array([0, 9])))),
    ("must have columns between 0 and 1; got 7 .*entry 1", lambda: planetoid(x=sparse(indices=np.array([0, 7])))),
    ("must have at most 1073741824 bytes of features", lambda: planetoid(x=sparse(_shape=(1, 2**30)))),
    ("must hold finite numbers below 3.4e38; got nan .*value 1", lambda: planetoid(y=np.array([[0, np.nan]]))),
    ("must have 1 lines, one for each row of ind.s.tx; got 2", lambda: planetoid("3\n4\n")),
    ("must name nodes between 3 and 66, each once; got 99 .*line 1", lambda: planetoid("99\n")),
    ("must hold a dict of neighbours; got list", lambda: planetoid(graph=[])),
    ("must list the neighbours of numbered nodes; got int for str", lambda: planetoid(graph={"a": 1})),
    ("must name nodes between 0 and 3; got 7 .*entry 1", lambda: planetoid(graph={0: [1], 1: [7]})),
    ("must hold numbers only; got the instruction NEWOBJ_EX .*byte 2", lambda: stack(HEAD + b"\x92.")),
    ("must be a whole pickle; got a broken one .*byte 2", lambda: stack(HEAD + b"N")),
    ("must have finite numbers below 3.4e38 as 'a'; got 1e\\+39 .*line 1, node 0",
        lambda: read("a.gml", "graph [ node [ id 0 a 1e39 ] ]")),
    ("must have 'y' on nodes, edges or the graph only",
        lambda: read("a.gml", "graph [ node [ id 0 y 1 ] edge [ source 0 target 0 y 2 ] ]")),
    ("must hold one graph .*; got 0 of them", lambda: read("a.gml", "Creator 1")),
    ("must have nodes of different id; got 0 again .*line 2", lambda: read("a.gml", "graph [ node [ id 0 ]\nnode [ id 0 ] ]")),
    ("must join nodes that are there; got an edge of node 9 .*line 1, edge 0",
        lambda: read("a.gml", "graph [ node [ id 0 ] edge [ source 0 target 9 ] ]")),
    ("must have one whole number id for each node; got 'a'", lambda: read("a.gml", 'graph [ node [ id "a" ] ]')),
    ("must close every list; got 'the end of the file'", lambda: read("a.gml", "graph [ node [ id 0 ]")),
    ("must be GraphML; got <gexf>", lambda: read("a.graphml", "<gexf/>")),
    ("must hold one graph; got 2", lambda: graphml("", around="<graph/>")),
    ("must have plain nodes and edges; got a hyperedge .*line 2", lambda: graphml("<hyperedge/>")),
    ("must have nodes with an id of their own; got 'a' again", lambda: graphml(NODES + NODES)),
    ("must join nodes that are there; got an edge of ''", lambda: graphml(NODES + '<edge source="" target="a"/>')),
    ("must join nodes that are there; got an edge of 'z'", lambda: graphml(NODES + '<edge source="a" target="z"/>')),
    ("must have edges that are all directed or all not; got both", lambda: graphml(
        NODES + '<edge source="a" target="b"/><edge source="a" target="b" directed="false"/>')),
    ("must declare keys with an id and of the types int, .*; got color for 'd'",
        lambda: graphml("", around='<key id="d" attr.type="color"/>')),
    ("must declare every key; got 'f' .*line 2, node data", lambda: graphml('<node id="a"><data key="f"/></node>', KEY)),
    ("must have a finite double there; got 'NaN'", lambda: graphml('<node id="a"><data key="d">NaN</data></node>', KEY)),
]  # fmt: skip
