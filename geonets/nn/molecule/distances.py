"""Distances along edges, and how networks read them: smeared over Gaussians, cut off smoothly."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.nn.layer import Layer, on_nodes, positions


class GaussianSmearing(Layer):
    """A number becomes a row of bumps: `exp(-(d - mu_k)^2 / (2 width^2))`, `width` being the distance of two centres.

    On a structure it smears each channel of `x`; the arguments and keys are those of PyG's `GaussianSmearing`.

    Args:
        start: the first centre.
        stop: the last.
        num_gaussians: how many, evenly spaced; at least 2.
        persistent: whether the centres are part of the `state_dict`.

    Reference: Schuett et al., "SchNet", 2017, section 4.2.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.GaussianSmearing(0.0, 1.0, 3)(torch.tensor([0.5])).round(decimals=2)
        tensor([[0.6100, 1.0000, 0.6100]])
    """

    offset: Tensor

    def __init__(self, start: float = 0.0, stop: float = 5.0, num_gaussians: int = 50, persistent: bool = True) -> None:
        super().__init__()
        offset = torch.linspace(start, stop, num_gaussians)
        self.coeff = -0.5 / float(offset[1] - offset[0]) ** 2
        self.register_buffer("offset", offset, persistent=persistent)

    def forward(self, distances: Any) -> Any:
        """Smear `(E,)` distances or rows `(N, C)`, whose channels come one after another: `(N, C * num_gaussians)`."""
        return on_nodes(self._smeared, distances)

    def _smeared(self, rows: Tensor) -> Tensor:
        apart = rows[..., None] - self.offset
        if apart.requires_grad:
            return (self.coeff * apart.square()).exp().flatten(1)
        return apart.square_().mul_(self.coeff).exp_().flatten(1)

    def extra_repr(self) -> str:
        return f"{len(self.offset)} Gaussians"


def edge_steps(structure: Structure, neighborhood: Neighborhood, layer: str) -> Tensor:
    """`(E, D)` where the receiver of every edge of a neighborhood is, as its sender sees it: `pos_i - pos_j`."""
    pos, edges = positions(structure, layer), neighborhood.edges(structure)
    return pos.index_select(0, edges.receivers) - pos.index_select(0, edges.senders)


def edge_lengths(structure: Structure, neighborhood: Neighborhood, layer: str) -> Tensor:
    """`(E,)` distance between the two ends of every edge of a neighborhood, in the unit of `pos`."""
    return lengths(edge_steps(structure, neighborhood, layer))


def pair_lengths(structure: Structure, neighborhood: Neighborhood, layer: str) -> tuple[Tensor, Tensor | None]:
    """`(P,)` distance between the ends of every pair of nodes with an edge, and the `(E,)` pair of each edge.

    Where few pairs have two edges, as `edge_lengths`, and None.
    """
    pos, edges = positions(structure, layer), neighborhood.edges(structure)
    if edges.pairs is None:
        return edge_lengths(structure, neighborhood, layer), None
    rows, pair = edges.pairs
    ends = (pos.index_select(0, part.index_select(0, rows)) for part in (edges.senders, edges.receivers))
    return lengths(next(ends) - next(ends)), pair


def lengths(vectors: Tensor) -> Tensor:
    """Euclidean length of each row; of a zero vector it is 0 with zero derivatives of every order.

    Torch's `norm` has no second derivative there, so that forces could not be learnt on a graph with self-loops.
    """
    squares = vectors.square().sum(-1)
    some = squares > 0
    return torch.where(some, torch.where(some, squares, 1.0).sqrt(), 0.0)


def cosine_cutoff(distances: Tensor, cutoff: float) -> Tensor:
    """`(cos(pi d / cutoff) + 1) / 2` up to the cutoff, 0 beyond: energies stay smooth as a neighbour leaves.

    Reference: Behler, "Atom-centered symmetry functions", 2011, equation 4.
    """
    return 0.5 * ((distances.clamp(max=cutoff) * (torch.pi / cutoff)).cos() + 1)
