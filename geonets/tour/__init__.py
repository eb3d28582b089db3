"""The tour behind `geonets demo`: four structures, one vocabulary, on real data, each beside a twin that must fail."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from geonets.core.errors import OptionError
from geonets.tour import canvas, club, digits, molecules, report, shapes, weather
from geonets.tour.trials import Bound, Contest, Part, Trial

__all__ = ["PARTS", "Bound", "Contest", "Part", "Trial", "tour"]

PARTS: dict[str, Callable[[int, bool], Part]] = {
    "digits": digits.visit,
    "canvas": canvas.visit,
    "weather": weather.visit,
    "shapes": shapes.visit,
    "molecules": molecules.visit,
    "club": club.visit,
}
"""Every part by name, in order; each takes a seed and whether to be quick."""


def tour(
    out: str | Path = "geonets-demo",
    seed: int = 0,
    *,
    only: list[str] | None = None,
    quick: bool = False,
    say: Callable[[str], None] = print,
) -> list[Part]:
    """Train every model of the tour and its twins, print a table, and write `report.html`.

    Args:
        out: a folder for the report; made where it does not exist.
        seed: of all weights and of the order of training; data and splits are the same for all seeds.
        only: names of the parts to run; all of `PARTS` unless given.
        quick: a few items and one epoch each: to see that everything runs, not how well.
        say: is called with each line for the reader.

    Returns:
        The parts, with every score and what was asked of it.

    Raises:
        OptionError: if a part is not known.
    """
    names = list(PARTS) if only is None else only
    unknown = sorted(set(names) - set(PARTS))
    if unknown or not names:
        raise OptionError(
            f"`only` must name parts among {', '.join(PARTS)}; got {unknown or names}. Choose from these."
        )
    start = time.perf_counter()
    parts = []
    for number, name in enumerate(names, 1):
        began = time.perf_counter()
        part = PARTS[name](seed, quick)
        parts.append(part)
        say(f"[{number}/{len(names)}] {part.title}: {time.perf_counter() - began:.0f} s")
    seconds = time.perf_counter() - start
    path = report.write(parts, Path(out) / "report.html", seed, seconds)
    say("")
    say(report.table(parts))
    say("")
    say(f"{seconds:.0f} s. Open {path} in a browser for curves and 3-D views.")
    return parts
