"""`Set`: nodes without edges of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Self, final

from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.ranges import Rows, Sizes
from geonets.core.topology.base import Topology
from geonets.core.topology.edges import EdgeList


@final
@dataclasses.dataclass(frozen=True, eq=False, init=False, repr=False)
class Set(Topology):
    """A batch of sets: point clouds, or one node an item after a readout.

    Args:
        counts: the number of nodes of one set, or `(B,)` numbers of several.
        num_items: how many sets share the one number.

    Example:
        >>> Set([1024, 300])
        Set(2 items of 300 .. 1024 nodes)
    """

    set_sizes: Sizes

    def __init__(self, counts: int | Sequence[int] | Tensor | Sizes, num_items: int = 1) -> None:
        if isinstance(counts, Sizes):
            sizes = counts
        else:
            sizes = Sizes.of((counts,), num_items) if isinstance(counts, int) else Sizes.of(counts, axes=1)
        object.__setattr__(self, "set_sizes", sizes)

    @property
    def sizes(self) -> Sizes:
        return self.set_sizes

    @property
    def has_links(self) -> bool:
        return False

    @property
    def links(self) -> EdgeList:
        raise StructureError(
            "`neighborhood` must say who is whose neighbour on a Set; got Links(), but a Set has no edges of its own. "
            "Pass neighborhood=gn.KNN(16) or gn.Radius(0.2) to the layer, or connect the structure first: "
            "gn.connect(structure, gn.KNN(16))."
        )

    def select(self, items: slice | Tensor) -> tuple[Self, Rows, None]:
        sizes, rows = self.sizes.select(items)
        return self._with(set_sizes=sizes), rows, None

    @classmethod
    def join(cls, parts: Sequence[Any]) -> Self:
        return parts[0]._with(set_sizes=Sizes.join([part.sizes for part in parts]))
