"""Training: the loop, what it remembers, and how a model is scored."""

from geonets.training.history import History
from geonets.training.loop import fit, predict
from geonets.training.metrics import accuracy, auc, log_loss, r2, rmse

__all__ = ["History", "accuracy", "auc", "fit", "log_loss", "predict", "r2", "rmse"]
