"""No mutant of a valid file crashes, hangs, escapes, allocates by an announced count, or ends in a foreign error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fuzzing import fuzz

FILES = Path(os.environ.get("GEONETS_DATA", "no such folder"), "..", "badinputs", "files").resolve()
SEEDS: dict[str, list[str]] = {
    "off": ["off/control.off"],
    "tar": ["tar/control.tar"],
    "zip": ["zip/control.zip"],
}
"""The valid files from which the mutants of a format are made."""

pytestmark = pytest.mark.skipif(not FILES.exists(), reason="the folder of bad inputs is not beside GEONETS_DATA")


@pytest.mark.parametrize("format", SEEDS)
def test_mutants(format: str) -> None:
    assert fuzz(format, [FILES / name for name in SEEDS[format]], count=300) == []


@pytest.mark.slow
@pytest.mark.parametrize("format", SEEDS)
def test_many_mutants(format: str) -> None:
    assert fuzz(format, [FILES / name for name in SEEDS[format]], count=20_000, seed=1) == []
