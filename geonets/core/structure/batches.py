"""`Batches`: going through items, some at a time."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from torch import Tensor

from geonets.core.errors import OptionError
from geonets.core.options import one_of
from geonets.core.structure.ahead import ahead
from geonets.core.structure.order import visits

T = TypeVar("T")
Items = int | slice | Sequence[int] | Sequence[bool] | Tensor


class Batches(abc.ABC, Generic[T]):
    """What holds items: it says how many and how large, and gives any of them as a Structure."""

    @abc.abstractmethod
    def __len__(self) -> int:
        """How many items."""

    @abc.abstractmethod
    def __getitem__(self, items: Items) -> T:
        """Some of them."""

    @abc.abstractmethod
    def item_sizes(self, of: str) -> Tensor:
        """`(B,)` how many `"nodes"` or `"edges"` each item has."""

    def batches(
        self,
        size: int,
        *,
        shuffle: bool = False,
        seed: int | None = None,
        drop_last: bool = False,
        by: str = "items",
        bucket: int | None = None,
        prefetch: int = 0,
    ) -> Iterator[T]:
        """Go once through the items, some at a time: a batch is an index, so nothing is collated.

        Args:
            size: items in a batch; or the most nodes or edges of a batch.
            shuffle: visit the items in random order.
            seed: of that order; torch's global generator unless given.
            drop_last: leave out the last batch where it is not full.
            by: what `size` counts: `"items"`, `"nodes"` or `"edges"`. By nodes or edges a batch takes the items that
                come next as long as they fit.
            bucket: put items of similar size into one batch: so many batches at a time are sorted by nodes (or edges)
                and, with `shuffle`, the batches then shuffled again.
            prefetch: make up to so many batches ready in a thread of its own.

        Raises:
            OptionError: if a number is too small, or `by` is another word.

        Example:
            >>> import geonets as gn
            >>> sets = gn.Structure(gn.Set([4, 1, 2, 5, 3]))
            >>> [batch.topology.node_counts.tolist() for batch in sets.batches(2)]
            [[4, 1], [2, 5], [3]]
            >>> [batch.topology.node_counts.tolist() for batch in sets.batches(6, by="nodes")]
            [[4, 1], [2], [5], [3]]
            >>> [batch.topology.node_counts.tolist() for batch in sets.batches(6, by="nodes", bucket=9)]
            [[1, 2, 3], [4], [5]]
        """
        one_of("by", by, ("items", "nodes", "edges"))
        for name, value, least in (
            ("size", size, 1),
            ("bucket", 1 if bucket is None else bucket, 1),
            ("prefetch", prefetch, 0),
        ):
            if value < least:
                raise OptionError(f"`{name}` must be at least {least}; got {value}. Pass a whole number.")
        measured = None if by == "items" and bucket is None else self.item_sizes("edges" if by == "edges" else "nodes")
        chosen = visits(
            len(self),
            size,
            None if measured is None else measured.cpu(),
            budget=by != "items",
            shuffle=shuffle,
            seed=seed,
            drop_last=drop_last,
            bucket=bucket,
        )
        found = (self[items] for items in chosen)
        return ahead(found, prefetch) if prefetch else found
