"""The cases of hostile and broken inputs as a table: `GEONETS_DATA=... python tests/badinputs_table.py`."""

from __future__ import annotations

import collections
import importlib
import sys
from pathlib import Path
from typing import Any

from badinputs import READY
from tabulate import tabulate

sys.path.insert(0, str(Path(__file__).parent / "data"))
cases: Any = importlib.import_module("test_badinputs")


def main() -> None:
    """Print how many cases of each format end as they must, and how many errors name what they should."""
    counts: dict[str, collections.Counter[str]] = {}
    for case in cases.CASES:
        found = cases.outcomes(case["format"])[case["id"]] if case["format"] in READY else {"ended": "never run"}
        count = counts.setdefault(case["format"], collections.Counter())
        count["cases"] += 1
        count["right"] += case["format"] in READY and cases.complaint(case) is None
        if found["ended"] == "error" and case["kind"] in ("file", "dir"):
            count["errors"] += 1
            count["file"] += bool(found["source"])
            count["place"] += bool(found["place"])
    total = sum(counts.values(), collections.Counter[str]())
    columns = ("cases", "right", "errors", "file", "place")
    rows = [[name, *(count[column] for column in columns)] for name, count in sorted(counts.items())]
    rows.append(["all", *(total[column] for column in columns)])
    head = ["format", "cases", "end as they must", "errors of files", "name the file", "name the place"]
    print(tabulate(rows, head, tablefmt="pipe"))


if __name__ == "__main__":
    main()
