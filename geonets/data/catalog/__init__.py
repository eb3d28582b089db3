"""The catalog: data sets by name, fetched once, prepared once, and split as their cards say."""

from geonets.data.catalog.catalog import dataset
from geonets.data.catalog.dataset import Dataset
from geonets.data.catalog.download import Limits
from geonets.data.catalog.records import Card
from geonets.data.catalog.shelves import card, cards

__all__ = ["Card", "Dataset", "Limits", "card", "cards", "dataset"]
