"""Write docs/layers.md, the table of layers: `python docs/layers.py`.

Nothing in it is written by hand: every layer of tests/every_layer is run on structures of every kind, and the planner
says what computed it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geonets as gn

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "layers.md"
HEAD = """# Layers

Written by `docs/layers.py`, which runs every layer on structures of every kind; a test keeps it current. A layer whose
row does not name sets needs edges: there it is given a neighborhood such as `gn.KNN(16)`, or the structure is connected
first.

| layer | runs on | kernels |
|---|---|---|
"""
sys.path.insert(0, str(ROOT / "tests"))


def structures() -> dict[str, gn.Structure]:
    """Structures of every kind, of one size and of several."""
    from every_layer import chain, cloud, forest, graph, grid, volume

    kinds = {"chain": chain, "grid": grid, "volume": volume, "set": cloud, "graph": graph, "tree": forest}
    return {
        f"{ragged}{kind}": draw(counts, seed=1)
        for kind, draw in kinds.items()
        for ragged, counts in (("", [5, 5]), ("ragged ", [5, 4]))
    }


def layers() -> dict[str, list[str]]:
    """The public layers, and the cases of tests/every_layer in which each occurs."""
    from every_layer import LAYERS

    found: dict[str, list[str]] = {}
    for case in LAYERS:
        if not case.startswith("models."):
            found.setdefault(case.split()[0], []).append(case)
    return found


def runs(cases: list[str]) -> tuple[list[str], list[str]]:
    """The kinds of structures on which some case of a layer runs, and the kernels that computed it."""
    from every_layer import made

    kinds: list[str] = []
    kernels: list[str] = []
    for case in cases:
        for kind, structure in structures().items():
            try:
                steps = gn.explain_plan(made(case), structure)
            except gn.GeonetsError:  # the layer has no meaning here, and says so
                continue
            kinds.append(kind.removeprefix("ragged "))
            kernels += [step.plan.name for step in steps]
    return list(dict.fromkeys(kinds)), list(dict.fromkeys(kernels))


def page() -> str:
    """The whole page."""
    rows = []
    for name, cases in layers().items():
        kinds, kernels = runs(cases)
        lowered = " ".join(f"`{kernel}`" for kernel in kernels) or "torch's own module, on the rows"
        rows.append(f"| `{name}` | {', '.join(kinds)} | {lowered} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
