"""The training loop: it learns, repeats itself, leaves the surroundings alone, and says what it wants."""

import math
from typing import Any

import pytest
import torch
from torch.nn import functional

import geonets as gn
from geonets.training import History, accuracy, auc, fit, log_loss, predict, r2, rmse


def clouds(count=40, y=True):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(count, 5, 3, generator=generator)
    return gn.points(None, x=x, y=x.sum((1, 2)) if y else None)


def model(dropout=0.0) -> Any:
    torch.manual_seed(0)
    return gn.nn.Sequential(gn.nn.Dropout(dropout), gn.nn.Linear(3, 1), gn.nn.Readout("sum"))


def squared(rows, target):
    return functional.mse_loss(rows[:, 0], target)


def options(**changes: Any) -> dict[str, Any]:
    return {"epochs": 30, "batch_size": 8, "lr": 0.1, "progress": False} | changes


@pytest.mark.parametrize("schedule", [None, "cosine", "one_cycle"])
def test_fit_learns_a_sum(schedule):
    net, items = model(), clouds()
    history = fit(net, items, squared, **options(), schedule=schedule, validation=items, metric=r2)
    assert len(history) == len(history.scores) == len(history.seconds) == 30
    assert history.losses[-1] < 0.01 * history.losses[0]
    assert history.scores[-1] > 0.99
    assert history.total_seconds == sum(history.seconds) > 0
    assert not net.training


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    def weight(seed):
        net = model(dropout=0.3)
        fit(net, clouds(), squared, **options(epochs=2), seed=seed)
        return net[1].weight

    assert torch.equal(weight(3), weight(3))
    assert not torch.equal(weight(3), weight(4))


def test_fit_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    net = gn.nn.Sequential(gn.nn.Dropout(0.5), torch.nn.Identity())
    net.append(gn.nn.Linear(3, 1)).append(gn.nn.Readout("sum"))
    torch.set_rng_state(before)
    fit(net, clouds(), squared, **options(epochs=1))
    assert torch.equal(torch.get_rng_state(), before)


def test_weight_decay_shrinks_the_weights():
    def norm(decay):
        net = model()
        fit(net, clouds(), squared, **options(epochs=5), weight_decay=decay)
        return net[1].weight.norm()

    assert norm(1.0) < norm(0.0)


def test_the_cosine_ends_where_nothing_moves():
    from geonets.training.schedules import schedule_named

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.5)
    rates = schedule_named("cosine", optimizer, 0.5, 10)
    for _ in range(10):
        optimizer.step()
        rates.step()
    assert rates.get_last_lr()[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("batch_size", [1, 7, 40, 1000])
def test_predict_does_not_depend_on_the_batch(batch_size):
    net, items = model(), clouds()
    torch.testing.assert_close(predict(net, items, batch_size), net.eval()(items).x.detach())


def test_predict_computes_in_evaluation_mode_and_restores_the_mode():
    net, items = model(dropout=0.5).train(), clouds()
    assert torch.equal(predict(net, items), predict(net, items))
    assert net.training


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"epochs": 0}, gn.errors.OptionError, "`epochs` must be positive; got 0"),
        ({"batch_size": -1}, gn.errors.OptionError, "`batch_size` must be positive; got -1"),
        ({"lr": math.nan}, gn.errors.OptionError, "`lr` must be positive; got nan"),
        ({"schedule": "linear"}, gn.errors.OptionError, "`schedule` must be one of None, 'cosine', 'one_cycle'"),
        ({"metric": r2}, gn.errors.OptionError, "`validation` must be given with metric"),
        ({"validation": clouds()}, gn.errors.OptionError, "`metric` must be given with validation"),
        ({"validation": clouds(y=False), "metric": r2}, gn.errors.StructureError, "`validation` must have items"),
    ],
)
def test_options_are_checked_before_training(changes, error, text):
    with pytest.raises(error, match=text):
        fit(model(), clouds(), squared, **options(**changes))


def test_items_are_checked_before_training():
    with pytest.raises(gn.errors.StructureError, match="`train` must have items with targets; got no y"):
        fit(model(), clouds(y=False), squared, **options())
    with pytest.raises(gn.errors.StructureError, match="`train` must have items with targets; got no items"):
        fit(model(), clouds()[:0], squared, **options())
    with pytest.raises(gn.errors.StructureError, match="`structure` must have at least one item to predict"):
        predict(model(), clouds()[:0])


def test_metrics_by_their_definitions():
    generator = torch.Generator().manual_seed(1)
    logits, target = torch.randn(50, 1, generator=generator), torch.randint(0, 2, (50,), generator=generator)
    positive, negative = logits[target == 1, 0], logits[target == 0, 0]
    assert auc(logits, target) == pytest.approx(float((positive[:, None] > negative).float().mean()), abs=1e-6)
    nats = functional.binary_cross_entropy_with_logits(logits[:, 0].double(), target.double())
    assert log_loss(logits, target) == pytest.approx(float(nats), abs=1e-9)
    values = torch.randn(50, generator=generator)
    assert rmse(logits, values) == pytest.approx(float((logits[:, 0] - values).square().mean().sqrt()), abs=1e-6)
    explained = 1 - (logits[:, 0] - values).square().sum() / (values - values.mean()).square().sum()
    assert r2(logits, values) == pytest.approx(float(explained), abs=1e-5)
    scores = torch.randn(50, 4, generator=generator)
    classes = torch.randint(0, 4, (50,), generator=generator)
    assert accuracy(scores, classes) == pytest.approx(float((scores.argmax(1) == classes).float().mean()))


def test_a_history_grows_and_does_not_change():
    empty = History()
    grown = empty.extended(0.5, None, 1.0).extended(0.25, 0.9, 2.0)
    assert (grown.losses, grown.scores, grown.seconds) == ((0.5, 0.25), (0.9,), (1.0, 2.0))
    assert len(empty) == 0
