"""Graphs, point clouds and meshes from and to PyTorch Geometric."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, StructureError
from geonets.core.packages import require
from geonets.core.ranges import counts_of
from geonets.core.structure import Level, Structure
from geonets.core.topology import Graph, Set
from geonets.data.constructors import mesh
from geonets.data.interop.attributes import Attributes, placed, recorded, shared_names
from geonets.data.interop.refusals import refuse_losses
from geonets.nn import Layer
from geonets.nn.exchange import layer_to_pyg

COUNTS = ("batch", "ptr", "num_nodes", "_num_nodes")
"""What PyG says of items and nodes; a topology knows it."""


def from_pyg(source: Any, levels: Mapping[str, str] | None = None) -> Structure:
    """PyG's `Data`, `Batch`, or a list of `Data`, as one Structure.

    Tensors with a row for each node become node fields, with a row for each edge edge fields, for each graph globals;
    where counts agree, PyG's own rule decides, or `levels`. Numbers are globals. Strings, lists and dicts go into
    `meta`, and `meta` that `to_pyg` wrote is read back. `face` becomes the level `faces`. Without edges it is a set.

    Args:
        source: homogeneous graphs; heterogeneous ones go to `from_hetero`.
        levels: of some attributes the level, `"nodes"`, `"edges"` or `"globals"`: `{"energy": "globals"}`.

    Raises:
        DtypeError: if it is something else.
        StructureError: if a tensor belongs to no level, what is no tensor cannot be kept, or graphs of a list have
            different attributes.

    Example:
        >>> from torch_geometric.data import Data
        >>> from_pyg(Data(x=torch.ones(3, 2), edge_index=torch.tensor([[0, 1], [1, 2]])))
        Structure of Graph(1 item of 3 nodes, 2 edges)
          nodes   x           (3, 2) float32
    """
    pyg = require("torch_geometric.data", "torch-geometric")
    if isinstance(source, list | tuple) and source and all(isinstance(part, pyg.Data) for part in source):
        source = batch_of(pyg, list(source))
    graphs: Any = source
    if not isinstance(graphs, pyg.Data):
        raise DtypeError(
            f"`source` must be a torch_geometric Data, Batch or list of Data; got {type(source).__name__}. "
            "Pass HeteroData to gn.from_hetero."
        )
    counts = _node_counts(graphs)
    given = {name: value for name, value in graphs.to_dict().items() if value is not None and name not in COUNTS}
    given = {name: value for name, value in given.items() if not follows(name, given)}
    ends, weight = ends_of(given.pop("edge_index", None), given.pop("adj_t", None))
    face, edge_type = given.pop("face", None), None
    if isinstance(kinds := given.get("edge_type"), Tensor) and kinds.ndim == 1 and not kinds.is_floating_point():
        edge_type = given.pop("edge_type")
    device = next((value.device for value in given.values() if isinstance(value, Tensor)), counts.device)
    num_edges = 0 if ends is None else ends.shape[1]
    slices = getattr(graphs, "_slice_dict", {}) if isinstance(graphs, pyg.Batch) else None
    sizes = {"nodes": int(counts.sum()), "edges": num_edges, "globals": len(counts)}
    attributes = Attributes(graphs, sizes, counts.tolist(), slices, levels or {})
    fields, meta = placed(attributes, given)
    fields["edges"] |= {} if weight is None else {"edge_weight": weight}
    if face is not None and ends is None and "pos" in fields["nodes"]:
        return _mesh(fields, face, counts, meta)
    if ends is None:
        topology: Any = Set(counts.to(device))
    else:
        topology = Graph(ends[0], ends[1], counts.to(ends.device), edge_type)
        fields["edges"] = {name: topology.links.in_receiver_order(rows) for name, rows in fields["edges"].items()}
    faces = {} if face is None else {"faces": _faces(face, topology.item_ids, len(counts))}
    return Structure(topology, fields["nodes"], fields["edges"], fields["globals"], faces, meta)


def to_pyg(structure: Structure | Layer) -> Any:
    """One item as PyG's `Data`, several as its `Batch`; edges in the order in which they were given.

    Strings and lists that all items have in `meta` become attributes, the rest of it JSON in the attribute `meta`. A
    level `faces` becomes `face`. A layer becomes PyG's layer of the same name, with a copy of its weights.

    Args:
        structure: over any topology; of a set there is no `edge_index`. Or a graph layer.

    Raises:
        StructureError: if it has levels that `Data` would lose, one name on two levels, or no items.
        UnsupportedError: if PyG has no layer of that name.

    Example:
        >>> import geonets as gn
        >>> to_pyg(gn.graph(torch.tensor([[1, 0], [0, 1]]), x=torch.ones(2, 1))).edge_index.tolist()
        [[1, 0], [0, 1]]
    """
    if isinstance(structure, Layer):
        return layer_to_pyg(structure)
    pyg = require("torch_geometric.data", "torch-geometric")
    refuse_losses(structure, "PyG", nodes=None, edges=None, globals=None, faces=("vertices",))
    if not len(structure):
        raise StructureError("`structure` must have an item for PyG; got none. Keep what has no items as it is.")
    taken = {*COUNTS, *structure.nodes, *structure.edges, *structure.globals}
    names = shared_names(structure.meta, taken, pyg.Data)
    items = [_data(pyg, item, names) for item in structure]
    return items[0] if len(items) == 1 else pyg.Batch.from_data_list(items)


def _data(pyg: Any, item: Structure, names: list[str]) -> Any:
    fields: dict[str, Any] = {"num_nodes": item.num_nodes, **recorded(item.meta, names)}
    if item.topology.has_links:
        links = item.topology.links
        fields["edge_index"] = torch.stack([links.in_input_order(links.senders), links.in_input_order(links.receivers)])
        if links.edge_type is not None:
            fields["edge_type"] = links.in_input_order(links.edge_type)
    if "faces" in item.levels:
        fields["face"] = item.levels["faces"]["vertices"].T
    for level, rows in (("nodes", item.nodes), ("edges", item.edges), ("globals", item.globals)):
        for name, field in rows.items():
            if name in fields:
                raise StructureError(
                    f"`{name}` must be on one level only for PyG; got it on {level} and another. Rename one of them."
                )
            fields[name] = item.topology.links.in_input_order(field) if level == "edges" else field
    return pyg.Data(**fields)


def batch_of(pyg: Any, graphs: list[Any]) -> Any:
    """PyG's batch of graphs that have the same attributes."""
    first = _names(graphs[0])
    for item, other in enumerate(graphs):
        different = sorted(first ^ _names(other))
        if different:
            raise StructureError(
                f"`source` must have the same attributes in all graphs; got {', '.join(different)} in some only "
                f"(item {item}). Delete or add them first."
            )
    return pyg.Batch.from_data_list(graphs)


