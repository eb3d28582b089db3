"""Numbers of nodes and items that memory cannot hold are refused before anything is allocated for them."""

from __future__ import annotations

import functools
import os

import torch

from geonets.core.errors import StructureError

MOST = 2**63 - 1
"""The largest node number that a tensor holds."""

SMALL = 2**24
"""Counts that nobody needs to check."""

BYTES = 16
"""What a node or an item takes at least, once edges or counts are listed: a long number, and one to make it from."""


def require_room(count: int, name: str) -> None:
    """Raise if there cannot be a number for each of so many.

    Args:
        count: of nodes or items.
        name: of the argument, for the message.

    Raises:
        StructureError: if they take more than the memory that there is.

    Example:
        >>> require_room(1000, "num_nodes")
    """
    if torch.compiler.is_compiling() or count <= SMALL:
        return
    if count * BYTES > _memory():
        raise StructureError(
            f"`{name}` must be a number that memory has room for, {BYTES} bytes each of {_memory()}; got {count}. "
            "Number nodes and items from 0 without gaps."
        )


def require_countable(total: int) -> None:
    """Raise if nodes cannot be numbered.

    Raises:
        StructureError: if there are 2**63 or more.
    """
    if not torch.compiler.is_compiling() and total > MOST:
        raise StructureError(
            f"`sizes` must have fewer than 2**63 nodes in all items together; got {total}. "
            "Make the items smaller, with larger voxels say, or take fewer at a time."
        )


def _memory() -> int:
    """Bytes that this process may have: what is built in, or the limit that it was given."""
    try:
        import resource
    except ImportError:  # Windows
        return _physical()
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return _physical() if limit == resource.RLIM_INFINITY else min(_physical(), limit)


@functools.cache
def _physical() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):
        return MOST
