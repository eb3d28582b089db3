"""`lowering`: do the kernels that the planner chooses compute what the reference does?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from geonets.check.report import Gap, Report, worst_of
from geonets.check.trial import Answer, Call, Trial, distances, gap_between, gradients_of, projection, scale_of
from geonets.core.structure import Structure
from geonets.engine.plan import explain_plan, reference


def lowering(
    layer: Any,
    structure: Structure,
    *,
    tolerance: float = 1e-9,
    training: bool = False,
    call: Call | None = None,
    seed: int = 0,
) -> Report:
    """Whether the planner's kernels agree with the reference: values, and gradients of inputs and parameters.

    The layer runs twice, as planned and under `gn.reference()`. The report names each layer inside, the kernel that
    computed it, and the first whose values differ.

    Args:
        layer: a layer, a model, or a function of structures; it is copied and left as it was.
        structure: what to try it on.
        tolerance: the largest difference, in units of the largest entry, in float64.
        training: try it in training mode; dropout draws other numbers in the two forms, so leave it out.
        call: how the layer is called; `layer(structure)` unless given.
        seed: of the projection whose gradients are compared.

    Returns:
        A `Report`; its verdict is `"equal"`, `"nothing to lower"` or `"fails"`.

    Reference: McKeeman, "Differential testing for software", 1998.

    Example:
        >>> import torch, geonets as gn
        >>> photos = gn.grid([torch.randn(8, 8, 1), torch.randn(5, 9, 1)])
        >>> print(gn.check.lowering(gn.nn.Conv2d(1, 4, 3), photos))
        lowering of Conv2d: equal
            on Grid(2 items of 5 x 8 .. 8 x 9 nodes along (y, x))
            no difference above 1e-09 of the output's scale
            Conv2d: conv_on_canvas
            tried values and gradients of x, weight, bias, as planned and under gn.reference() (seed 0)
    """
    trial = Trial(layer, structure, training, call, seed)
    weights = [trial.normal(answer.rows) for answer in trial(trial.structure)]
    fast = _run(trial, weights)
    with reference():
        slow = _run(trial, weights)
    gaps = [
        gap_between(expected.rows, found, tolerance, "values")
        for expected, found in zip(slow.answers, fast.answers, strict=True)
    ]
    steepest = scale_of(*slow.gradients.values())
    for name, expected in slow.gradients.items():
        gaps.append(_gap(expected, fast.gradients[name], tolerance, f"gradient of {name}", steepest))
    kernels = _kernels(trial)
    lowered, known = ([pair for pair in record.inner if pair[0] in kernels] for record in (fast, slow))
    inner = (
        _gap(expected, found, tolerance, f"values of {name}", scale_of(expected))
        for (name, expected), (_, found) in zip(known, lowered, strict=False)
    )
    first = next((gap for gap in inner if gap.too_large), None)
    worst = worst_of(gaps)
    if first is not None:
        worst = dataclasses.replace(worst, what=f"{worst.what}; first in {first.what.removeprefix('values of ')}")
    verdict = "equal" if kernels else "nothing to lower"
    return trial.report(
        "lowering",
        worst,
        tolerance,
        "fails" if worst.too_large else verdict,
        f"values and gradients of {', '.join(slow.gradients)}, as planned and under gn.reference() (seed {seed})",
        details=tuple(f"{name}: {', '.join(names)}" for name, names in kernels.items()),
        law="compute the same by its kernels as by message passing",
        advice="Mend the kernel, or let its rule refuse; gn.explain_plan tells which ran.",
    )


@dataclasses.dataclass(frozen=True, eq=False)
class _Record:
    """What one run gave: answers, gradients by name, and the values of each layer inside as they came."""

    answers: list[Answer]
    gradients: dict[str, Tensor]
    inner: list[tuple[str, Tensor]]


class _Called(nn.Module):
    """A layer together with the way in which it is called."""

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self.layer, self.call = trial.layer, trial.call

    def forward(self, structure: Structure) -> Any:
        return self.call(self.layer, structure)


def _run(trial: Trial, weights: list[Tensor]) -> _Record:
    leafy, leaves = trial.leaves(trial.structure)
    inner: list[tuple[str, Tensor]] = []
    with _listening(trial.layer, inner):
        answers = trial.answers(leafy)
    parts = {**leaves, **trial.parameters()}
    grads = gradients_of(projection(answers, weights), list(parts.values()))
    detached = [dataclasses.replace(answer, rows=answer.rows.detach()) for answer in answers]
    return _Record(detached, dict(zip(parts, grads, strict=True)), inner)


@contextmanager
def _listening(layer: Any, inner: list[tuple[str, Tensor]]) -> Iterator[None]:
    """Write down what each module inside returns."""

    modules = layer.named_modules() if isinstance(layer, nn.Module) else ()
    names = {module: f"{path} {type(module).__name__}".strip() for path, module in modules}

    def heard(module: nn.Module, _inputs: Any, output: Any) -> None:
        rows = output.x if isinstance(output, Structure) else output
        if module in names and isinstance(rows, Tensor):
            inner.append((names[module], rows.detach()))

    hook = register_module_forward_hook(heard)  # a layer whose own module has a hook may have to compute otherwise
    try:
        yield
    finally:
        hook.remove()


def _kernels(trial: Trial) -> dict[str, list[str]]:
    """The kernels that ran in each layer, by the layer's path and class."""
    kernels: dict[str, list[str]] = {}
    with torch.no_grad():
        for step in explain_plan(_Called(trial), trial.structure):
            name = step.layer.removeprefix("layer").lstrip(". ")
            kernels.setdefault(name, []).append(step.plan.name)
    return kernels


def _gap(expected: Tensor, found: Tensor, tolerance: float, what: str, scale: float) -> Gap:
    if expected.shape != found.shape:
        return Gap(float("inf"), float("inf"), True, None, f"{what}: another shape")
    worst = float(distances(expected, found).max()) if found.numel() else 0.0
    return Gap(worst, worst / scale, worst > tolerance * scale, None, what)
