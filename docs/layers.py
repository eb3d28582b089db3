"""Write docs/layers.md, the table of layers: `python docs/layers.py`.

Nothing in it is written by hand: every layer of tests/every_layer is run on structures of every kind, and the planner
says what computed it.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import torch

import geonets as gn

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "layers.md"
HEAD = """# Layers

Written by `docs/layers.py`, which runs every layer on structures of every kind; a test keeps it current. A layer whose
row does not name sets needs edges: there it is given a neighborhood such as `gn.KNN(16)`, or the structure is connected
first.

Symmetry is what [`gn.check.symmetries`](check.md) finds: permutation of the nodes (on graphs, trees and sets with their
edges, elsewhere as if the item were a set), translation along the axes of a lattice (exact, or in the interior),
causality along time, motions of the positions where these are read. In brackets: where, if not wherever it could be.
Parameters are those of the layer in `tests/every_layer`, which has 4 input channels.

| layer | runs on | symmetry | parameters | kernels |
|---|---|---|---|---|
"""
COULD_BE = {"translation": ("chain", "grid", "volume"), "causal": ("chain",)}
"""Where a symmetry has a meaning, if not everywhere."""

sys.path.insert(0, str(ROOT / "tests"))


@functools.cache
def structures() -> dict[str, gn.Structure]:
    """Structures of every kind, of one size and of several, with features that are also kept sparse."""
    from every_layer import chain, cloud, forest, graph, grid, volume

    kinds = {"chain": chain, "grid": grid, "volume": volume, "set": cloud, "graph": graph, "tree": forest}
    return {
        f"{ragged}{kind}": _kept_sparse(draw(counts, seed=1))
        for kind, draw in kinds.items()
        for ragged, counts in (("", [7, 7]), ("ragged ", [7, 5]))
    }


def _kept_sparse(structure: gn.Structure) -> gn.Structure:
    return gn.keep_sparse(structure, structure.x, "words")


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


def symmetries(cases: list[str], kinds: list[str]) -> str:
    """The symmetries that all cases of a layer have, and on which kinds of structures."""
    from every_layer import made

    found: dict[str, list[str]] = {}
    for kind in kinds:
        structure = structures()[kind]
        words: list[tuple[str, ...]] = []
        for case in cases:
            try:
                words.append(gn.check.symmetries(made(case), structure, draws=1))
            except gn.GeonetsError:
                continue
        for word in words[0]:
            if all(word in others for others in words):
                found.setdefault(word, []).append(kind)
    told = []
    for word, where in found.items():
        everywhere = [kind for kind in kinds if kind in COULD_BE.get(word.split()[0], kinds)]
        told.append(word if where == everywhere else f"{word} [{', '.join(where)}]")
    return ", ".join(told) or "none"


def page() -> str:
    """The whole page."""
    from every_layer import made

    rows = []
    for name, cases in layers().items():
        kinds, kernels = runs(cases)
        lowered = " ".join(f"`{kernel}`" for kernel in kernels) or "torch's own module, on the rows"
        count = sum(parameter.numel() for parameter in made(cases[0]).parameters())
        rows.append(f"| `{name}` | {', '.join(kinds)} | {symmetries(cases, kinds)} | {count} | {lowered} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    torch.set_num_threads(1)  # small tensors, and often a shared machine
    PAGE.write_text(page())
