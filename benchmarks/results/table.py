"""`Row`: one model on one data set, scored again and again; and the table of them."""

from __future__ import annotations

import dataclasses
import operator
import statistics
from collections.abc import Sequence

SIGNS = {">=": operator.ge, "<=": operator.le}


@dataclasses.dataclass(frozen=True)
class Row:
    """A model's scores.

    Args:
        model: its name.
        scores: one a seed, or one a fold of each seed.
        asked: a bound on their mean, as `(">=", 0.81)`; None where nothing is asked.
        published: what others report, with its source.
        seconds: of CPU for one seed, training and testing.
    """

    model: str
    scores: Sequence[float]
    asked: tuple[str, float] | None = None
    published: str = ""
    seconds: float = 0.0

    @property
    def mean(self) -> float:
        return statistics.fmean(self.scores)

    @property
    def holds(self) -> bool:
        """Whether the mean is on the asked side."""
        return self.asked is None or SIGNS[self.asked[0]](self.mean, self.asked[1])

    def cells(self) -> list[str]:
        deviation = statistics.stdev(self.scores) if len(self.scores) > 1 else 0.0
        worst = f"{min(self.scores):.3f} .. {max(self.scores):.3f}"
        asked = "" if self.asked is None else f"{self.asked[0]} {self.asked[1]} {'yes' if self.holds else '**missed**'}"
        head = [self.model, f"{self.mean:.3f} ± {deviation:.3f}", worst, str(len(self.scores))]
        return [*head, asked, self.published, f"{self.seconds:.0f} s"]


HEAD = ["model", "mean ± deviation", "range", "scores", "asked", "published", "CPU each"]


def markdown(score: str, rows: Sequence[Row]) -> str:
    """The rows as a table whose second column says which score it is."""
    from tabulate import tabulate

    head = [HEAD[0], f"{score}, {HEAD[1]}", *HEAD[2:]]
    return tabulate([row.cells() for row in rows], head, tablefmt="pipe", disable_numparse=True)
