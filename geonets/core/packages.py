"""Importing a foreign library where it is used, with advice where it is missing."""

from __future__ import annotations

import importlib
from typing import Any

from geonets.core.errors import MissingPackageError


def require(module: str, package: str | None = None, *, extra: str | None = None) -> Any:
    """Import a module, or say how to get it.

    Args:
        module: its name, with dots.
        package: what it is called where packages are installed from, if not as the module is.
        extra: the extra of geonets that brings it, where it is an optional one.

    Raises:
        MissingPackageError: if it cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = package or module.partition(".")[0]
        wanted = f"'geonets[{extra}]'" if extra else name
        raise MissingPackageError(
            f"`{name}` must be installed for this; got: {error}. Run: pip install {wanted}"
        ) from None
