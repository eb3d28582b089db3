"""`BudgetSampler`: batches of at most so many nodes or edges, for torch's `DataLoader`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import final

from torch import Tensor
from torch.utils.data import Sampler

from geonets.core.errors import OptionError


@final
class BudgetSampler(Sampler[list[int]]):
    """Batches of items whose sizes add up to at most a budget, in the order of another sampler.

    Args:
        sampler: gives items, one after another: torch's `RandomSampler` or `DistributedSampler`, or a range.
        sizes: `(B,)` how many nodes, or edges, each item has: `structure.topology.node_counts`.
        budget: the most that they add up to in a batch.

    Raises:
        OptionError: if an item is larger than the budget.

    Example:
        >>> import torch, geonets as gn
        >>> from torch.utils.data import DataLoader
        >>> speech = gn.chain([torch.randn(length, 3) for length in (7, 4, 9)])
        >>> sampler = gn.BudgetSampler(range(3), speech.topology.node_counts, budget=12)
        >>> [batch.num_nodes for batch in DataLoader(gn.ItemDataset(speech), batch_sampler=sampler)]
        [11, 9]
    """

    def __init__(self, sampler: Iterable[int], sizes: Tensor, budget: int) -> None:
        largest = int(sizes.max()) if len(sizes) else 0
        if largest > budget:
            raise OptionError(
                f"`budget` must be at least the size of every item; got {budget}, and an item of {largest}. "
                "Raise it, or leave out large items first."
            )
        self.sampler, self.sizes, self.budget = sampler, sizes, budget

    def __iter__(self) -> Iterator[list[int]]:
        chosen: list[int] = []
        held = 0
        for item in self.sampler:
            size = int(self.sizes[item])
            if held + size > self.budget:
                yield chosen
                chosen, held = [], 0
            chosen.append(item)
            held += size
        if chosen:
            yield chosen
