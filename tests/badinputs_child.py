"""For a process of its own: feeds the cases of one format to geonets, under limits, and prints what came of each."""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from badinputs import ACTIONS, CHECKS
from limits import limited

import geonets as gn

SPARE_BYTES = 2 << 30


def outcome(case: dict[str, Any], root: Path) -> dict[str, Any]:
    case = {**case, "file": str(root / case["path"])} if "path" in case else case
    action = ACTIONS.get(case["format"], lambda case: gn.read(case["file"]))
    before = sum(1 for _ in root.rglob("*"))
    found: dict[str, Any] = {"id": case["id"]}
    start = time.monotonic()
    try:
        with limited():
            result = action(case)
            check = CHECKS.get(case["id"])
            found |= {"ended": "accept", "holds": None if check is None else bool(check(result))}
    except gn.GeonetsError as error:
        found |= {"ended": "error", "kind": type(error).__name__, "message": str(error)}
        found |= {"source": getattr(error, "source", None), "place": getattr(error, "place", None)}
    except BaseException as error:  # whatever is not ours is a finding
        found |= {"ended": "leak", "kind": type(error).__name__, "message": str(error)[:300]}
    found["seconds"] = round(time.monotonic() - start, 2)
    found["wrote"] = [str(path) for path in Path.cwd().iterdir()]
    found["escaped"] = sum(1 for _ in root.rglob("*")) != before
    return found


def feed(manifest: Path, format: str) -> None:
    """A JSON line before each case, and one after it."""
    here = tempfile.mkdtemp()
    os.chdir(here)
    cases = [case for case in json.loads(manifest.read_text())["cases"] if case["format"] == format]
    control = next((case for case in cases if case.get("control") and case["kind"] != "tensor"), None)
    if control is not None:
        outcome(control, manifest.parent)  # imports what it needs, before memory is limited
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + SPARE_BYTES, resource.RLIM_INFINITY))
    for case in cases:
        print(json.dumps({"began": case["id"]}), flush=True)
        print(json.dumps(outcome(case, manifest.parent)), flush=True)
    os.chdir("/")
    os.rmdir(here)
