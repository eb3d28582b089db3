"""Measure every case and write the table: `python benchmarks/run.py`."""

from __future__ import annotations

import argparse
import datetime
import platform
from pathlib import Path

import torch
from cases import Molecules, batches, conv2d, gcn, lstm
from harness import compare, one_thread, table
from loading import cold_epoch, epoch

import geonets as gn

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    """Print the table, and write it down unless told not to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="timed rounds of each case (31)")
    parser.add_argument("--dry", action="store_true", help="do not write RESULTS.md")
    options = parser.parse_args()
    one_thread()
    molecules = Molecules()
    outcomes = []
    graphs = (batches(molecules), epoch(molecules), cold_epoch(molecules), gcn(molecules, False), gcn(molecules, True))
    for case in (conv2d(), lstm(), *graphs):
        outcomes.append(compare(case, options.rounds))
        print(table(outcomes[-1:]).splitlines()[-1], flush=True)
    if not options.dry:
        RESULTS.write_text(page(table(outcomes), options.rounds))


def page(rows: str, rounds: int) -> str:
    """The table with what one must know to read it."""
    import torch_geometric

    machine = f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    versions = f"torch {torch.__version__}, torch-geometric {torch_geometric.__version__}, geonets {gn.__version__}"
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"{datetime.date.today()}, {machine}; {versions}.",
            "",
            f"One process, one thread, CPU time, {rounds} rounds in which ours and the peer take turns; medians.",
            "Outputs and gradients are compared before anything is timed. A ratio above 1 means that ours is faster.",
            "Run it yourself: `python benchmarks/run.py`.",
            "",
            rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
