"""Hostile and broken inputs: how each kind of case is given to geonets, and what a correct load holds; a room a file.

Each file of this folder may have `ACTIONS`, from a format of the manifest to what is done with a case (unless said, its
file is read), and `CHECKS`, from the name of a case that must or may load to what must hold of the Structure.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

ROOMS = [importlib.import_module(f"{__name__}.{room.name}") for room in pkgutil.iter_modules(__path__)]
ACTIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    k: v for r in ROOMS for k, v in getattr(r, "ACTIONS", {}).items()
}
CHECKS: dict[str, Callable[[Any], bool]] = {k: v for r in ROOMS for k, v in getattr(r, "CHECKS", {}).items()}
READY: set[str] = {name for r in ROOMS for name in getattr(r, "READY", ())}
"""The formats whose cases are run."""
