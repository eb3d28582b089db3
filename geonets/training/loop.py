"""`fit` and `predict`: once through the batches with gradients, once without."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from geonets.core.errors import OptionError, StructureError
from geonets.core.structure import Structure
from geonets.training.history import History
from geonets.training.schedules import schedule_named


def fit(
    model: nn.Module,
    train: Structure,
    loss: Callable[[Tensor, Tensor], Tensor],
    *,
    epochs: int,
    batch_size: int,
    lr: float,
    seed: int = 0,
    validation: Structure | None = None,
    metric: Callable[[Tensor, Tensor], float] | None = None,
    weight_decay: float = 0.0,
    schedule: str | None = None,
    progress: bool | str = True,
) -> History:
    """Train a model in place with AdamW.

    Args:
        model: takes a Structure and returns one, whose `x` has one row for each row of `y`.
        train: the items, with targets `y`.
        loss: of `(rows, target)`, to be made small: `torch.nn.functional.cross_entropy`, say.
        epochs: times through all items.
        batch_size: items in a batch.
        lr: the (largest) learning rate.
        seed: of the order of the items and of dropout; the weights are as the caller made them.
        validation: items on which `metric` is measured after each epoch.
        metric: of `(rows, target)`.
        weight_decay: decoupled from the gradient.
        schedule: None for a constant rate, `"cosine"` or `"one_cycle"`.
        progress: show a bar on a terminal; a string is its label.

    Returns:
        What happened in each epoch.

    Raises:
        OptionError: if a number is out of range, or only one of `validation` and `metric` is given.
        StructureError: if the items have no targets, or there are none.

    Reference: Loshchilov & Hutter, "Decoupled weight decay regularization", 2019, algorithm 2.

    Example:
        >>> import torch, geonets as gn
        >>> from geonets.training import fit
        >>> sums = gn.points(None, x=torch.eye(4).repeat(8, 1, 1), y=torch.ones(8))
        >>> net = gn.nn.Sequential(gn.nn.Linear(4, 1), gn.nn.Readout("sum"))
        >>> history = fit(net, sums, lambda rows, y: (rows[:, 0] - y).square().mean(), epochs=20, batch_size=4, lr=0.1)
        >>> history.losses[-1] < history.losses[0]
        True
    """
    _check(train, validation, metric, epochs=epochs, batch_size=batch_size, lr=lr)
    optimizer = torch.optim.AdamW(model.parameters(), lr, weight_decay=weight_decay)
    steps = epochs * -(-len(train) // batch_size)
    rates = schedule_named(schedule, optimizer, lr, steps)
    history = History()
    with torch.random.fork_rng(), _bar(epochs, progress) as show:
        torch.manual_seed(seed)
        for epoch in range(epochs):
            start = time.perf_counter()
            model.train()
            total = 0.0
            for batch in train.batches(batch_size, shuffle=True, seed=_epoch_seed(seed, epoch)):
                optimizer.zero_grad()
                value = loss(model(batch).x, batch.y)
                value.backward()
                optimizer.step()
                rates.step()
                total += value.item() * len(batch)
            score = None
            if validation is not None and metric is not None:
                score = metric(predict(model, validation, batch_size), validation.y)
            history = history.extended(total / len(train), score, time.perf_counter() - start)
            show(history)
    model.eval()
    return history


def predict(model: nn.Module, structure: Structure, batch_size: int = 256) -> Tensor:
    """The rows that a model in evaluation mode returns, of all items in order.

    Args:
        model: takes a Structure and returns one; its mode is left as it was.
        structure: the items.
        batch_size: items computed at a time; the result does not depend on it.

    Example:
        >>> import torch, geonets as gn
        >>> predict(gn.nn.Readout("sum"), gn.chain([torch.ones(3, 1), torch.ones(5, 1)])).flatten()
        tensor([3., 5.])
    """
    if not len(structure):
        raise StructureError("`structure` must have at least one item to predict; got none. Pass some items.")
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return torch.cat([model(batch).x for batch in structure.batches(batch_size)])
    finally:
        model.train(was_training)


def _epoch_seed(seed: int, epoch: int) -> int:
    """Its own order for every epoch of every seed."""
    return seed * 100_003 + epoch


def _check(
    train: Structure,
    validation: Structure | None,
    metric: Callable[[Tensor, Tensor], float] | None,
    **numbers: float,
) -> None:
    for name, value in numbers.items():
        if not value > 0:
            raise OptionError(f"`{name}` must be positive; got {value}. Pass a larger number.")
    if (validation is None) != (metric is None):
        given, missing = ("metric", "validation") if validation is None else ("validation", "metric")
        raise OptionError(f"`{missing}` must be given with {given}; got {given} alone. Pass both or neither.")
    for name, items in (("train", train), ("validation", validation)):
        if items is not None and (items.y is None or not len(items)):
            found = "no items" if not len(items) else "no y"
            raise StructureError(
                f"`{name}` must have items with targets; got {found}. "
                "Give it some: structure.replace(globals={'y': targets})."
            )


@contextlib.contextmanager
def _bar(epochs: int, progress: bool | str) -> Iterator[Callable[[History], None]]:
    """A function that shows the latest epoch: on a terminal only, so that logs stay readable."""
    from tqdm import tqdm

    label = progress if isinstance(progress, str) else None
    with tqdm(total=epochs, desc=label, unit="epoch", leave=False, disable=None if progress else True) as bar:

        def show(history: History) -> None:
            score = f", score {history.scores[-1]:.3f}" if history.scores else ""
            bar.set_postfix_str(f"loss {history.losses[-1]:.3f}{score}")
            bar.update()

        yield show
