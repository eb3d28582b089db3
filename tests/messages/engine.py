"""Messages of engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geonets as gn
from geonets.engine.spec import AggregateSpec
from messages.things import unknown

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`reduce` must be one of sum, mean, max, min; got 'median'", lambda: gn.nn.Readout("median")),
    ("`reduce` must be one of sum; got 'max'", lambda: AggregateSpec(gn.Links(), "max", own=True)),
    (
        "`reads` must be one of sender, receiver, edge; got 'node'",
        lambda: AggregateSpec(gn.Links(), "sum", reads=unknown),
    ),
]
