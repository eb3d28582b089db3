"""The time that one bad input may take; then the process that reads it is killed, and that is a finding."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

from geonets.data.readers.isolation import MAX_SECONDS

CPU_SECONDS = 30.0
"""Of this process: a slow or busy machine takes no more of them. What runs in a process of its own has its own limit."""
WALL_SECONDS = 2.0 * MAX_SECONDS
"""For what hangs without computing; a process of its own that hangs is ended, and told as an error, well before."""


@contextlib.contextmanager
def limited(cpu: float = CPU_SECONDS, wall: float = WALL_SECONDS) -> Iterator[None]:
    """Kill this process if what is inside takes longer."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, cpu)
    signal.setitimer(signal.ITIMER_REAL, wall)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
