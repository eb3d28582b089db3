"""Random numbers by place: a draw depends on the seed and on what it is drawn for, on no draw before it.

So the draws of an item do not depend on its batch mates, and every device draws the same.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from geonets.core.topology import Topology

Seed = int | torch.Generator | None
"""A number; a generator, from which one number is drawn at each call; None for torch's global generator."""

GOLDEN, FIRST, SECOND = (number - 2**64 for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def number_of(seed: Seed) -> int:
    """The number that a seed stands for."""
    if isinstance(seed, int):
        return seed
    device = "cpu" if seed is None else seed.device
    return int(torch.randint(2**62, (), generator=seed, device=device))


def uniform(seed: int, *places: Tensor | int) -> Tensor:
    """Uniform in `[0, 1)`, one number for each place, float64.

    Args:
        seed: any whole number.
        *places: integer tensors that broadcast together: an item, a node within it, a column.

    Reference: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014, figure 16.

    Example:
        >>> both = uniform(7, torch.tensor([0, 1, 2]))
        >>> torch.equal(uniform(7, torch.tensor([2])), both[2:]), bool((both < 1).all())
        (True, True)
    """
    device = next((place.device for place in places if isinstance(place, Tensor)), None)
    state = _mixed(torch.tensor(_wrapped(seed + GOLDEN), dtype=torch.long, device=device))
    for place in places:
        turn = (place + 1) * GOLDEN
        state = _mixed(state ^ (turn if isinstance(turn, Tensor) else _wrapped(turn)))
    return _shifted(state, 11).double() * 2**-53


def normal(seed: int, *places: Tensor | int) -> Tensor:
    """Normal with mean 0 and deviation 1, one number for each place, float64 (Box & Muller 1958)."""
    radius = (-2 * (1 - uniform(seed, *places, 0)).log()).sqrt()
    return radius * (2 * math.pi * uniform(seed, *places, 1)).cos()


def local_numbers(topology: Topology) -> Tensor:
    """`(N,)` the number of each node within its item."""
    numbers = torch.arange(topology.num_nodes, device=topology.device)
    return numbers - topology.node_offsets[topology.item_ids]


def _mixed(state: Tensor) -> Tensor:
    state = (state ^ _shifted(state, 30)) * FIRST
    state = (state ^ _shifted(state, 27)) * SECOND
    return state ^ _shifted(state, 31)


def _shifted(state: Tensor, bits: int) -> Tensor:
    """To the right, zeros coming in: torch's own shift brings in the sign."""
    return (state >> bits) & (2 ** (64 - bits) - 1)


def _wrapped(seed: int) -> int:
    return (seed + 2**63) % 2**64 - 2**63
