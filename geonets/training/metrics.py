"""Scores of predicted rows against targets: `accuracy`, `auc`, `log_loss`, `r2`, `rmse`.

Every one takes `(rows, target)` in this order, as `fit` calls its metric, and returns a number.
"""

from __future__ import annotations

from torch import Tensor


def accuracy(rows: Tensor, target: Tensor) -> float:
    """The part of the items whose largest entry is in the right place.

    Args:
        rows: `(B, C)` one score a class.
        target: `(B,)` class numbers.

    Example:
        >>> import torch
        >>> accuracy(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), torch.tensor([0, 0]))
        0.5
    """
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(target.cpu(), rows.argmax(1).cpu()))


def auc(rows: Tensor, target: Tensor) -> float:
    """Area under the ROC curve: how often a positive item has a larger logit than a negative one.

    Args:
        rows: `(B,)` or `(B, 1)` logits.
        target: `(B,)` zeros and ones.

    Example:
        >>> import torch
        >>> auc(torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1]))
        0.75
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(target.cpu(), rows.flatten().cpu()))


def log_loss(rows: Tensor, target: Tensor) -> float:
    """Mean negative log-likelihood of a binary target, in nats.

    Args:
        rows: `(B,)` or `(B, 1)` logits.
        target: `(B,)` zeros and ones.

    Example:
        >>> import torch
        >>> round(log_loss(torch.zeros(2), torch.tensor([0, 1])), 4)
        0.6931
    """
    from sklearn.metrics import log_loss as nats

    return float(nats(target.cpu(), rows.flatten().double().sigmoid().cpu(), labels=[0, 1]))


def r2(rows: Tensor, target: Tensor) -> float:
    """Explained part of the variance, `1 - sum (y - y')^2 / sum (y - mean y)^2`.

    Args:
        rows: `(B,)` or `(B, 1)`.
        target: `(B,)`.

    Example:
        >>> import torch
        >>> r2(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 2.0, 3.0]))
        1.0
    """
    from sklearn.metrics import r2_score

    return float(r2_score(target.cpu(), rows.flatten().cpu()))


def rmse(rows: Tensor, target: Tensor) -> float:
    """Root of the mean squared error, in the unit of the target.

    Args:
        rows: `(B,)` or `(B, 1)`.
        target: `(B,)`.

    Example:
        >>> import torch
        >>> rmse(torch.tensor([0.0, 0.0]), torch.tensor([3.0, 3.0]))
        3.0
    """
    from sklearn.metrics import root_mean_squared_error

    return float(root_mean_squared_error(target.cpu(), rows.flatten().cpu()))
