"""Every error that geonets raises on purpose: a pattern of its message, and what reaches it; a room a file.

Each file of this folder that has `CASES` takes part.
"""

import importlib
import pkgutil

ROOMS = [importlib.import_module(f"{__name__}.{room.name}") for room in pkgutil.iter_modules(__path__)]
CASES = [case for room in ROOMS for case in getattr(room, "CASES", [])]

__all__ = ["CASES"]
