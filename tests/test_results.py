"""Each result of docs/results.md is one command that runs: here with one seed, whose score is not the mean asked for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMMAND = ROOT / "benchmarks" / "results" / "run.py"
NAMES = re.findall(r"`run\.py ([\w-]+)`", (ROOT / "docs" / "results.md").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_one_command(name: str, shared_data: Path) -> None:
    done = subprocess.run(
        [sys.executable, COMMAND, name, "--seeds", "1"], capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0 or done.stderr.strip().endswith("A score is not on the asked side."), done.stderr
    assert re.search(r"^\| .* \| \d\.\d+ ", done.stdout, re.MULTILINE), done.stdout


def test_every_result_is_in_the_page() -> None:
    chosen = subprocess.run([sys.executable, COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    listed = re.search(r"\{([\w,-]+)\}", chosen)
    assert listed is not None and set(listed[1].split(",")) == set(NAMES)
