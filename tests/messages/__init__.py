"""Every error that geonets raises on purpose: a pattern of its message, and what reaches it; a room a file."""

from messages import coarsening, data, engine, models, neighborhoods, nn, structure, topologies

CASES = [
    case for room in (structure, neighborhoods, coarsening, topologies, engine, nn, data, models) for case in room.CASES
]

__all__ = ["CASES"]
