"""Law 8: every error that geonets raises on purpose is reached here, and reads as it should."""

from __future__ import annotations

import ast
import re
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import every_layer
import pytest
import torch
from torch import nn

import geonets as gn
from geonets.core import shapes
from geonets.core.errors import GeonetsError
from geonets.core.packages import require
from geonets.data.interop.shapes import load_shape
from geonets.engine.spec import AggregateSpec

ROOMS = ("core", "engine", "nn", "data", "models")
SENTENCE = re.compile(
    r"^`[^`]+`(, `[^`]+`| and `[^`]+`)* must .+; got .+\. .+\.$|^`[^`]+` must .+; got: .+\. Run: .+$", re.DOTALL
)

x34, edges = torch.randn(3, 4), torch.tensor([[0, 1], [1, 2]])
chain = gn.chain([torch.randn(4, 2), torch.randn(3, 2)])
cloud = gn.points([torch.randn(5, 3)])
ring = gn.graph(torch.tensor([[0, 1, 2], [1, 2, 0]]), x=x34)
path = gn.graph(edges, x=x34)
image = gn.grid(torch.randn(1, 3, 3, 2))
no_features = gn.graph(edges, num_nodes=3)


def level(**changes: Any) -> gn.Structure:
    faces = {
        "counts": torch.tensor([1]),
        "fields": {"vertices": torch.tensor([[0, 1, 2]])},
        "node_ids": frozenset({"vertices"}),
    }
    return gn.Structure(gn.Set(3), levels={"faces": gn.Level(**{**faces, **changes})})


def pyg(**fields: Any) -> Any:
    from torch_geometric.data import Data

    return Data(edge_index=edges, num_nodes=3, **fields)


def network(attribute_on: list[int]) -> Any:
    import networkx

    graph = networkx.path_graph(3)
    for node in attribute_on:
        graph.nodes[node]["age"] = 1
    return graph


_unknown: Any = ("node",)


def _empty_cloud() -> Path:
    path = Path(tempfile.mkdtemp()) / "empty.off"
    path.write_text("OFF\n0 0 0\n")
    return path


class Pool(nn.Module):
    def forward(self, x: torch.Tensor, edge_index: torch.Tensor) -> torch.Tensor:
        return x[:1]