def _names(graph: Any) -> set[str]:
    """What a graph has, of each kind of nodes and edges."""
    stores = {store._key: store for store in graph.stores}
    kinds = {str(kind) for kind in stores if kind is not None}
    return kinds | {f"{kind} {name}" if kind else name for kind, store in stores.items() for name in list(store.keys())}


def _node_counts(source: Any) -> Tensor:
    store = source.to_dict()
    with warnings.catch_warnings():  # PyG warns where it counts up to the last node that an edge names, as we do
        warnings.simplefilter("ignore")
        num_nodes = int(source.num_nodes or 0)
    if store.get("ptr") is not None:
        return store["ptr"].diff()
    if store.get("batch") is not None:
        return counts_of(store["batch"], num_nodes)
    return torch.tensor([num_nodes])


def follows(name: str, given: Mapping[str, Any]) -> bool:
    """Whether it is a batch vector of another attribute, which `follow_batch` asked for."""
    return any(name.endswith(tail) and name.removesuffix(tail) in given for tail in ("_batch", "_ptr"))


def ends_of(edge_index: Any, adj_t: Any) -> tuple[Tensor | None, Tensor | None]:
    """Senders and receivers, and the entries of a transposed adjacency matrix, where one is given instead."""
    if adj_t is None:
        return (edge_index.as_tensor() if hasattr(edge_index, "as_tensor") else edge_index), None
    if not isinstance(adj_t, Tensor):
        raise DtypeError(
            f"`adj_t` must be a sparse tensor of torch; got {type(adj_t).__name__}. "
            "Convert it: data.adj_t = data.adj_t.to_torch_sparse_csr_tensor()."
        )
    entries = adj_t.to_sparse_coo()
    return entries._indices().flip(0), entries._values()


def _faces(face: Tensor, item_ids: Tensor, num_items: int) -> Level:
    """PyG's `(3, F)` vertices as a level."""
    items = item_ids.index_select(0, face[0])
    return Level(counts_of(items, face.shape[1], num_items, "face"), {"vertices": face.T}, frozenset({"vertices"}))


def _mesh(fields: dict[str, dict[str, Tensor]], face: Tensor, counts: Tensor, meta: Any) -> Structure:
    pos = fields["nodes"].pop("pos")
    level = _faces(face, torch.arange(len(counts)).repeat_interleave(counts.cpu()).to(face.device), len(counts))
    starts = (counts.cumsum(0) - counts).tolist()
    corners = [part - start for part, start in zip(level["vertices"].split(level.counts.tolist()), starts, strict=True)]
    return mesh(list(pos.split(counts.tolist())), corners, nodes=fields["nodes"], globals=fields["globals"], meta=meta)
