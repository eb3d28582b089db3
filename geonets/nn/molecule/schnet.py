"""`CFConv` and `SchNetInteraction`: filters that are functions of a distance."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.graph.weights import glorot_linear
from geonets.nn.layer import Layer, features, on_nodes
from geonets.nn.message_passing import LINKS, edge_features
from geonets.nn.molecule.distances import GaussianSmearing, cosine_cutoff, edge_lengths, pair_lengths

LOG_2 = 0.6931471824645996
"""The logarithm of 2 as PyG has it, in single precision: weights trained there give the same numbers here."""


class ShiftedSoftplus(Layer):
    """`log((1 + exp(x)) / 2)`: smooth, and 0 at 0.

    Reference: Schuett et al., "SchNet", 2017, section 4.1.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.ShiftedSoftplus()(gn.chain(torch.tensor([[[0.0], [1.0]]]))).x.round(decimals=2).flatten()
        tensor([0.0000, 0.6200])
    """

    def forward(self, input: Any) -> Any:
        """Apply it to the `x` of a structure, or to rows."""
        return on_nodes(lambda rows: functional.softplus(rows).sub_(LOG_2), input)


class CFConv(Layer):
    """`x_i' = W_2 sum_{j -> i} W_1 x_j * nn(e_ij) c(|pos_j - pos_i|) + b`, a convolution whose filter is a function.

    `c` is the cosine cutoff. Arguments, keys and results of `torch_geometric.nn.models.schnet.CFConv`; beyond the
    cutoff, where PyG's filter would come back, nothing is heard.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result.
        num_filters: channels in between.
        nn: from what is known of an edge, `(E, G)`, to its filter `(E, num_filters)`.
        cutoff: the distance at which messages have faded, in the unit of `pos`.
        neighborhood: who hears whom; the topology's own links unless given.

    Raises:
        StructureError: if there are no positions, or nothing for `nn` to read.

    Reference: Schuett et al., "SchNet: a continuous-filter convolutional neural network for modeling quantum
        interactions", 2017, equation 2.

    Example:
        >>> import torch, geonets as gn
        >>> ring = torch.tensor([[0, 1, 2], [1, 2, 0]])
        >>> atoms = gn.graph(ring, x=torch.randn(3, 8), pos=torch.randn(3, 3), edge_attr=torch.randn(3, 5))
        >>> gn.nn.CFConv(8, 16, 32, gn.nn.MLP([5, 32]), cutoff=4.0)(atoms).x.shape
        torch.Size([3, 16])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        num_filters: int,
        nn: Any,
        cutoff: float,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.in_channels, self.cutoff = in_channels, cutoff
        self.lin1 = glorot_linear(in_channels, num_filters)
        self.lin2 = _linear(num_filters, out_channels)
        self.nn = nn
        self.spec = AggregateSpec(neighborhood, "sum", "filtered")

    def forward(self, structure: Structure, edge_attr: Tensor | None = None) -> Structure:
        """Convolve.

        Args:
            structure: atoms with positions.
            edge_attr: `(E, G)` what `nn` reads, for the edges of the neighborhood in receiver order; the structure's
                own unless given.
        """
        neighborhood = self.spec.neighborhood
        distances = edge_lengths(structure, neighborhood, "CFConv")
        known = edge_features(structure, neighborhood, "CFConv") if edge_attr is None else edge_attr
        return self.filtered(structure, distances, known)

    def filtered(
        self, structure: Structure, distances: Tensor, known: Tensor, edge_rows: Tensor | None = None
    ) -> Structure:
        """Convolve with filters of which edges may share each.

        Args:
            structure: whose nodes hear.
            distances: `(P,)`.
            known: `(P, G)` what `nn` reads.
            edge_rows: `(E,)` which of them each edge reads; its own unless given.
        """
        filters = self.nn(known) * cosine_cutoff(distances, self.cutoff)[:, None]
        operands = AggregateOperands(
            self.lin1(features(structure, self.in_channels)), edges=filters, edge_rows=edge_rows
        )
        return structure.replace(x=self.lin2(run(self.spec, operands, structure)))

    def extra_repr(self) -> str:
        return f"cutoff={self.cutoff}, neighborhood={self.spec.neighborhood}"


class SchNetInteraction(Layer):
    """`x_i' = W ssp(CFConv(x)_i) + b` with a filter that reads distances, smeared over Gaussians up to the cutoff.

    Arguments, keys and results of PyG's `InteractionBlock`; the residual `x + x'` is the model's, as there.

    Args:
        hidden_channels: channels of `x` and of the result.
        num_gaussians: over which a distance is smeared.
        num_filters: channels of the convolution.
        cutoff: the distance at which messages have faded, in the unit of `pos`.
        neighborhood: who hears whom, often `gn.Radius(cutoff)`; the topology's own links unless given.

    Raises:
        StructureError: if the structure has no positions.

    Reference: Schuett et al., "SchNet", 2017, figure 2.

    Example:
        >>> import torch, geonets as gn
        >>> atoms = gn.points([torch.randn(5, 3), torch.randn(3, 3)], x=[torch.randn(5, 8), torch.randn(3, 8)])
        >>> gn.nn.SchNetInteraction(8, 20, 16, cutoff=4.0, neighborhood=gn.Radius(4.0))(atoms).x.shape
        torch.Size([8, 8])
    """

    def __init__(
        self,
        hidden_channels: int,
        num_gaussians: int,
        num_filters: int,
        cutoff: float,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.mlp = torch.nn.Sequential(
            _linear(num_gaussians, num_filters),
            ShiftedSoftplus(),
            _linear(num_filters, num_filters),
        )
        self.conv = CFConv(hidden_channels, hidden_channels, num_filters, self.mlp, cutoff, neighborhood)
        self.act = ShiftedSoftplus()
        self.lin = _linear(hidden_channels, hidden_channels)
        self.smearing = GaussianSmearing(0.0, cutoff, num_gaussians, persistent=False)

    def forward(self, structure: Structure, edge_attr: Tensor | None = None) -> Structure:
        """One round; `edge_attr` may hold distances that are smeared already, `(E, num_gaussians)`."""
        if edge_attr is not None:
            return self._onwards(self.conv(structure, edge_attr))
        distances, pair = pair_lengths(structure, self.conv.spec.neighborhood, "SchNetInteraction")
        return self.filtered(structure, distances, self.smearing(distances), pair)

    def filtered(
        self, structure: Structure, distances: Tensor, smeared: Tensor, edge_rows: Tensor | None = None
    ) -> Structure:
        """One round with distances that edges may share; arguments of `CFConv.filtered`."""
        return self._onwards(self.conv.filtered(structure, distances, smeared, edge_rows))

    def _onwards(self, heard: Structure) -> Structure:
        return heard.replace(x=self.lin(self.act(heard.x)))


def _linear(in_channels: int, out_channels: int) -> torch.nn.Linear:
    """Started as the authors do: Glorot's weights, a bias of zeros."""
    linear = glorot_linear(in_channels, out_channels, bias=True)
    torch.nn.init.zeros_(linear.bias)
    return linear
