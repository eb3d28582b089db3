"""Learn from real files and print what came of it: `python benchmarks/results/run.py cora`.

The files are in the folder that `GEONETS_DATA` names.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import cora
import graphs
import mnist
import molecules
import objects
import shakespeare
import spoken
import torch
import vowels
import voxels
from table import Row, markdown

Rows = Callable[[Path, range], list[Row]]

RESULTS: dict[str, tuple[str, int, Rows]] = {
    "cora": (cora.SCORE, cora.SEEDS, cora.rows),
    **{name: (molecules.SCORE, molecules.SEEDS, molecules.rows_of(name)) for name in molecules.FILES},
    **{name.lower(): (graphs.SCORE, graphs.SEEDS[name], graphs.rows_of(name)) for name in graphs.PUBLISHED},
    "dales": (objects.SCORE, objects.SEEDS, objects.rows),
    "modelnet10": (voxels.SCORE, voxels.SEEDS, voxels.rows),
    "mnist": (mnist.SCORE, mnist.SEEDS, mnist.rows),
    "vowels": (vowels.SCORE, vowels.SEEDS, vowels.rows),
    "shakespeare": (shakespeare.SCORE, shakespeare.SEEDS, shakespeare.rows),
    "spoken": (spoken.SCORE, spoken.SEEDS, spoken.rows),
}
"""By name: which score, how many seeds, and what is run."""


def main() -> None:
    """Print the table of one result; leave with an error if it is not what is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=RESULTS)
    parser.add_argument("--seeds", type=int, help="how many; as many as docs/results.md says unless given")
    options = parser.parse_args()
    folder = os.environ.get("GEONETS_DATA")
    if folder is None:
        sys.exit("Set GEONETS_DATA to the folder of the real files.")
    torch.set_num_threads(1)
    score, seeds, rows = RESULTS[options.name]
    found = rows(Path(folder), range(options.seeds or seeds))
    print(f"{options.name}\n\n{markdown(score, found)}\n", flush=True)
    if not all(row.holds for row in found):
        sys.exit("A score is not on the asked side.")


if __name__ == "__main__":
    main()
