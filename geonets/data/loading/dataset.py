"""`ItemDataset`: what torch's `DataLoader` asks for items, several at once, so that nothing is collated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

from torch import Tensor
from torch.utils.data import Dataset, get_worker_info
from torch.utils.data._utils.collate import default_collate_fn_map

from geonets.core.structure import Batches, Structure, batch
from geonets.data.storage import load, origin


@final
class ItemDataset(Dataset[Structure]):
    """Items for torch's `DataLoader`, whose batches are Structures; no `collate_fn` is needed.

    A batch is one index into the Structure. Workers, samplers and `pin_memory` work as with any dataset; worker
    processes share the pages of a stored Structure.

    Args:
        items: a Structure, or stored shards.

    Example:
        >>> import torch, geonets as gn
        >>> from torch.utils.data import DataLoader
        >>> speech = gn.chain([torch.randn(length, 3) for length in (7, 4, 9)])
        >>> [batch.num_nodes for batch in DataLoader(gn.ItemDataset(speech), batch_size=2)]
        [11, 9]
    """

    def __init__(self, items: Batches[Structure]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, item: int) -> Structure:
        return _sendable(self.items[item])

    def __reduce__(self) -> tuple[Any, ...]:
        """A process that is spawned opens the file of a stored Structure itself."""
        path = origin(self.items)
        return (ItemDataset, (self.items,)) if path is None else (_opened, (path,))

    def __getitems__(self, items: Sequence[int]) -> Structure:
        return _sendable(self.items[items])


def _opened(path: Path) -> ItemDataset:
    return ItemDataset(load(path))


def _sendable(chosen: Structure) -> Structure:
    """In a worker process a view becomes a copy: to be sent, it would take along all that it is a view of."""
    return chosen if get_worker_info() is None else chosen.map_tensors(_alone)


def _alone(tensor: Tensor) -> Tensor:
    return tensor.clone() if tensor.untyped_storage().nbytes() > tensor.nbytes else tensor


def _collated(chosen: Any, *, collate_fn_map: Any = None) -> Structure:
    return chosen if isinstance(chosen, Structure) else batch(chosen)


default_collate_fn_map[Structure] = _collated
