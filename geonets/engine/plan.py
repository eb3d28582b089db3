"""The planner: an ordered list of rules, the first that accepts wins, and it can explain itself."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from geonets.core.structure import Structure
from geonets.engine.kernels import (
    attention,
    blocks,
    chains,
    convolution,
    filters,
    influences,
    kinds,
    levels,
    maxima,
    memories,
    peaks,
    pooling,
    recurrence,
    relational,
    segments,
    transposed,
    unpooling,
    updates,
)
from geonets.engine.reference import reference as reference_kernel
from geonets.engine.rules import Call, Rule, Situation

RULES: tuple[Rule, ...] = (
    *convolution.RULES,
    *transposed.RULES,
    *updates.RULES,
    *influences.RULES,
    *kinds.RULES,
    *relational.RULES,
    *maxima.RULES,
    *pooling.RULES,
    *unpooling.RULES,
    *filters.RULES,
    *peaks.RULES,
    *blocks.RULES,
    *segments.RULES,
    *attention.RULES,
    *chains.RULES,
    *recurrence.RULES,
    *memories.RULES,
    *levels.RULES,
)
"""Every kernel, the fastest of each operation first."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What was decided for one operation.

    Args:
        rule: the kernel that runs; None for the reference.
        refusals: which kernels of this operation refused before it, and why.
    """

    rule: Rule | None
    refusals: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The kernel's name, or `"reference"`."""
        return "reference" if self.rule is None else self.rule.name


@dataclasses.dataclass(frozen=True)
class Step:
    """One operation of a network as `explain_plan` saw it run.

    Args:
        layer: the path and class of the layer.
        plan: the decision.
        before: the topology that it read.
        rows: shape of its result.
    """

    layer: str
    plan: Plan
    before: str
    rows: tuple[int, ...]

    def __str__(self) -> str:
        lines = [f"{self.layer}: {self.plan.name}", f"    on {self.before} -> rows {self.rows}"]
        lines += [f"    refused {name}: {reason}" for name, reason in self.plan.refusals]
        return "\n".join(lines)


class Explanation(list[Step]):
    """The steps of a network in the order in which they ran; prints as a report."""

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "no operation between nodes: every layer acts on each node alone"


_decisions: dict[Situation, Plan] = {}
_use_reference = False
_steps: list[Step] | None = None
_layers: list[str] = []


def run(spec: Any, operands: Any, structure: Structure, source: Structure | None = None, training: bool = False) -> Any:
    """Compute an operation by the kernel that the planner chooses.

    Args:
        spec: what to compute.
        operands: on which tensors.
        structure: whose nodes (or what the neighborhood makes of them) receive.
        source: whose nodes send; the same structure unless given.
        training: whether dropout applies.

    Returns:
        Rows in receiver order; of a `recur` rows and final state.
    """
    if source is None:
        source = structure
    elif source is not structure:
        spec.neighborhood.check(structure, source)
    call = Call(spec, operands, structure, source, training)
    plan = _NO_KERNELS if _use_reference else decide(situation_of(call))
    result: Any = reference_kernel(call) if plan.rule is None else plan.rule.kernel(call)
    if _steps is not None:
        rows = result[0] if isinstance(result, tuple) else result
        layer = _layers[-1] if _layers else type(spec).__name__
        _steps.append(Step(layer, plan, repr(structure.topology), tuple(rows.shape)))
    return result


def decide(situation: Situation) -> Plan:
    """The first rule that accepts, and why those before it refused."""
    if torch.compiler.is_compiling():  # a trace decides once anyway, and must leave nothing behind
        return _decide(situation)
    plan = _decisions.get(situation)
    if plan is None:
        plan = _decisions[situation] = _decide(situation)
    return plan


def situation_of(call: Call) -> Situation:
    """All that a decision reads of a call."""
    topology, source = call.structure.topology, call.source.topology
    is_uniform = topology.uniform is not None
    rows: torch.Tensor = call.operands[0]
    return Situation(
        call.spec,
        type(topology),
        is_uniform,
        type(source),
        is_uniform if source is topology else source.uniform is not None,
        rows.device.type,
        rows.dtype,
        torch.is_grad_enabled(),
        topology.is_periodic,
    )


@contextlib.contextmanager
def reference() -> Iterator[None]:
    """Inside this context every operation runs in its slow message-passing form.

    Example:
        >>> import torch, geonets as gn
        >>> conv, image = gn.nn.Conv2d(1, 2, 3), gn.grid(torch.randn(1, 5, 5, 1))
        >>> with gn.reference():
        ...     slow = conv(image).x
        >>> torch.allclose(conv(image).x, slow, atol=1e-6)
        True
    """
    global _use_reference
    before, _use_reference = _use_reference, True
    try:
        yield
    finally:
        _use_reference = before


def explain_plan(layer: nn.Module, *inputs: Any, **options: Any) -> Explanation:
    """Run a layer once and tell which kernel computed each operation, and why faster ones refused.

    The layer runs in evaluation mode, and is left as it was.

    Args:
        layer: a layer or a network.
        *inputs: what it is called with.
        **options: likewise.

    Example:
        >>> import torch, geonets as gn
        >>> print(gn.explain_plan(gn.nn.Conv1d(3, 4, 3), gn.chain(torch.randn(2, 10, 3))))
        Conv1d: conv_on_grid
            on Chain(2 items of 10 nodes along (time)) -> rows (16, 4)
    """
    global _steps
    names = {module: f"{path} {type(module).__name__}".strip() for path, module in layer.named_modules()}

    def enter(module: nn.Module, _: Any) -> None:
        if module in names:
            _layers.append(names[module])

    def leave(module: nn.Module, *_: Any) -> None:
        if module in names:
            _layers.pop()

    # hooks for all modules: a layer whose own module has one may have to compute otherwise
    hooks = [register_module_forward_pre_hook(enter), register_module_forward_hook(leave, always_call=True)]
    modes = {module: module.training for module in names}
    before, _steps = _steps, []
    try:
        layer.eval()
        layer(*inputs, **options)
        return Explanation(_steps)
    finally:
        _steps = before
        for hook in hooks:
            hook.remove()
        for module, training in modes.items():
            module.training = training


def _decide(situation: Situation) -> Plan:
    refusals = []
    for rule in RULES:
        answer = rule.accepts(situation)
        if answer is True:
            return Plan(rule, tuple(refusals))
        if isinstance(answer, str):
            refusals.append((rule.name, answer))
    return Plan(None, tuple(refusals))


_NO_KERNELS = Plan(None, (("every kernel", "gn.reference() is on"),))
