"""Every error that geonets raises on purpose: a pattern of its message, and what reaches it; a room a file."""

from messages import aggregate, coarsening, data, engine, models, neighborhoods, nn, structure, topologies

ROOMS = (
    structure,
    neighborhoods,
    coarsening,
    topologies,
    engine,
    nn,
    aggregate,
    data,
    models,
)
CASES = [case for room in ROOMS for case in room.CASES]

__all__ = ["CASES"]
