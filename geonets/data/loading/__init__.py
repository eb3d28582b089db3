"""Items for loops of one's own around torch's `DataLoader`."""

from geonets.data.loading.dataset import ItemDataset
from geonets.data.loading.sampler import BudgetSampler

__all__ = ["BudgetSampler", "ItemDataset"]
