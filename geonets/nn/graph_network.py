"""`GNBlock`: edges, nodes and items, each told what the others know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from geonets.core.neighborhoods import Hub
from geonets.core.structure import Structure
from geonets.core.topology import Set
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.layer import Layer, features
from geonets.nn.message_passing import LINKS

Model = Callable[[Tensor], Tensor]


class GNBlock(Layer):
    """The graph network block: first every edge is updated, then every node, then the item.

        e_k' = edge_model([e_k, x_receiver, x_sender, u])
        x_i' = node_model([reduce_{k -> i} e_k', x_i, u])
        u'   = global_model([reduce_k e_k', reduce_i x_i', u])

    `e` is `edge_attr`, `u` is `globals["u"]`; either may be missing at first and is then left out. A model that is not
    given leaves its part as it was; without `edge_model` nodes hear no edges, and the block runs on a set. With
    `node_model`, `global_model` and `reduce="max"` alone it is PointNet.

    Args:
        edge_model: on `(E, ...)` rows.
        node_model: on `(N, ...)` rows.
        global_model: on `(B, ...)` rows.
        reduce: `"sum"`, `"mean"`, `"max"` or `"min"`.

    Returns:
        The same topology with new `edge_attr`, `x` and `globals["u"]`.

    Reference: Battaglia et al., "Relational inductive biases, deep learning, and graph networks", 2018, algorithm 1 and
        equation 1.

    Example:
        >>> import torch, geonets as gn
        >>> block = gn.nn.GNBlock(gn.nn.MLP([3 + 9 + 9, 8]), gn.nn.MLP([8 + 9, 8]), gn.nn.MLP([8 + 8, 4]))
        >>> block(gn.molecule(["CCO", "C"])).globals["u"].shape
        torch.Size([2, 4])
    """

    def __init__(
        self,
        edge_model: Model | None = None,
        node_model: Model | None = None,
        global_model: Model | None = None,
        reduce: str = "sum",
    ) -> None:
        super().__init__()
        self.edge_model, self.node_model, self.global_model = edge_model, node_model, global_model
        self.to_nodes = AggregateSpec(LINKS, reduce, "opaque", ("edge",))
        self.to_items = AggregateSpec(Hub(), reduce)

    def forward(self, structure: Structure) -> Structure:
        x, state, items = features(structure), structure.globals.get("u"), structure.topology.item_ids
        own_state = None if state is None else state.index_select(0, items)
        edge_rows = heard = None
        if self.edge_model is not None:
            links = structure.topology.links
            ends = x.index_select(0, links.receivers), x.index_select(0, links.senders)
            told = None if own_state is None else own_state.index_select(0, links.receivers)
            edge_rows = self.edge_model(_joined(structure.edge_attr, *ends, told))
            structure = structure.replace(edge_attr=edge_rows)
            heard = run(self.to_nodes, AggregateOperands(x, edges=edge_rows, message=_as_it_is), structure)
        if self.node_model is not None:
            structure = structure.replace(x=self.node_model(_joined(heard, x, own_state)))
        if self.global_model is None:
            return structure
        edges_of_item = None
        if edge_rows is not None:  # the edges of an item are a set
            topology = structure.topology
            edge_set = topology.remember("edge set", lambda: Set(topology.edge_counts))
            edges = Structure(edge_set, {"x": edge_rows})
            edges_of_item = run(self.to_items, AggregateOperands(edge_rows), edges)
        nodes_of_item = run(self.to_items, AggregateOperands(structure.x), structure)
        return structure.replace(globals={"u": self.global_model(_joined(edges_of_item, nodes_of_item, state))})

    def extra_repr(self) -> str:
        return f"reduce={self.to_nodes.reduce!r}"


def _joined(*parts: Any) -> Tensor:
    """The parts that there are, side by side."""
    return torch.cat([part for part in parts if part is not None], 1)


def _as_it_is(edge: Tensor) -> Tensor:
    return edge
