"""What the tour measures: a `Trial` of one model, a `Contest` of a model with its twins, a `Part` of contests."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from geonets.core.errors import OptionError
from geonets.core.structure import Structure
from geonets.engine.plan import explain_plan
from geonets.training import History, fit, predict

SIGNS = {">=": operator.ge, "<=": operator.le, "<": operator.lt}
PER_NODE_ONLY = "each node alone"
"""Named as the kernel of a model that has no operation between nodes."""


@dataclasses.dataclass(frozen=True)
class Bound:
    """What is asked of a score, `>= 0.97` say.

    Example:
        >>> Bound(">=", 0.97).holds(0.98), str(Bound("<=", 0.85))
        (True, '<= 0.85')
    """

    sign: str
    value: float

    def __post_init__(self) -> None:
        if self.sign not in SIGNS:
            raise OptionError(f"`sign` must be one of {', '.join(SIGNS)}; got {self.sign!r}. Choose one of them.")

    def holds(self, score: float) -> bool:
        """Whether the score is on the asked side."""
        return bool(SIGNS[self.sign](score, self.value))

    def __str__(self) -> str:
        return f"{self.sign} {self.value:.3f}".rstrip("0").rstrip(".")


@dataclasses.dataclass(frozen=True)
class Budget:
    """How long and how fast a model and its twins learn."""

    epochs: int
    batch_size: int
    lr: float
    weight_decay: float = 0.0
    schedule: str | None = "one_cycle"


@dataclasses.dataclass(frozen=True, eq=False)
class Task:
    """What a model and its twins are all asked to learn, with one budget.

    Args:
        loss: of `(rows, target)` on training items.
        metric: of `(rows, target)` on test items.
        budget: for each of them.
        seed: of weights, order and dropout.
        quick: one epoch only: to see that everything runs.
    """

    loss: Callable[[Tensor, Tensor], Tensor]
    metric: Callable[[Tensor, Tensor], float]
    budget: Budget
    seed: int
    quick: bool

    def run(
        self,
        name: str,
        build: Callable[[], nn.Module],
        train: Structure,
        test: Structure,
        asked: Bound | None = None,
        broken: bool = False,
    ) -> Trial:
        """Train one model and measure it on the test items."""
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            model = build()
        steps = explain_plan(model, train[: self.budget.batch_size])
        kernels = tuple(dict.fromkeys(step.plan.name for step in steps)) or (PER_NODE_ONLY,)
        options: dict[str, Any] = dataclasses.asdict(self.budget) | ({"epochs": 1} if self.quick else {})
        history = fit(model, train, self.loss, seed=self.seed, progress=f"  {name}", **options)
        rows = predict(model, test, 1024)
        parameters = sum(weight.numel() for weight in model.parameters())
        return Trial(name, self.metric(rows, test.y), asked, broken, parameters, kernels, history, model, rows)


@dataclasses.dataclass(frozen=True, eq=False)
class Trial:
    """One trained model.

    Args:
        name: what it is, or what is broken about it.
        score: on the test items.
        asked: what the score must be; None where it is only shown.
        broken: whether it is a twin that must fail.
        parameters: numbers learned.
        kernels: the planner's choices, in the order in which they ran.
        history: of training.
        model: as trained.
        rows: its outputs on the test items.
    """

    name: str
    score: float
    asked: Bound | None
    broken: bool
    parameters: int
    kernels: tuple[str, ...]
    history: History
    model: Any = dataclasses.field(repr=False)
    rows: Tensor = dataclasses.field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether the score is what was asked."""
        return self.asked is None or self.asked.holds(self.score)

    def rescored(self, metric: Callable[[Tensor, Tensor], float], target: Tensor, asked: Bound | None = None) -> Trial:
        """The same model under another metric."""
        return dataclasses.replace(self, score=metric(self.rows, target), asked=asked)


@dataclasses.dataclass(frozen=True, eq=False)
class Contest:
    """A model beside the twins in which one thing is broken.

    Args:
        name: of the question.
        metric: of the score.
        model: the sound one.
        twins: the broken ones, with the same budget.
    """

    name: str
    metric: str
    model: Trial
    twins: tuple[Trial, ...] = ()

    @property
    def trials(self) -> tuple[Trial, ...]:
        """The model and its twins."""
        return self.model, *self.twins

    @property
    def passed(self) -> bool:
        """Whether the model does what is asked of it, and every twin fails as asked."""
        return all(trial.passed for trial in self.trials)


@dataclasses.dataclass(frozen=True, eq=False)
class Solid:
    """Something to turn around in the report."""

    structure: Structure
    color: Any
    title: str
    caption: str


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """One stop of the tour.

    Args:
        title: of the section.
        text: what is asked, on which data, with which split.
        contests: what came out.
        solids: what there is to look at.
    """

    title: str
    text: str
    contests: tuple[Contest, ...]
    solids: tuple[Solid, ...] = ()
