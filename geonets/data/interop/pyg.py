"""Graphs from and to PyTorch Geometric."""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, StructureError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.core.topology import Graph
from geonets.nn import Layer
from geonets.nn.exchange import layer_to_pyg


def from_pyg(source: Any) -> Structure:
    """PyG's `Data`, `Batch`, or a list of `Data`, as one Structure.

    Tensors with a row for each node become node fields, with a row for each edge edge fields, for each graph globals.
    `meta` that `to_pyg` wrote is read back.

    Args:
        source: homogeneous graphs.

    Raises:
        DtypeError: if it is something else.
        StructureError: if a tensor belongs to no level, or what is no tensor cannot be kept.

    Example:
        >>> from torch_geometric.data import Data
        >>> from_pyg(Data(x=torch.ones(3, 2), edge_index=torch.tensor([[0, 1], [1, 2]])))
        Structure of Graph(1 item of 3 nodes, 2 edges)
          nodes   x           (3, 2) float32
    """
    pyg = require("torch_geometric.data", "torch-geometric")
    if isinstance(source, list | tuple) and source and all(isinstance(part, pyg.Data) for part in source):
        source = pyg.Batch.from_data_list(list(source))
    if not isinstance(source, pyg.Data):
        raise DtypeError(
            f"`source` must be a torch_geometric Data, Batch or list of Data; got {type(source).__name__}. "
            "Convert heterogeneous graphs type by type."
        )
    graphs: Any = source
    is_batch = isinstance(graphs, pyg.Batch)
    counts = graphs.ptr.diff() if is_batch and graphs.ptr is not None else torch.tensor([graphs.num_nodes])
    num_nodes, num_edges, num_items = int(graphs.num_nodes or 0), int(graphs.num_edges), len(counts)
    levels: dict[str, dict[str, Tensor]] = {"nodes": {}, "edges": {}, "globals": {}}
    edge_index, edge_type, meta = torch.empty(2, 0, dtype=torch.long), None, None
    for name, value in graphs.to_dict().items():
        if name in ("batch", "ptr", "num_nodes", "_num_nodes") or value is None:
            continue
        if name == "edge_index":
            edge_index = value
        elif name == "edge_type":
            edge_type = value
        elif name == "meta":
            meta = [json.loads(text) for text in ([value] if isinstance(value, str) else value)]
        else:
            level, rows = _place(graphs, name, value, num_nodes, num_edges, num_items)
            levels[level][name] = rows
    topology = Graph(edge_index[0], edge_index[1], counts.to(edge_index.device), edge_type)
    order = topology.links.input_order
    if order is not None:
        levels["edges"] = {name: rows.index_select(0, order) for name, rows in levels["edges"].items()}
    return Structure(topology, levels["nodes"], levels["edges"], levels["globals"], meta=meta)


def to_pyg(structure: Structure | Layer) -> Any:
    """One item as PyG's `Data`, several as its `Batch`; edges in the order in which they were given.

    A layer becomes PyG's layer of the same name, with a copy of its weights.

    Args:
        structure: over any topology that has links; or a graph layer.

    Raises:
        StructureError: if it has levels that `Data` would lose, or one name on two levels.
        UnsupportedError: if PyG has no layer of that name.

    Example:
        >>> import geonets as gn
        >>> to_pyg(gn.graph(torch.tensor([[1, 0], [0, 1]]), x=torch.ones(2, 1))).edge_index.tolist()
        [[1, 0], [0, 1]]
    """
    if isinstance(structure, Layer):
        return layer_to_pyg(structure)
    pyg = require("torch_geometric.data", "torch-geometric")
    if structure.levels:
        raise StructureError(
            f"`structure` must have no levels beside nodes, edges and globals for PyG; got {sorted(structure.levels)}. "
            "Remove them first: replace(levels={})."
        )
    items = [_data(pyg, item) for item in structure]
    return items[0] if len(items) == 1 else pyg.Batch.from_data_list(items)


def _data(pyg: Any, item: Structure) -> Any:
    links = item.topology.links
    fields: dict[str, Any] = {"num_nodes": item.num_nodes}
    if item.meta is not None:
        fields["meta"] = json.dumps(item.meta[0])
    fields["edge_index"] = torch.stack([links.in_input_order(links.senders), links.in_input_order(links.receivers)])
    if links.edge_type is not None:
        fields["edge_type"] = links.in_input_order(links.edge_type)
    for level, rows in (("nodes", item.nodes), ("edges", item.edges), ("globals", item.globals)):
        for name, field in rows.items():
            if name in fields:
                raise StructureError(
                    f"`{name}` must be on one level only for PyG; got it on {level} and another. Rename one of them."
                )
            fields[name] = links.in_input_order(field) if level == "edges" else field
    return pyg.Data(**fields)


def _place(source: Any, name: str, value: Any, num_nodes: int, num_edges: int, num_items: int) -> tuple[str, Tensor]:
    if not isinstance(value, Tensor):
        raise StructureError(
            f"`{name}` must be a tensor to be kept; got {type(value).__name__}. Delete it first: del data.{name}."
        )
    rows = value if value.ndim else value.reshape(1)
    if name == "y" and len(rows) == num_items:
        return "globals", rows
    if source.is_edge_attr(name) and len(rows) == num_edges:
        return "edges", rows
    if source.is_node_attr(name) and len(rows) == num_nodes:
        return "nodes", rows
    if len(rows) == num_items:
        return "globals", rows
    raise StructureError(
        f"`{name}` must have a row for each of {num_nodes} nodes, {num_edges} edges or {num_items} graphs; "
        f"got shape {tuple(value.shape)}. Delete or reshape it first."
    )
