"""Messages of layers made of `aggregate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geonets as gn
from messages.things import chain

CASES: list[tuple[str, Callable[[], Any]]] = [
    (
        "`neighborhood` must lead to the nodes themselves where receivers are read; got Hub",
        lambda: gn.nn.MessagePassing(lambda s, r: s - r, reads=("sender", "receiver"), neighborhood=gn.Hub())(chain),
    ),
]