CASES: list[tuple[str, Callable[[], Any]]] = [
    # what a structured input is
    ("`x` must be a tensor of axes .* got list", lambda: shapes.expect([1], "N C", "x")),
    ("`x` must have axes .N C.; got 1 axes", lambda: shapes.expect(torch.zeros(3), "N C", "x")),
    ("`pos` must have axes .N 3. with 3; got 2 there", lambda: shapes.expect(torch.zeros(5, 2), "N 3", "pos")),
    ("`topology` must be a Chain.*got int", lambda: gn.Structure(5)),  # pyright: ignore[reportArgumentType]
    ("`meta` must have one record for each of the 1 items; got 2", lambda: gn.Structure(gn.Set(2), meta=[{}, {}])),
    ("`charge` must be one of x, pos", lambda: ring.replace(charge=torch.zeros(3))),
    ("`size` must be at least 1; got 0", lambda: next(chain.batches(0))),
    (
        "`y` must be on one level only; got it on nodes and globals",
        lambda: ring.replace(nodes={"y": torch.zeros(3)}, globals={"y": torch.zeros(1)}),
    ),
    ("`y` must be on a level already", lambda: ring.replace(y=torch.zeros(1))),
    ("`structures` must hold at least one", lambda: gn.batch([])),
    ("`levels` must have the same names", lambda: gn.batch([level(), gn.Structure(gn.Set(3))])),
    ("`nodes\\['x'\\]` must be a tensor; got list", lambda: gn.Structure(gn.Set(2), {"x": [1, 2]})),  # pyright: ignore[reportArgumentType]
    ("`nodes\\['x'\\]` must have 2 rows.*got shape .3,", lambda: gn.Structure(gn.Set(2), {"x": torch.zeros(3)})),
    ("`globals\\['y'\\]` must have 1 rows", lambda: ring.replace(globals={"y": torch.zeros(2)})),
    ("`levels\\['faces'\\]` must have one count", lambda: level(counts=torch.tensor([1, 0]))),
    (
        "`levels\\['faces'\\]\\['vertices'\\]` must name nodes",
        lambda: level(fields={"vertices": torch.tensor([[0, 1, 3]])}),
    ),
    ("`nodes` must have the same fields", lambda: gn.batch([ring, no_features])),
    ("`items` must be between -2 and 1; got 2", lambda: chain[2]),
    ("`items` must be between -2 and 1; got -3", lambda: chain[[0, -3]]),
    ("`items` must have 2 entries, one an item, to be a mask", lambda: chain[torch.tensor([True])]),
    ("`items` must be an int, a slice", lambda: chain[torch.tensor([0.5])]),
    # neighborhoods
    ("`structure` must have positions for KNN.2.", lambda: gn.KNN(2).edges(ring)),
    (
        "`source` must have as many items",
        lambda: gn.nn.MultiheadAttention(2, 1, kdim=3, vdim=3)(chain, cloud.replace(x=cloud.pos)),
    ),
    ("`k` must be at least 1; got 0", lambda: gn.KNN(0)),
    ("`r` must be positive; got -1", lambda: gn.Radius(-1)),
    ("`stride` must be 1 integers of at least 1; got .0,", lambda: gn.nn.Conv1d(2, 2, 1, stride=0)(chain)),
    ("`padding_mode` must be one of zeros", lambda: gn.Stencil((1,), (1,), (0,), (0,), (1,), "mirror")),
    ("`structure` must be a lattice of 2 axes.*got a Graph", lambda: gn.nn.Conv2d(4, 2, 1)(ring)),
    ("`structure` must be a lattice of 2 axes.*got 1 axes", lambda: gn.nn.Conv2d(2, 2, 1)(chain)),
    ("`kernel_size` must fit.*window of .5,.*input of .4,.*item 0", lambda: gn.nn.Conv1d(2, 2, 5)(chain)),
    ("`kernel_size` must fit.*input of .3, 3.", lambda: gn.nn.Conv2d(2, 2, 4)(image)),
    (
        "`padding` must be at most 2 with padding_mode='reflect'; got 3",
        lambda: gn.nn.Conv2d(2, 2, 3, padding=3, padding_mode="reflect")(image),
    ),
    (
        "`neighborhood` must say who is whose neighbour on a Set",
        lambda: gn.nn.GCNConv(3, 2)(cloud.replace(x=cloud.pos)),
    ),
    # topologies
    ("`first` and `second` must have as many items; got 1 and 2", lambda: gn.Product(gn.Chain(3), gn.Set([1, 2]))),
    ("`structures` must be of one kind.*Chain, Graph", lambda: gn.batch([chain, ring])),
    (
        "`edge_type` must be given for all graphs of a batch or for none",
        lambda: gn.batch([ring, gn.graph(edges, x=x34, edge_type=torch.zeros(2, dtype=torch.long))]),
    ),
    ("`senders` must be an integer tensor; got torch.float32", lambda: gn.Graph(edges[0].float(), edges[1], 3)),
    ("`senders` must be an integer tensor; got list", lambda: gn.Graph([0], edges[1], 3)),  # pyright: ignore[reportArgumentType]
    (
        "`receivers` must have shape .2,., one entry an edge; got .3,",
        lambda: gn.Graph(edges[0], torch.zeros(3).long(), 3),
    ),
    ("`receivers` must be between 0 and 1; got 2 .edge 1.", lambda: gn.Graph(edges[0], edges[1], 2)),
    ("`senders` must be between 0 and 2; got -1", lambda: gn.Graph(edges[0] - 1, edges[1], 3)),
    ("`edge_type` must be at least 0; got -1", lambda: gn.Graph(edges[0], edges[1], 3, edges[0] - 1)),
    ("`edges` must be free of cycles.*got the cycle", lambda: gn.nn.LSTM(4, 2)(ring)),
    (
        "`structures` must have the same axes",
        lambda: gn.batch([image, gn.grid(torch.randn(1, 3, 3, 2), axes=("a", "b"))]),
    ),
    ("`axes` must name each of the 4 axes", lambda: gn.Grid((2, 2, 2, 2))),
    ("`sizes` must not be negative; got -1", lambda: gn.Chain(-1)),
    ("`node_counts` must not be negative; got -1", lambda: gn.Graph(edges[0, :0], edges[1, :0], [2, -1])),
    (
        "`edge_index` must join nodes of one item; got 1 -> 2, from item 0 to item 1",
        lambda: gn.Graph(edges[0], edges[1], [2, 1]),
    ),
    # engine
    ("`reduce` must be one of sum, mean, max, min; got 'median'", lambda: gn.nn.Readout("median")),
    ("`reduce` must be one of sum; got 'max'", lambda: AggregateSpec(gn.Links(), "max", own=True)),
    (
        "`reads` must be one of sender, receiver, edge; got 'node'",
        lambda: AggregateSpec(gn.Links(), "sum", reads=_unknown),
    ),
    # layers
    ("`structure` must be a Structure; got Tensor", lambda: gn.nn.GCNConv(4, 2)(x34)),
    ("`structure` must be a Structure; got Tensor", lambda: gn.nn.MaxPool1d(2)(x34)),
    ("`structure` must have node features; got none", lambda: gn.nn.GCNConv(4, 2)(no_features)),
    ("`structure.x` must have 5 channels for this layer; got shape .3, 4.", lambda: gn.nn.GCNConv(5, 2)(ring)),
    (
        "`layers` must act.*got torch.nn.modules.conv.Conv1d .position 0.*Use gn.nn.Conv1d",
        lambda: gn.nn.Sequential(nn.Conv1d(1, 1, 1)),
    ),
    ("`layers` must act.*LSTM.*Use gn.nn.LSTM", lambda: gn.nn.Sequential(nn.LSTM(1, 1))),
    ("`layers` must act.*BatchNorm2d.*Use gn.nn.BatchNorm", lambda: gn.nn.Sequential(nn.BatchNorm2d(1))),
    ("`layers` must act.*Softmax.*Use a layer of gn.nn", lambda: gn.nn.Sequential(nn.ReLU(), nn.Softmax(0))),
    ("`layers` must act.*LayerNorm", lambda: gn.nn.Sequential(nn.LayerNorm([2, 3]))),
    ("`return_indices` and `divisor_override` must be left", lambda: gn.nn.MaxPool1d(2, return_indices=True)(chain)),
    ("`norm` must be 'batch', 'layer' or None; got 'group'", lambda: gn.nn.MLP([1, 2], norm="group")),
    ("`channels` must name at least input and output; got .3.", lambda: gn.nn.MLP([3])),
    ("`proj_size` must be 0; got 2", lambda: gn.nn.LSTM(2, 3, proj_size=2)(chain)),
    ("`return_state` must be asked of chains only", lambda: gn.nn.LSTM(4, 2)(path, return_state=True)),
    ("`hx` must be a pair .h, c. of tensors of shape .1, 2, 3.", lambda: gn.nn.LSTM(2, 3)(chain, torch.zeros(1, 2, 3))),
    ("`hx` must be a tensor of shape .1, 2, 3.", lambda: gn.nn.GRU(2, 3)(chain, torch.zeros(1, 1, 3))),
    ("`conv` must return one row a node, 3; got .1, 4. from Pool", lambda: gn.nn.FromPyG(Pool())(ring)),
    (
        "`add_bias_kv` and `add_zero_attn` must be False",
        lambda: gn.nn.MultiheadAttention(2, 1, add_bias_kv=True)(chain),
    ),
    (
        "`is_causal` must be used within one structure",
        lambda: gn.nn.MultiheadAttention(2, 1)(chain, chain, is_causal=True),
    ),
    (
        "`add_self_loops` must be False without normalize",
        lambda: gn.nn.GCNConv(2, 2, add_self_loops=True, normalize=False),
    ),
    (
        "`fill_value` must be a number or 'mean'; got 'max'",
        lambda: gn.nn.GATConv(4, 2, edge_dim=4, fill_value="max")(every_layer.graph([3], 1).to(torch.float32)),
    ),
    ("`nn` must start with a linear layer", lambda: gn.nn.GINEConv(nn.ReLU(), edge_dim=2)),
    ("`structure` must have positions for PointNetConv", lambda: gn.nn.PointNetConv()(ring)),
    (
        "`structure` must have edge_attr on its own links for GINEConv; got none",
        lambda: gn.nn.GINEConv(nn.Linear(4, 2))(ring),
    ),
    # coming in
    ("`network` must be a NetworkX graph; got int", lambda: gn.from_networkx(3)),
    (
        "`structure` must have no further levels for NetworkX",
        lambda: gn.to_networkx(gn.mesh(torch.eye(3), [[0, 1, 2]])),
    ),
    ("`structure` must be one item; got 2", lambda: gn.to_networkx(chain)),
    (
        "`network` must have the attribute 'age' on all nodes or none; got node number 1",
        lambda: gn.from_networkx(network([0])),
    ),
    ("`source` must be a torch_geometric Data", lambda: gn.from_pyg({"x": x34})),
    ("`structure` must have no levels beside nodes", lambda: gn.to_pyg(gn.mesh(torch.eye(3), [[0, 1, 2]]))),
    ("`edge_index` must be on one level only", lambda: gn.to_pyg(ring.replace(nodes={"edge_index": x34}))),
    ("`note` must be a tensor to be kept; got str", lambda: gn.from_pyg(pyg(note="hello"))),
    ("`odd` must have a row for each of 3 nodes, 2 edges or 1 graphs", lambda: gn.from_pyg(pyg(odd=torch.zeros(7)))),
    ("`smiles` must hold at least one string", lambda: gn.molecule([])),
    ("`smiles` must be strings; got int .row 1.", lambda: gn.molecule(["C", 3])),  # pyright: ignore[reportArgumentType]
    ("`smiles` must be a valid SMILES string; got 'C1CC' .row 0.", lambda: gn.molecule("C1CC")),
    ("`smiles` must be a possible molecule.*valence", lambda: gn.molecule(["C", "C(C)(C)(C)(C)C"])),
    ("`no_such_package` must be installed.*Run: pip install no_such_package", lambda: require("no_such_package.part")),
    ("`shape` must be trimesh's Trimesh, PointCloud or a Scene of one kind; got int", lambda: gn.from_trimesh(3)),
    ("`path` must be a mesh or point file; got .*no_such_file.stl", lambda: load_shape(Path("no_such_file.stl"))),
    ("`path` must hold at least one point; got none .*empty.off", lambda: load_shape(_empty_cloud())),
    ("`pos` must be given, or x", lambda: gn.points(None)),
    ("`x` must have one row for each point", lambda: gn.points(torch.zeros(1, 3, 3), x=torch.zeros(1, 4, 1))),
    ("`x` must hold one tensor for each of the 2 graphs; got 1", lambda: gn.graph([edges, edges], x=[x34])),
    ("`edge_index` must name nodes between 0 and 1; got 0 .. 2 .item 0.", lambda: gn.graph(edges, num_nodes=2)),
    ("`weight` must have 2 rows, one an edge", lambda: gn.graph(edges, edges={"weight": torch.zeros(3)})),
    ("`edge_attr` must have axes .E .... with E=2; got 3 there", lambda: gn.graph(edges, edge_attr=torch.zeros(3, 1))),
    ("`faces` must hold one tensor a mesh, 2; got 1", lambda: gn.mesh([torch.eye(3)] * 2, [torch.tensor([[0, 1, 2]])])),
    ("`faces` must name vertices between 0 and 2; got 0 .. 3", lambda: gn.mesh(torch.eye(3), [[0, 1, 3]])),
    ("`y` must have one row for each of the 1 items", lambda: gn.graph(edges, y=torch.zeros(3))),
    ("`x` must have axes .B, T, C.; got shape .24, 10.", lambda: gn.chain(torch.zeros(24, 10))),
    ("`x` must hold at least one item; got an empty list", lambda: gn.chain([])),
    ("`x` must hold tensors of axes .T, C.; got .7,. .item 1.", lambda: gn.chain([torch.zeros(3, 2), torch.zeros(7)])),
    ("`x` must have the same channels and dtype", lambda: gn.chain([torch.zeros(3, 2), torch.zeros(3, 1)])),
    ("`num_nodes` must hold one number a graph, 1; got 2", lambda: gn.graph(edges, num_nodes=[3, 3])),
    ("`edge_index` must have axes .2, E.; got shape .3, 2.. Transpose it", lambda: gn.graph(torch.zeros(3, 2).long())),
    ("`edge_index` must be integers; got torch.float32", lambda: gn.graph(edges.float())),
    ("`x` must be a tensor or an array; got str", lambda: gn.chain("text")),
    # models
    ("`structure` must have in_features=8.*got items of different sizes", lambda: gn.models.MLP(8, [4], 2)(chain)),
    ("`structure` must have in_features=8.*got 18 numbers an item", lambda: gn.models.MLP(8, [4], 2)(image)),
    ("`structure` must have positions for PointNet;", lambda: gn.models.PointNet(2)(ring)),
]


