"""Our graph layers beside PyG's: ours, theirs, and what PyG's takes besides `x, edge_index`; a family a file."""

from __future__ import annotations

from typing import Any

from pyg_pairs import attention, classics


def pairs() -> dict[str, tuple[Any, Any, list[str]]]:
    """Our layer, PyG's, and which of `edge_attr, pos` PyG's forward takes after `x, edge_index`."""
    return {**classics.pairs(), **attention.pairs()}
