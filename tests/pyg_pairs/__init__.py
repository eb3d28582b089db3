"""Our graph layers beside PyG's: ours, theirs, and what PyG's takes besides `x, edge_index`; a family a file.

Each file of this folder that has `pairs` takes part.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

FAMILIES = [importlib.import_module(f"{__name__}.{family.name}") for family in pkgutil.iter_modules(__path__)]


def pairs() -> dict[str, tuple[Any, Any, list[str]]]:
    """Our layer, PyG's, and which of `edge_attr, pos` PyG's forward takes after `x, edge_index`."""
    found: dict[str, tuple[Any, Any, list[str]]] = {}
    for family in FAMILIES:
        if hasattr(family, "pairs"):
            found |= family.pairs()
    return found
