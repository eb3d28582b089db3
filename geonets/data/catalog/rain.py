"""The Australian record of rain: the days of each weather station."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geonets.core.structure import Structure
from geonets.data.readers.read import read_source
from geonets.data.readers.source import Source


def stations(path: Path, columns: Sequence[str]) -> Structure:
    """A chain of days for each station, as they appear; `meta` has their names.

    `x` holds the columns, NaN where nothing was measured; `y` whether it rains tomorrow, 0, 1, or -1 where that is not
    known; `day` counts from 1970.
    """
    days = read_source(
        Source(path),
        format="csv",
        columns=columns,
        item="Location",
        time="Date",
        y="RainTomorrow",
        categories={"RainTomorrow": ("No", "Yes")},
        missing="keep",
    )
    assert days.meta is not None
    day = (days.nodes["time"] / 86400).long()
    found = days.on(days.topology, {"x": days.x, "y": days.y, "day": day})
    return found.replace(meta=[{"station": record["name"]} for record in days.meta])


def day_number(date: str) -> int:
    """Days since 1970 of an ISO date."""
    return int(np.datetime64(date, "D").astype(np.int64))
