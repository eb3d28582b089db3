"""`History`: what happened in each epoch."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class History:
    """One entry an epoch.

    Args:
        losses: mean training loss over the items.
        scores: the metric on the validation items; empty without them.
        seconds: wall-clock time of the epoch.

    Example:
        >>> History((0.9, 0.4), (), (1.0, 1.5)).total_seconds
        2.5
    """

    losses: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()

    @property
    def total_seconds(self) -> float:
        """Wall-clock time of all epochs."""
        return sum(self.seconds)

    def __len__(self) -> int:
        return len(self.losses)

    def extended(self, loss: float, score: float | None, seconds: float) -> History:
        """The history with one more epoch."""
        scores = self.scores if score is None else (*self.scores, score)
        return History((*self.losses, loss), scores, (*self.seconds, seconds))
