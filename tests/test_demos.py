"""The demos: short, each with its promise, and the promise kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DEMOS = sorted((Path(__file__).parent.parent / "demos").glob("*.py"))


@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.stem)
def test_a_demo_is_short_and_says_what_it_promises(demo: Path) -> None:
    text = demo.read_text()
    assert len(text.splitlines()) <= 120
    assert text.startswith('"""Promise: ')
    assert "twin" in text


@pytest.mark.slow
@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.stem)
def test_a_demo_keeps_its_promise(demo: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, demo], cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "promise kept" in done.stdout, done.stdout
