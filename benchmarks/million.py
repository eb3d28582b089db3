"""A million molecules in a file, opened by a fresh process: `python benchmarks/million.py [folder]`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import torch

import geonets as gn

READER = """
import statistics, sys, time
import torch, geonets as gn

def resident():
    lines = dict(line.split(":") for line in open("/proc/self/status"))
    return int(lines["VmRSS"].split()[0]) / 1024

torch.set_num_threads(1)
load = gn.load  # opens that room of the library, once a process, which is not opening a file
empty = resident()
start = time.perf_counter()
molecules = load(sys.argv[1])
opened = time.perf_counter() - start
chosen = torch.randint(len(molecules), (51, 128), generator=torch.Generator().manual_seed(0))
times = []
for items in chosen:
    start = time.perf_counter()
    molecules[items]
    times.append(time.perf_counter() - start)
    if len(times) == 1:
        held = resident()
print(f"{len(molecules)} molecules of {molecules.num_nodes / len(molecules):.1f} atoms")
print(f"open {1e3 * opened:.0f} ms; first random batch of 128 {1e3 * times[0]:.0f} ms; "
      f"the next {len(times) - 1}: median {1e3 * statistics.median(times[1:]):.0f} ms")
print(f"resident {held:.0f} MiB after the first batch, {resident():.0f} MiB after the last; {empty:.0f} before opening")
"""


def molecules(count: int) -> gn.Structure:
    """Trees of 15 to 35 atoms with 16 features, bonds in both directions with 4."""
    draw = torch.Generator().manual_seed(0)
    counts = torch.randint(15, 36, (count,), generator=draw)
    total = int(counts.sum())
    first = torch.repeat_interleave(counts.cumsum(0) - counts, counts)
    atom = torch.arange(total)
    parent = torch.maximum(atom - torch.randint(1, 4, (total,), generator=draw), first)
    child, parent = atom[atom > first], parent[atom > first]
    topology = gn.Graph(torch.cat([child, parent]), torch.cat([parent, child]), counts)
    return gn.Structure(
        topology,
        {"x": torch.randn(total, 16, generator=draw)},
        {"edge_attr": torch.randn(topology.num_edges, 4, generator=draw)},
        {"y": torch.randn(count, 1, generator=draw)},
    )


def main() -> None:
    """Write the file unless it is there, and read it in a process of its own, twice: from disk and from the cache."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    path = folder / "million.geonets"
    if not path.exists():
        gn.save(molecules(1_000_000), path)
    for _ in range(2):
        subprocess.run([sys.executable, "-c", READER, str(path)], check=True)


if __name__ == "__main__":
    main()
