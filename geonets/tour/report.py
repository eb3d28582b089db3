"""What the tour leaves behind: a table on the terminal and a page to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from geonets.tour.trials import Contest, Part, Trial
from geonets.view.report import Report

COLUMNS = ("question", "model", "metric", "score", "asked", "", "parameters", "seconds", "kernels")
SUBTITLE = (
    "One vocabulary of layers on chains, grids, sets and graphs, each beside a twin in which one thing is broken."
)


def rows_of(contests: Sequence[Contest]) -> list[list[str]]:
    """One row for each trial, in the columns of the table."""
    return [_row(contest, trial) for contest in contests for trial in contest.trials]


def table(parts: Sequence[Part]) -> str:
    """All trials as aligned text; numbers to the right."""
    rows = rows_of([contest for part in parts for contest in part.contests])
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    right = {COLUMNS.index(name) for name in ("score", "parameters", "seconds")}

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(COLUMNS), "  ".join("-" * width for width in widths), *map(line, rows)])


def write(parts: Sequence[Part], path: Path, seed: int, seconds: float) -> Path:
    """Write the page: for each part its words, its table, its learning curves, and what there is to turn around."""
    trials = [trial for part in parts for contest in part.contests for trial in contest.trials]
    kept = sum(trial.passed for trial in trials if trial.asked)
    asked = sum(trial.asked is not None for trial in trials)
    closing = f"Seed {seed}, {seconds:.0f} seconds; {kept} of {asked} scores are as asked."
    page = Report("geonets: four structures, one vocabulary", f"{SUBTITLE} {closing}")
    for part in parts:
        page.heading(part.title).text(part.text)
        rows = rows_of(part.contests)
        flat = [trial for contest in part.contests for trial in contest.trials]
        twins = [number for number, trial in enumerate(flat) if trial.broken and trial.asked]
        page.table(COLUMNS, rows, twins=twins)
        drawn = {contest.model.history: contest for contest in reversed(part.contests)}
        for contest in reversed(drawn.values()):
            _curves(page, contest)
        for solid in part.solids:
            page.scene(solid.structure, solid.color, solid.title, solid.caption)
    return page.save(path)


def _row(contest: Contest, trial: Trial) -> list[str]:
    return [
        contest.name if trial is contest.model else "",
        f"{trial.name} (twin)" if trial.broken else trial.name,
        contest.metric,
        f"{trial.score:.3f}",
        str(trial.asked or ""),
        "" if trial.asked is None else "ok" if trial.passed else "missed",
        f"{trial.parameters:,}",
        f"{trial.history.total_seconds:.1f}",
        ", ".join(trial.kernels),
    ]


def _curves(page: Report, contest: Contest) -> None:
    if contest.twins and len(contest.model.history) > 1:
        series = {trial.name: trial.history.losses for trial in contest.trials}
        page.curves(contest.name, series, "training loss", twins=[trial.name for trial in contest.twins])
