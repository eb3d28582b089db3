"""`Topology`: how many nodes each item has, and the edges it has by nature."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor

from geonets.core.ranges import Rows, Sizes
from geonets.core.records import Record
from geonets.core.topology.edges import EdgeList


@dataclasses.dataclass(frozen=True, eq=False)
class Topology(Record, abc.ABC):
    """Who stands next to whom in a batch of items. Knows nothing of features.

    To add a topology: subclass, say how many nodes an item has (`sizes`), build `links`, and slice and join yourself.
    """

    @property
    @abc.abstractmethod
    def sizes(self) -> Sizes:
        """How large each item is along each of its axes."""

    @property
    @abc.abstractmethod
    def links(self) -> EdgeList:
        """The edges that this topology has by nature, built when first asked for."""

    @abc.abstractmethod
    def select(self, items: slice | Tensor) -> tuple[Self, Rows, Rows | None]:
        """The topology of the chosen items, their node rows, and the rows of their links where these were needed."""

    @classmethod
    @abc.abstractmethod
    def join(cls, parts: Sequence[Any]) -> Self:
        """The items of all parts, one after another."""

    @property
    def num_items(self) -> int:
        """`B`."""
        return self.sizes.num_items

    @property
    def num_nodes(self) -> int:
        """`N`, of all items together."""
        return self.sizes.total

    @property
    def uniform(self) -> tuple[int, ...] | None:
        """The size that all items share, or None when they differ."""
        return self.sizes.uniform

    @property
    def is_periodic(self) -> bool:
        """Whether some axis of it closes upon itself."""
        return False

    @property
    def has_links(self) -> bool:
        """Whether it has edges by nature at all."""
        return True

    @property
    def node_counts(self) -> Tensor:
        """`(B,)` nodes of each item."""
        return self.sizes.counts

    @property
    def node_offsets(self) -> Tensor:
        """`(B+1,)` where each item's nodes start."""
        return self.sizes.offsets

    @property
    def item_ids(self) -> Tensor:
        """`(N,)` the item of each node."""
        return self.sizes.item_ids

    @property
    def edge_offsets(self) -> Tensor:
        """`(B+1,)` where each item's links start."""
        return self.remember("edge_offsets", lambda: self.links.pointers.index_select(0, self.node_offsets))

    @property
    def edge_counts(self) -> Tensor:
        """`(B,)` links of each item."""
        return self.remember("edge_counts", lambda: self.edge_offsets[1:] - self.edge_offsets[:-1])

    @property
    def device(self) -> torch.device:
        """Where the topology's tensors live."""
        return self.sizes.table.device

    def edge_rows(self, items: slice | Tensor) -> Rows:
        """Which rows of the links belong to the chosen items."""
        if isinstance(items, slice):
            first, last = self.edge_offsets[items.start], self.edge_offsets[items.stop]
            return Rows(span=slice(int(first), int(last)))
        return Rows.between(self.edge_offsets, items)

    def __repr__(self) -> str:
        items = "1 item" if self.num_items == 1 else f"{self.num_items} items"
        described = f" of {self._describe()}" if self.num_items else ""
        return f"{type(self).__name__}({items}{described})"

    def _describe(self) -> str:
        return f"{self.sizes} nodes"
