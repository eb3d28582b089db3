"""Hostile and broken inputs end as they must: a typed error that names file and place, or a correct load; no crash."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

import pytest
from apart import printed
from badinputs import CHECKS, READY
from badinputs_child import feed

FOLDER = Path(os.environ.get("GEONETS_DATA", "no such folder"), "..", "badinputs").resolve()
MANIFEST = FOLDER / "manifest.json"
CASES: list[dict[str, Any]] = json.loads(MANIFEST.read_text())["cases"] if MANIFEST.exists() else []
MINE = [case for case in CASES if case["format"] in READY]

pytestmark = pytest.mark.skipif(not CASES, reason="the folder of bad inputs is not beside GEONETS_DATA")


@functools.cache
def outcomes(format: str) -> dict[str, dict[str, Any]]:
    """What came of every case of a format, in a process that a crash cannot take down with it."""
    out, err, code = printed(feed, MANIFEST, format, seconds=600)
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    found = {line["id"]: line for line in lines if "id" in line}
    for line in lines:
        if "began" in line and line["began"] not in found:
            found[line["began"]] = {"ended": "crash", "kind": f"exit {code}", "message": err[-500:]}
    return found


def complaint(case: dict[str, Any]) -> str | None:
    """What is wrong with the way a case ended, or None."""
    found = outcomes(case["format"]).get(case["id"], {"ended": "never reached"})
    if found["ended"] not in ("accept", "error"):
        return f"{found['ended']}: {found.get('kind')} {found.get('message')}"
    if case["expect"] not in (found["ended"], "accept_or_error"):
        return f"must end as {case['expect']}: {found['ended']} {found.get('message', '')}"
    if found["ended"] == "accept" and case.get("check") and case["kind"] in ("file", "dir") and found["holds"] is None:
        return "loads, and no check says that it loads correctly"
    if found["ended"] == "accept" and found["holds"] is False:
        return "loads wrongly"
    if found["ended"] == "error" and case["kind"] in ("file", "dir") and not (found["source"] and found["place"]):
        return f"the error names no file or no place: {found['message']}"
    if found["wrote"] or found["escaped"]:
        return f"files were written: {found['wrote']}"
    return None


@pytest.mark.parametrize("case", MINE, ids=[case["id"] for case in MINE])
def test_it_ends_as_it_must(case: dict[str, Any]) -> None:
    assert complaint(case) is None


def test_every_check_belongs_to_a_case() -> None:
    assert CHECKS.keys() <= {case["id"] for case in CASES}
