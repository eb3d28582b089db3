"""`gradients`: are they the derivatives of the values, and finite where nothing is there?"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from geonets.check.report import Gap, Place, Report, counted, worst_of
from geonets.check.trial import Call, Trial, gradients_of, projection
from geonets.core.errors import GeonetsError
from geonets.core.options import one_of
from geonets.core.ranges import Sizes
from geonets.core.structure import Structure, batch
from geonets.core.topology import Graph, Lattice, Set

STEPS = (1e-5, 1e-6)


def gradients(
    layer: Any,
    structure: Structure,
    *,
    order: int = 1,
    draws: int = 3,
    tolerance: float = 1e-6,
    training: bool = False,
    call: Call | None = None,
    seed: int = 0,
) -> Report:
    """Whether the gradients are numerical derivatives, and finite on empty batches and empty items.

    A random projection `L` of the results is differentiated along random directions `v` of each input and parameter:
    `<dL/dv>` against `(L(t + e v) - L(t - e v)) / 2e`. With `order=2` the same is asked of a random projection of the
    gradient with respect to the inputs, as forces need it.

    Args:
        layer: a layer, a model, or a function of structures; it is copied and left as it was.
        structure: what to try it on.
        order: 1, or 2 for second derivatives too.
        draws: directions for each input and parameter.
        tolerance: the largest difference, in units of the largest derivative.
        training: try it in training mode.
        call: how the layer is called; `layer(structure)` unless given.
        seed: of projection and directions.

    Returns:
        A `Report`; its verdict is `"derivatives"` or `"fails"`.

    Raises:
        OptionError: if the order is neither 1 nor 2.

    Reference: Baydin et al., "Automatic differentiation in machine learning: a survey", 2018, section 2.1.

    Example:
        >>> import torch, geonets as gn
        >>> gn.check.gradients(gn.nn.Conv1d(3, 2, 3), gn.chain(torch.randn(1, 6, 3))).verdict
        'derivatives'
    """
    one_of("order", order, (1, 2))
    trial = Trial(layer, structure, training, call, seed)
    leafy, leaves = trial.leaves(trial.structure)
    names = {**leaves, **{f"parameter {name}": part for name, part in trial.parameters().items()}}
    names = {name: part for name, part in names.items() if part.numel() and part.is_floating_point()}
    weights = [trial.normal(answer.rows) for answer in trial(trial.structure)]
    pulls = {name: trial.normal(leaf) for name, leaf in leaves.items()}

    def projected() -> Tensor:
        return projection(trial.answers(leafy), weights)

    def pulled() -> Tensor:
        """`sum <dL/dx, u>` over the inputs: its derivatives are second derivatives of `L`."""
        inputs = {name: leaf for name, leaf in leaves.items() if leaf.numel()}
        grads = gradients_of(projected(), list(inputs.values()), graph=True)
        return sum(((g * pulls[name]).sum() for name, g in zip(inputs, grads, strict=True)), projected() * 0)

    gaps = _gaps(trial, projected, names, draws, tolerance, "first derivative")
    if order == 2:
        gaps += _gaps(trial, pulled, names, draws, tolerance, "second derivative")
    empties, told = _on_empties(trial)
    worst = worst_of([*gaps, *empties])
    return trial.report(
        "gradients",
        worst,
        tolerance,
        "fails" if worst.too_large else "derivatives",
        f"{counted(draws, 'direction')} of {', '.join(names) or 'nothing that is learnt'} (seed {seed})",
        details=told,
        law="have gradients that are the derivatives of its values, finite on empty items too",
        advice="Mend its backward pass; at kinks (ties of a maximum) derivatives do not exist, so try another seed.",
    )


def _gaps(trial: Trial, function: Any, names: dict[str, Tensor], draws: int, tolerance: float, what: str) -> list[Gap]:
    grads = dict(zip(names, gradients_of(function(), list(names.values())), strict=True))
    found: list[tuple[str, float, float]] = []
    for name, part in names.items():
        for _ in range(draws):
            direction = trial.normal(part)
            analytic = float((grads[name] * direction).sum())
            found.append((name, analytic, _closest(function, part, direction, analytic, tolerance)))
    scale = max((abs(value) for _, analytic, numeric in found for value in (analytic, numeric)), default=0.0) or 1.0
    gaps = []
    for name, analytic, numeric in found:
        error = abs(analytic - numeric)
        error = math.inf if math.isnan(error) else error
        where = f"{what} with respect to {name}: {analytic:.3g} by autograd, {numeric:.3g} by differences"
        gaps.append(Gap(error, error / scale, error > tolerance * scale, None, where))
    return gaps


def _closest(function: Any, part: Tensor, direction: Tensor, analytic: float, tolerance: float) -> float:
    """The slope that the best step finds; a further step is tried where the last one found another slope."""
    slopes: list[float] = []
    for step in STEPS:
        slopes.append(_slope(function, part, direction, step))
        if abs(slopes[-1] - analytic) <= tolerance * abs(analytic):
            break
    return min(slopes, key=lambda slope: abs(slope - analytic))


def _slope(function: Any, part: Tensor, direction: Tensor, step: float) -> float:
    start = part.detach().clone()
    with torch.no_grad():
        part.copy_(start + step * direction)
    above = float(function().detach())
    with torch.no_grad():
        part.copy_(start - step * direction)
    below = float(function().detach())
    with torch.no_grad():
        part.copy_(start)
    return (above - below) / (2 * step)


def _on_empties(trial: Trial) -> tuple[list[Gap], tuple[str, ...]]:
    """Values and gradients without items, and with an item that has no nodes."""
    given, gaps, told = trial.structure, [], []
    empty = _nothing(given)
    cases = {"no items": given[:0], **({"an empty item": batch([given, empty])} if empty is not None else {})}
    for name, structure in cases.items():
        leafy, leaves = trial.leaves(structure)
        try:
            answers = trial.answers(leafy)
        except GeonetsError as error:  # a layer may say that it needs nodes
            told.append(f"{name}: refused, {type(error).__name__}")
            continue
        total = projection(answers, [torch.ones_like(answer.rows) for answer in answers])
        parts = {**leaves, **trial.parameters()}
        for part, grad in zip(parts, gradients_of(total, list(parts.values())), strict=True):
            if not bool(grad.isfinite().all()):
                gaps.append(Gap(math.inf, math.inf, True, None, f"{name}: gradient of {part} is not finite"))
        for answer in answers:
            if not bool(answer.rows.isfinite().all()):
                where = Place(answer.name, "globals", len(given), None, None, None, None)
                gaps.append(Gap(math.inf, math.inf, True, where, f"{name}: values are not finite"))
    return gaps, tuple(told)


def _nothing(structure: Structure) -> Structure | None:
    """An item without nodes, with the same fields."""
    topology = structure.topology
    if not len(structure) or structure.levels:
        return None
    if isinstance(topology, Lattice):
        empty: Any = topology.with_sizes(Sizes.of((0,) * topology.num_axes, device=topology.device))
    elif isinstance(topology, Set):
        empty = Set(Sizes.of((0,), device=topology.device))
    elif isinstance(topology, Graph):
        empty = Graph.of_edges(Sizes.of((0,), device=topology.device), structure[:0].topology.links)
    else:
        return None
    nodes = {name: field[:0] for name, field in structure.nodes.items()}
    edges = {name: field[:0] for name, field in structure.edges.items()}
    return Structure(empty, nodes, edges, structure[0].globals)
