"""Robots."""

from __future__ import annotations

READY = ("urdf", "mjcf")
CHECKS = {
    "urdf/control": lambda s: (s.num_nodes, s.topology.links.edge_type.tolist()) == (3, [1, 0]),
    "mjcf/control": lambda s: (s.num_nodes, s.topology.links.edge_type.tolist()) == (2, [2]),
}