def raised_by(action: Callable[[], Any]) -> tuple[GeonetsError, str, int]:
    """The error, and where in the package it was raised."""
    with pytest.raises(GeonetsError) as caught:
        action()
    frame = [f for f in traceback.extract_tb(caught.value.__traceback__) if f"{Path('geonets')}" in f.filename][-1]
    assert frame.lineno is not None
    return caught.value, str(Path(frame.filename).resolve()), frame.lineno


@pytest.mark.parametrize(("text", "action"), CASES, ids=[f"{n:03d}" for n in range(len(CASES))])
def test_a_message_says_what_was_wrong_and_what_to_do(text: str, action: Callable[[], Any]) -> None:
    error, _, _ = raised_by(action)
    assert re.search(text, str(error), re.DOTALL), str(error)
    assert SENTENCE.match(str(error)), str(error)


def test_every_error_of_the_core_is_reached() -> None:
    reached = {raised_by(action)[1:] for _, action in CASES}
    missed = []
    root = Path(gn.__file__).parent
    for file in (path for room in ROOMS for path in (root / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                not isinstance(node, ast.Raise)
                or node.exc is None
                or ast.unparse(node.exc).split("(")[0] == "TypeError"
            ):
                continue
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            if not any((str(file.resolve()), line) in reached for line in lines):
                missed.append(f"{file.relative_to(root)}:{node.lineno}")
    assert not missed


def test_errors_are_also_what_python_programmers_catch() -> None:
    for action, builtin in [
        (lambda: chain[7], IndexError),
        (lambda: gn.KNN(0), ValueError),
        (lambda: require("nope"), ImportError),
    ]:
        with pytest.raises(builtin):
            action()
