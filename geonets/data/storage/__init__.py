"""Structures on disk: one safetensors file, mapped into memory, or a folder of them."""

from geonets.data.storage.files import load, origin, save
from geonets.data.storage.shards import Shards

__all__ = ["Shards", "load", "origin", "save"]
