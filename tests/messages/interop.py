"""Messages of coming from other libraries and of going there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx
import numpy as np
import open3d
import pandas
import scipy.sparse
import torch
import trimesh
from PIL import Image
from torch.nn.utils.rnn import pack_sequence
from torch_geometric.data import HeteroData
from trimesh import visual

import geonets as gn
from messages.things import cloud, edges, image, pyg, ring

anything: Any = 3
corners = torch.tensor([[0, 1, 2]])
table = pandas.DataFrame({"a": [1.0, float("nan")], "b": ["x", "y"]})
mesh = gn.mesh(torch.eye(3), [[0, 1, 2]])
twice = gn.graph(torch.tensor([[0, 0], [1, 1]]), x=torch.zeros(2, 1))


def frames() -> Any:
    shown: Any = Image.new("L", (2, 2))
    shown.n_frames = 3
    return shown


def narrow() -> torch.Tensor:
    return torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)], layout=torch.jagged)


def numbered() -> Any:
    network: Any = networkx.Graph()
    network.graph[7] = "seven"
    return network


def triangle(**given: Any) -> Any:
    return trimesh.Trimesh(np.eye(3), [[0, 1, 2]], process=False, **given)


def textured() -> Any:
    drawn = Image.effect_noise((4, 4), 50)
    return triangle(visual=visual.TextureVisuals(uv=np.zeros((3, 2)), image=drawn))


def turned() -> Any:
    grid: Any = open3d.geometry.VoxelGrid()
    grid.rotation = np.diag([1.0, -1.0, -1.0])
    return grid


def hetero(num_nodes: int | None, **fields: Any) -> Any:
    graph = HeteroData(a={"x": torch.zeros(3, 1)})
    graph["b"].num_nodes = num_nodes
    graph["a", "to", "b"].update({"edge_index": torch.tensor([[2, 0], [0, 1]])} if num_nodes else {})
    graph["a", "to", "b"].update(fields)
    return graph


def pixels(x: torch.Tensor, **meta: Any) -> gn.Structure:
    return gn.grid(x, meta=[meta] * len(x))


CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`mask` must be bool; got torch.float32", lambda: gn.from_dense(torch.zeros(1, 2, 3), torch.ones(1, 2))),
    (
        "`adj` must join nodes of the mask; got 0 -> 1 .item 0.",
        lambda: gn.from_dense(torch.zeros(1, 2, 3), torch.tensor([[True, False]]), torch.ones(1, 2, 2)),
    ),
    ("`structure` must have one edge at most .* got several from 0 to 1", lambda: gn.to_dense(twice)),
    ("`structure` must have the nodes field 'x'; got pos", lambda: gn.to_dense(cloud, "x")),
    (
        "no fields of nodes beside x for a dense batch, which would lose them; got pos.*part .*to_dense.structure, 'x'",
        lambda: gn.to_dense(cloud),
    ),
    (
        "no meta for a tensor of gn.to_packed, which would lose it; got name. Remove it first: .*meta=None",
        lambda: gn.to_packed(gn.chain(torch.zeros(1, 2, 1), meta=[{"name": "a"}])),
    ),
    (
        "no meta beside voxel_size, origin for a VoxelGrid",
        lambda: gn.to_open3d(gn.voxels([corners], axes=("x", "y", "z")).replace(meta=[{"name": "a"}])),
    ),
    ("no edge types for a matrix", lambda: gn.to_scipy(gn.Structure(gn.Chain(3)))),
    (
        "no links or places but those of a Chain or Set for a tensor of gn.to_padded.*got Graph",
        lambda: gn.to_padded(gn.graph(edges, torch.zeros(3, 1))),
    ),
    (
        "the axes .y, x., none periodic, for PIL, which would lose them; got .y, x., periodic",
        lambda: gn.to_pil(gn.grid(torch.zeros(1, 2, 2, 1, dtype=torch.uint8), periodic=True)),
    ),
    ("`lengths` must lie between 0 and the 5 steps", lambda: gn.from_padded(torch.zeros(2, 5, 3), [5, 6])),
    ("`packed` must be a torch.nn.utils.rnn.PackedSequence; got int", lambda: gn.from_packed(anything)),
    ("`packed` must have axes .N C ....; got 1 axes", lambda: gn.from_packed(pack_sequence([torch.zeros(3)]))),
    (
        "`structure` must have items of at least one step to be packed; got an empty one, item 1",
        lambda: gn.to_packed(gn.chain([torch.zeros(2, 1), torch.zeros(0, 1)])),
    ),
    ("`nested` must be a nested tensor; got Tensor", lambda: gn.from_nested(torch.zeros(2, 3, 1))),
    ("`nested` must have axes .B, j, C ...., ragged along the second; got 2 axes", lambda: gn.from_nested(narrow())),
    ("`adjacency` must be a SciPy sparse matrix; got Tensor .item 0.", lambda: gn.from_scipy(torch.eye(3))),
    ("`adjacency` must be square; got shape .2, 3.", lambda: gn.from_scipy(scipy.sparse.coo_array((2, 3)))),
    (
        "`weight` must name an edge field of one number an edge; got 'edge_attr'",
        lambda: gn.to_scipy(gn.graph(edges, edge_attr=torch.zeros(2, 3)), weight="edge_attr"),
    ),
    ("`images` must be PIL images; got int .item 0.", lambda: gn.from_pil(anything)),
    ("`images` must have one frame each; got 3 .item 0.", lambda: gn.from_pil(frames())),
    ("`structure` must be a grid of two axes for PIL; got Graph", lambda: gn.to_pil(ring)),
    (
        "`x` must lie between 0 and 65535 for mode I;16",
        lambda: gn.to_pil(pixels(-torch.ones(1, 2, 2, 1).int(), mode="I;16")),
    ),
    ("`x` must have a dtype and channels that a PIL mode has; got torch.float32", lambda: gn.to_pil(image)),
    (
        "`structure` must have no fields of nodes beside x for PIL, which would lose them; got mask",
        lambda: gn.to_pil(pixels(torch.zeros(1, 1, 1, 1)).replace(nodes={"mask": torch.ones(1)})),
    ),
    (
        "`structure` must have no level 'faces' for PIL, which would lose it; got one of 0 rows",
        lambda: gn.to_pil(pixels(torch.zeros(1, 1, 1, 1)).replace(levels={"faces": gn.Level(torch.tensor([0]), {})})),
    ),
    (
        "`x` must be a tensor or an array; got ndarray .*object",
        lambda: gn.chain(__import__("numpy").array([[["a", None]]])),
    ),
    (
        "`structure` must have no fields of faces beside vertices for PyG, which would lose them; got normal",
        lambda: gn.to_pyg(
            mesh.replace(
                levels={"faces": gn.Level(torch.tensor([1]), {"vertices": corners, "normal": torch.ones(1, 3)})}
            )
        ),
    ),
    ("`structure` must have an item for PyG; got none", lambda: gn.to_pyg(mesh[:0])),
    (
        "`source` must have the same attributes in all graphs; got z in some only .item 1.",
        lambda: gn.from_pyg([pyg(), pyg(z=torch.zeros(3))]),
    ),
    ("`adj_t` must be a sparse tensor of torch; got str", lambda: gn.from_pyg(pyg(adj_t="sparse"))),
    ("`levels` must be one of nodes, edges, globals", lambda: gn.from_pyg(pyg(z=torch.zeros(3)), levels={"z": "rows"})),
    ("`source` must be a torch_geometric HeteroData", lambda: gn.from_hetero(pyg())),
    ("`structures` must have the same number of items.*; got none", lambda: gn.Hetero({}, {})),
    (
        "`structures` must have the same number of items.*'a': 1, 'b': 2",
        lambda: gn.Hetero({"a": cloud, "b": gn.points(torch.zeros(2, 1, 3))}, {}),
    ),
    (
        "`neighborhoods` must join kinds among a; got .'a', 'to', 'b'.",
        lambda: gn.Hetero({"a": cloud}, {("a", "to", "b"): gn.Between("to")}),
    ),
    ("`structures.'a'.` must have no links.* got links", lambda: gn.to_hetero(gn.Hetero({"a": ring}, {}))),
    ("`b` must have a field of its nodes, or num_nodes; got neither", lambda: gn.from_hetero(hetero(num_nodes=None))),
    (
        "`edge_index` must name nodes that are there; got 0 -> 1 of 3 and 1 nodes .edge 1 of .'a', 'to', 'b'..",
        lambda: gn.from_hetero(hetero(num_nodes=1)),
    ),
    (
        "`weight` must be a tensor with a row for each of 2 edges of .'a', 'to', 'b'.*got .3,.",
        lambda: gn.from_hetero(hetero(num_nodes=2, weight=torch.zeros(3))),
    ),
    (
        "`network.nodes` must be numbers, text, or lists.*got object.*Rename the nodes first",
        lambda: gn.from_networkx(networkx.relabel_nodes(networkx.path_graph(2), {0: object()})),
    ),
    ("`network: owner` must be numbers, text.*got object", lambda: gn.from_networkx(networkx.Graph(owner=object()))),
    (
        "`network` must have the attribute 7 on all graphs or none, .*got a name that is no string",
        lambda: gn.from_networkx(numbered()),
    ),
    (
        "`structure.meta` must say node_names of the 1 that there are; got 2",
        lambda: gn.to_networkx(
            gn.from_networkx(networkx.path_graph(["a", "b"])).nodes_where(torch.tensor([True, False]))
        ),
    ),
    ("`shape` must have no texture image, which no field holds; got image", lambda: gn.from_trimesh(textured())),
    ("`shape.metadata: owner` must be numbers, text", lambda: gn.from_trimesh(triangle(metadata={"owner": object()}))),
    (
        "`pos` must not be the name of an attribute beside those of the mesh itself; got one of nodes",
        lambda: gn.from_trimesh(triangle(vertex_attributes={"pos": np.ones(3)})),
    ),
    (
        "`color` must not be the name of an attribute beside the colours of nodes; got one of shape .3, 2.",
        lambda: gn.from_trimesh(
            triangle(vertex_attributes={"color": np.ones((3, 2))}, vertex_colors=np.zeros((3, 4), np.uint8))
        ),
    ),
    (
        "`structure` must have no links beside the sides of its triangles for trimesh.*got 2 links and 6 sides",
        lambda: gn.to_trimesh(
            gn.graph(edges, pos=torch.eye(3), levels={"faces": mesh.levels["faces"]}),
        ),
    ),
    (
        "`structure` must have positions for trimesh; got none",
        lambda: gn.to_trimesh(gn.graph(edges, num_nodes=3, levels={"faces": mesh.levels["faces"]})),
    ),
    (
        "`structure` must have pos, and color .N, 3. and alpha .N,. in steps of 1.255 if any.*got pos, color",
        lambda: gn.to_trimesh(cloud.replace(nodes={"color": torch.rand(5, 3)})),
    ),
    ("`geometry` must be an Open3D PointCloud.*got int", lambda: gn.from_open3d(anything)),
    ("`geometry` must have no rotation", lambda: gn.from_open3d(turned())),
    (
        "`structure` must have positions in space for a legacy PointCloud of Open3D; got none",
        lambda: gn.to_open3d(gn.points(None, x=torch.zeros(1, 2, 3)).replace(nodes={"x": None})),
    ),
    ("`kind` must be 'legacy', and the axes x, y and z", lambda: gn.to_open3d(gn.voxels([corners]), kind="tensor")),
    (
        "`color` must be .N, 3. numbers from 0 to 1 for a legacy.*got torch.int64",
        lambda: gn.to_open3d(cloud.replace(nodes={"color": torch.ones(5, 3).long()})),
    ),
    ("`frame` must be a pandas DataFrame; got int", lambda: gn.from_pandas(anything)),
    (
        "`missing` must be a number or one of raise, drop, keep; got 'zero'",
        lambda: gn.from_pandas(table, missing="zero"),
    ),
    ("`frame` must have the column 'rain' once.*got a, b", lambda: gn.from_pandas(table, ["rain"])),
    (
        "`frame` must have no missing values in a; got one in column 'a' .row 1, index 1; 1 in all.",
        lambda: gn.from_pandas(table, ["a"]),
    ),
    ("`columns` must hold numbers; got .* in column 'b'", lambda: gn.from_pandas(table, ["b"])),
    ("`time` must be numbers, dates or durations; got .* in column 'b'", lambda: gn.from_pandas(table, [], time="b")),
    (
        "`item_y` must name a column with one value an item; got several in 'b' .item None.",
        lambda: gn.from_pandas(table, [], item_y="b"),
    ),
    ("`level` must be one of nodes, edges, globals; got 'rows'", lambda: gn.to_pandas(cloud, "rows")),
    (
        "`nodes` must name every node of the edges once in its index; got 'y' not once",
        lambda: gn.from_pandas_edgelist(
            table.rename(columns={"a": "target", "b": "source"}).assign(target="x"), nodes=table.set_axis(["x", "z"])
        ),
    ),
]
