"""Structures on disk: one safetensors file, mapped into memory, or a folder of them."""

from geonets.data.storage.files import load, save

__all__ = ["load", "save"]
