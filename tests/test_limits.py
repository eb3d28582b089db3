"""A bad input that computes or hangs without end is found; one that waits for a busy machine is not."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize(
    ("inside", "cpu", "wall", "code"),
    [
        ("while True: pass", 0.2, 60, -getattr(signal, "SIGPROF", 0)),
        ("time.sleep(60)", 60, 0.2, -getattr(signal, "SIGALRM", 0)),
        ("time.sleep(0.5)", 0.2, 60, 0),
    ],
)
def test_what_does_not_end_is_killed(inside: str, cpu: float, wall: float, code: int) -> None:
    script = f"import sys, time\nsys.path.insert(0, {HERE!r})\nfrom limits import limited\n"
    script += f"with limited({cpu}, {wall}):\n    {inside}\ntime.sleep(0.3)\n"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == code
