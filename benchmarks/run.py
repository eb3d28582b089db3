"""Measure cases: `python benchmarks/run.py [WORD ...]`; without words all, and the table goes to RESULTS.md."""

from __future__ import annotations

import argparse
import datetime
import importlib
import multiprocessing
import platform
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from harness import Case, Outcome, compare
from limits import Limits
from report import table
from scaling import growth

import geonets as gn

RESULTS = Path(__file__).with_name("RESULTS.md")
SLOPES = """Log-log slopes of the last two decades, in brackets of the steeper one, in which rows leave a cache; beside
them the algorithm's. Fixed costs rule the first decade. By `python benchmarks/scaling.py`."""
FAMILIES = ("uniform", "ragged", "molecules", "bonds", "clouds", "geometry", "loading", "half", "networks")


def main() -> None:
    """Print each row when it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="families or cases; all unless given")
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds of each case (15)")
    parser.add_argument("--threads", type=int, default=1, help="more than one are timed by the wall's clock (1)")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    options = parser.parse_args()
    chosen = list(cases(options.words))
    if options.list:
        print("\n".join(chosen))
        return
    own = multiprocessing.get_context("forkserver")
    own.set_forkserver_preload(["torch_geometric", *(f"cases.{family}" for family in FAMILIES)])
    with ProcessPoolExecutor(1, own, max_tasks_per_child=1) as pool:
        measure(chosen, pool, options)


def measure(chosen: list[str], pool: ProcessPoolExecutor, options: argparse.Namespace) -> None:
    """Each case in a process of its own: what memory another one has left warm would change the times."""
    limits = pool.submit(rates, options.threads).result()
    print(f"{limits}\n", flush=True)
    outcomes: list[Outcome] = []
    missing: list[str] = []
    for name in chosen:
        try:
            outcomes.append(pool.submit(outcome_of, name, options.rounds, limits, options.threads).result())
        except Exception as error:  # a case that cannot run is a row that is missing, not the end of the table
            missing.append(f"`{name}` did not run: {type(error).__name__}: {error}")
            print(missing[-1], flush=True)
            continue
        print(f"{name}: {table(outcomes[-1:]).splitlines()[-1]}", flush=True)
        if not options.words:
            text = page(outcomes, missing, len(chosen), options.rounds, options.threads, limits)
            results = RESULTS.with_suffix(".md" if options.threads == 1 else f".{options.threads}.md")
            results.write_text(text)
    if not options.words and options.threads == 1:
        more = ["## How time and memory grow", SLOPES, growth(), "What bounds what is missed: [BOUNDS.md](BOUNDS.md)."]
        RESULTS.write_text("\n\n".join([RESULTS.read_text().rstrip(), *more]) + "\n")


def rates(threads: int) -> Limits:
    """Of the machine."""
    torch.set_num_threads(threads)
    return Limits.measured(clock_of(threads))


def outcome_of(name: str, rounds: int, limits: Limits, threads: int) -> Outcome:
    """Measure one case."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    return compare(cases([name])[name], rounds, limits, clock_of(threads))


def clock_of(threads: int) -> Callable[[], float]:
    """Seconds of the processor, or where several threads work at once of the wall."""
    return time.process_time if threads == 1 else time.perf_counter


def cases(words: list[str]) -> dict[str, Callable[[], Case]]:
    """Those of the families, or of the names, in their order."""
    families = {family: importlib.import_module(f"cases.{family}").CASES for family in FAMILIES}
    return {
        name: build
        for family, own in families.items()
        for name, build in own.items()
        if not words or family in words or name in words
    }


def page(outcomes: list[Outcome], missing: list[str], total: int, rounds: int, threads: int, limits: Limits) -> str:
    """The table with what one must know to read it."""
    import torch_geometric

    machine = f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    versions = f"torch {torch.__version__}, torch-geometric {torch_geometric.__version__}, geonets {gn.__version__}"
    clock = "one thread, CPU time" if threads == 1 else f"{threads} threads, wall clock"
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"{datetime.date.today()}, {machine}; {versions}; {len(outcomes)} of {total} cases.",
            "",
            f"A process a case, {clock}, {rounds} rounds (fewer where a step takes seconds) in which ours and the peer",
            "take turns; medians and quartiles. A step of less than half a second is taken twice a turn, of which the",
            "second counts: what the other has left in memory does not.",
            "Outputs and gradients agree to 1e-8 in double precision before anything is timed. Of several ways to run",
            "the peer the quickest counts. A ratio above 1 means that ours is faster.",
            "",
            f"The machine in the same run: {limits}. `of the limit` is the least time that products or memory traffic",
            "would take at these rates, over the time taken, where it was counted.",
            "",
            "Run it yourself: `python benchmarks/run.py`, or some cases: `python benchmarks/run.py molecules knn`.",
            "",
            table(outcomes),
            "",
            *missing,
        ]
    )


if __name__ == "__main__":
    main()
