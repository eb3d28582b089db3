"""The table of outcomes as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from harness import Outcome

HEAD = [
    *("case", "best peer", "rounds", "ours, ms", "peer, ms", "ratio", "asked", "met"),
    *("of the limit: ours, peer", "peak, MiB: ours, peer"),
]


def table(outcomes: Sequence[Outcome]) -> str:
    """One row a case; medians with quartiles."""
    lines = [HEAD, ["---"] * len(HEAD), *map(_cells, outcomes)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cells(outcome: Outcome) -> list[str]:
    shares = [f"{share:.0%}" for share in (outcome.share, outcome.their_share) if share is not None]
    return [
        outcome.name,
        outcome.peer,
        str(len(outcome.ours)),
        _spread(outcome.ours),
        _spread(outcome.theirs),
        f"{outcome.ratio:.2f}",
        "" if outcome.asked is None else f"{outcome.asked:g}",
        "" if outcome.asked is None else "yes" if outcome.is_met else "**no**",
        ", ".join(shares),
        f"{outcome.our_peak / 2**20:.1f}, {outcome.their_peak / 2**20:.1f}",
    ]


def _spread(times: Sequence[float]) -> str:
    low, middle, high = statistics.quantiles(times, n=4)
    return f"{middle:.3g} ({low:.3g} .. {high:.3g})"
