"""What the planner promises of every kernel, the exceptions with their reasons, and what docs/planner.md says of them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import torch
from every_layer import CASES, made

import geonets as gn

PAGE = Path(__file__).parent.parent / "docs" / "planner.md"
PROMISES = ("second derivatives", "one graph", "any size", "bfloat16", "other devices")
EXCEPTIONS: dict[str, dict[str, str]] = {
    "second derivatives": {},
    "one graph": {},
    "any size": {
        "dense_attention_by_length": "no: anew for each mixture of lengths",
        "bucketed_recurrence": "no: anew for each mixture of lengths",
        "fused_recurrence": "no: anew for each length, torch unrolls it",
        "spread_on_grid": "no: anew where nodes are left over behind the last block",
        "level_recurrence": "no: anew for each number of levels",
    },
    "bfloat16": {},
    "other devices": {},
}
"""The kernels that do not keep a promise, and why; the page and the tests read this."""

INSTEAD = {
    "additive_attention": "segment_attention",
    "chain_memories": "bucketed_recurrence",
    "convolve_by_influence": "convolve_by_type",
    "convolve_by_kind": "convolve_by_type",
    "edge_attention": "segment_attention",
    "filtered_sums": "reduce_segments",
    "gated_sums": "reduce_segments",
    "level_memories": "level_recurrence",
    "maxima_of_tail": "reduce_hub` or `reduce_segments",
    "reduce_peaks": "reduce_segments",
    "sums_by_block": "reduce_segments",
}
"""Kernels of compiled loops, which refuse to be traced and to run elsewhere, and what then runs in their place."""


def cell(kernel: str, promise: str) -> str:
    """What the page says of a kernel and a promise."""
    is_half = promise == "bfloat16" and kernel == "maxima_of_tail"
    if kernel in INSTEAD and promise != "second derivatives" and not is_half:
        return "the same" if promise == "any size" else f"`{INSTEAD[kernel]}` runs instead"
    return EXCEPTIONS[promise].get(kernel, "yes")


UNTRACED: dict[str, tuple[str, str]] = {
    "TopKPooling": ("chain grid cloud graph", "which nodes stay is decided by their features"),
    "DynamicEdgeConv": ("chain grid cloud graph", "neighbours are searched among the features, inside the call"),
    "Across": ("grid moving", "whether slices and fibres still agree in size is looked up in them"),
    "Along": ("volume moving grid", "whether slices and fibres still agree in size is looked up in them"),
    "models.SchNet": ("cloud graph", "atomic numbers are checked against the table"),
    "models.UNet": ("chain grid volume", "the links of its coarser lattices are made inside the call"),
}
"""The layers that no graph of a compiler can hold, on which structures, and why; the page names them."""

UNIFORM, RAGGED = [4, 4], [5, 0, 3]
LAYERS = [(name, draw) for name, draw in CASES if name != "Dropout"]
IDS = [f"{name}-{draw.__name__}" for name, draw in LAYERS]


def inputs_of(structure: gn.Structure) -> dict[str, torch.Tensor]:
    """Features and positions of which gradients are recorded."""
    return {name: field.clone().requires_grad_() for name, field in structure.nodes.items()}


def kernels_of(layer: Any, structure: gn.Structure) -> set[str]:
    """The kernels that compute a layer on a structure."""
    return {step.plan.name for step in gn.explain_plan(layer, structure)}


def breaks(promise: str, layer: Any, structure: gn.Structure) -> bool:
    """Whether a kernel that runs here, or what a trace takes in its place, is an exception to a promise."""
    kernels = kernels_of(layer, structure)
    return bool((kernels | {INSTEAD.get(kernel, kernel) for kernel in kernels}) & set(EXCEPTIONS[promise]))


def coarsens(name: str) -> bool:
    """Whether a layer makes nodes whose number depends on the data, which no graph of a compiler can foresee."""
    makers = "Coarsen Refine Interpolate TopKPooling SetAbstraction FeaturePropagation models.UNet models.PointNet2"
    return name.split(maxsplit=1)[0] in makers.split()


def specialised(name: str, draw: Any) -> bool:
    """Whether a layer meets a size of 1, which torch takes to be 1 for good, or slots that depend on who is heard."""
    return (
        coarsens(name)
        or name in ("RGCNConv", "models.ResNet18")
        or (name, draw.__name__) == ("Conv2d on tori", "sparse")
    )


def untraced(name: str, draw: Any) -> bool:
    """Whether a layer is an exception to "one graph"."""
    kinds, _ = UNTRACED.get(name.split(maxsplit=1)[0], ("", ""))
    if name.startswith(("Across", "Along")) and not name.endswith(("with strides", "to one")):
        return False  # sizes stay
    return draw.__name__ in kinds.split() and not name.endswith("on graphs")


@functools.cache
def case_of_each() -> dict[str, tuple[str, Any, bool]]:
    """For each kernel that some layer is lowered to: the layer, a structure, and whether its items share a size."""
    found: dict[str, tuple[str, Any, bool]] = {}
    for uniform, counts in ((True, UNIFORM), (False, [5, 3])):
        for name, draw in sorted(LAYERS, key=lambda case: coarsens(case[0])):
            for kernel in kernels_of(made(name), draw(counts, 1)):
                found.setdefault(kernel, (name, draw, uniform))
    return found
