"""Files as others write them, and networks whatever the order of their edges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geonets as gn


def written(folder: Path, text: str, name: str = "a.gml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def network(s: gn.Structure) -> tuple[Any, ...]:
    """What is in a network, whatever the order of its edges."""
    links = s.topology.links
    ends = (links.in_input_order(links.senders).tolist(), links.in_input_order(links.receivers).tolist())
    fields = {name: links.in_input_order(field).tolist() for name, field in s.edges.items()}
    edges = sorted(zip(*ends, *fields.values(), strict=True))
    return (
        edges,
        list(fields),
        {n: f.tolist() for n, f in s.nodes.items()},
        {n: f.tolist() for n, f in s.globals.items()},
    )
