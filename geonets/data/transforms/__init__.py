"""Plain functions from structures to structures."""

from geonets.data.transforms.connect import connect

__all__ = ["connect"]
