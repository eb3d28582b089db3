"""What ends a process of its own is told by its exit code, and what it printed before is kept."""

from __future__ import annotations

import os
import time

from apart import printed


def crash() -> None:
    print("before", flush=True)
    os.abort()


def hang() -> None:
    print("before", flush=True)
    time.sleep(60)


def test_a_crash_is_told() -> None:
    assert printed(crash) == ("before\n", "", -6)


def test_what_hangs_is_killed() -> None:
    assert printed(hang, seconds=0.5)[2] == -9
