"""`Graph`: nodes with the edges that the user lists."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Self, final

from torch import Tensor

from geonets.core.errors import ShapeError, StructureError
from geonets.core.ranges import Rows, Sizes
from geonets.core.topology.base import Topology
from geonets.core.topology.edges import EdgeList
from geonets.core.topology.slicing import Cut


@final
@dataclasses.dataclass(frozen=True, eq=False, init=False, repr=False)
class Graph(Topology):
    """A batch of graphs; no edge leaves its item.

    Args:
        senders: `(E,)` node numbers, counted over the whole batch.
        receivers: `(E,)` likewise.
        node_counts: the number of nodes of one graph, or `(B,)` numbers of several.
        edge_type: `(E,)` relation of each edge, or None.

    Raises:
        DtypeError: if an index is not an integer tensor.
        ShapeError: if the index tensors are not of one length.
        StructureError: if an index is out of range or an edge leaves its item.

    Example:
        >>> import torch
        >>> Graph(torch.tensor([0, 1]), torch.tensor([1, 0]), node_counts=2)
        Graph(1 item of 2 nodes, 2 edges)
    """

    graph_sizes: Sizes
    edge_list: EdgeList

    def __init__(
        self,
        senders: Tensor,
        receivers: Tensor,
        node_counts: int | Sequence[int] | Tensor,
        edge_type: Tensor | None = None,
    ) -> None:
        device = senders.device if isinstance(senders, Tensor) else None
        given = (node_counts,) if isinstance(node_counts, int) else node_counts
        sizes = Sizes.of(given, axes=1, device=device)
        if sizes.num_items and int(sizes.counts.min()) < 0:
            raise ShapeError(f"`node_counts` must not be negative; got {int(sizes.counts.min())}. Count the nodes.")
        edges = EdgeList.of(senders, receivers, edge_type, num_senders=sizes.total, num_receivers=sizes.total)
        sender_items = sizes.item_ids.index_select(0, edges.senders)
        receiver_items = sizes.item_ids.index_select(0, edges.receivers)
        leaving = (sender_items != receiver_items).nonzero()
        if len(leaving):
            row = int(leaving[0])
            raise StructureError(
                f"`edge_index` must join nodes of one item; "
                f"got {int(edges.senders[row])} -> {int(edges.receivers[row])}, "
                f"from item {int(sender_items[row])} to item {int(receiver_items[row])}. "
                "Check node_counts, or put both nodes into one item."
            )
        object.__setattr__(self, "graph_sizes", sizes)
        object.__setattr__(self, "edge_list", edges)

    @staticmethod
    def of_edges(sizes: Sizes, edges: EdgeList) -> Graph:
        """Wrap edges that are known to be valid for these sizes."""
        graph = object.__new__(Graph)
        object.__setattr__(graph, "graph_sizes", sizes)
        object.__setattr__(graph, "edge_list", edges)
        return graph

    @property
    def sizes(self) -> Sizes:
        return self.graph_sizes

    @property
    def links(self) -> EdgeList:
        return self.edge_list

    @property
    def num_edges(self) -> int:
        """`E`, of all items together."""
        return self.edge_list.num_edges

    @property
    def order_in_items(self) -> Tensor | None:
        """The input order with every item's edges made contiguous, so that it can be sliced."""
        return self.remember("order_in_items", self._order_in_items)

    def select(self, items: slice | Tensor) -> tuple[Self, Rows, Rows]:
        sizes, node_rows = self.sizes.select(items)
        edge_rows, starts = self.edge_rows(items), node_rows.starts
        starts = self.node_offsets[:-1][items] if starts is None else starts
        cut = Cut(node_rows, edge_rows, starts, sizes.offsets, sizes.total)
        edges = self.edge_list.select(cut, self.order_in_items)
        return self._with(graph_sizes=sizes, edge_list=edges), node_rows, edge_rows

    @classmethod
    def join(cls, parts: Sequence[Any]) -> Self:
        sizes = Sizes.join([part.sizes for part in parts])
        return parts[0]._with(graph_sizes=sizes, edge_list=EdgeList.join([part.edge_list for part in parts]))

    def _order_in_items(self) -> Tensor | None:
        order = self.edge_list.input_order
        if order is None or self.num_items == 1:
            return order
        items = self.item_ids.index_select(0, self.edge_list.receivers)
        return (items * self.num_edges + order).argsort().argsort()

    def _describe(self) -> str:
        kinds = "" if self.edge_list.held("edge_type") is None else " with types"
        return f"{self.sizes} nodes, {self.num_edges} edges{kinds}"
