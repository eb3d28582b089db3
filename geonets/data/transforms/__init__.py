"""Plain functions from structures to structures."""

from geonets.data.transforms.connect import connect
from geonets.data.transforms.relate import relate

__all__ = ["connect", "relate"]
