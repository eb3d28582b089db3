"""Safetensors, and what torch.save writes."""

from __future__ import annotations

READY = ("safetensors", "pt")

CHECKS = {"safetensors/control": lambda s: s.nodes["w"].shape == (2, 2)}
