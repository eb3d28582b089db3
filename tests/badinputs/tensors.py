"""Tensors that do not fit: edges, batch vectors, windows, trees, samples.

A manifest says such a case as an expression of torch; it is ours to read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn

READY = ("tensor",)


def convolved(edge_index: Any, x: Any, edge_weight: Any = None) -> torch.Tensor:
    graph = gn.graph(edge_index, x=x, edge_attr=None if edge_weight is None else edge_weight[:, None])
    torch.manual_seed(0)
    layer = gn.nn.SAGEConv(8, 4) if edge_weight is None else gn.nn.NNConv(8, 4, torch.nn.Linear(1, 32))
    rows = layer(graph).x
    with gn.reference():
        torch.testing.assert_close(rows, layer(graph).x, equal_nan=True)
    return rows


def pooled(parts: list[tuple[Any, Any]]) -> torch.Tensor:
    together = gn.batch([gn.graph(edges, x=x) for x, edges in parts])
    return gn.nn.Readout("mean")(together).x


def of_items(x: Any, batch: Any, size: int | None = None, reduce: str = "mean") -> torch.Tensor:
    return gn.nn.Readout(reduce)(gn.points(None, x=x, batch=batch, num_items=size)).x


def ordered(num_nodes: int, edge_index: Any, tree: bool = False) -> int:
    graph = gn.tree(edge_index.flip(0)) if tree else gn.graph(edge_index, num_nodes=num_nodes)
    return len(graph.topology.links.levels)


def windowed(x: Any, k: int, s: int, d: int, p: int) -> torch.Tensor:
    return gn.nn.Conv2d(x.shape[1], 2, k, s, p, d)(gn.grid(x, channels_first=True)).x


def spread(pos: Any, ratio: float) -> Any:
    return gn.Farthest(ratio).edges(gn.points([pos]))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "conv": convolved,
    "conv_w": convolved,
    "batch": pooled,
    "pool": of_items,
    "aggr": lambda aggr, x, index, dim_size: of_items(x, index, dim_size, aggr),
    "dag": ordered,
    "grid": windowed,
    "points": spread,
}


def built(case: dict[str, Any]) -> Any:
    given = eval(case["construct"], {"torch": torch})  # our own manifest
    operation = OPERATIONS[case["op"]]
    return operation(**given) if isinstance(given, dict) else operation(given)


ACTIONS = {"tensor": built}


def is_finite(rows: Any) -> bool:
    return bool(rows.isfinite().all())


def has_shape(*shape: int) -> Callable[[Any], bool]:
    return lambda rows: tuple(rows.shape) == shape and is_finite(rows)


CHECKS: dict[str, Callable[[Any], bool]] = {
    **{f"tensor/{name}": has_shape(4, 4) for name in ("control", "ei_empty", "ei_self", "ei_list")},
    **{f"tensor/{name}": has_shape(4, 4) for name in ("x_noncontig", "x_grad")},
    "tensor/x_nan": lambda rows: bool(rows.isnan().all()),
    "tensor/x_inf": lambda rows: not bool(rows.isfinite().any()),
    "tensor/x_huge": lambda rows: rows.shape == (4, 4),
    "tensor/weight_nan": lambda rows: rows.isnan().any(1).tolist() == [False, False, True, False],
    "tensor/batch_all_empty": has_shape(2, 8),
    "tensor/aggr_zero_std": has_shape(3, 8),
    "tensor/softmax_large": has_shape(2, 8),
    "tensor/dag_deep": lambda levels: levels == 100_000,
}
