"""`GCNConv`: neighbours weighted by degrees."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.nn.graph.normalised import Propagation, normalised
from geonets.nn.graph.weights import glorot_linear
from geonets.nn.layer import Layer, features
from geonets.nn.message_passing import LINKS
from geonets.nn.sparse import product_with_entries


class GCNConv(Layer):
    """`X' = D^-1/2 (A + I) D^-1/2 X W + b`; arguments and keys of PyG's `GCNConv`.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result.
        improved: weight 2 for the self-loops that are added to weighted graphs.
        cached: accepted for PyG's sake; degrees are remembered with the topology, so a changed graph is never mistaken.
        add_self_loops: a node hears itself; as `normalize` unless given.
        normalize: divide by the square roots of both degrees.
        bias: add one.
        neighborhood: who hears whom; the topology's own links unless given.
        level: of the structure that holds the features, where they are kept sparse: see `gn.keep_sparse`.

    Raises:
        OptionError: if self-loops are asked for without normalisation.

    Reference: Kipf & Welling, "Semi-supervised classification with graph convolutional networks", 2017, equation 2.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.GCNConv(4, 8)(gn.grid(torch.randn(1, 3, 3, 4))).x.shape
        torch.Size([9, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        improved: bool = False,
        cached: bool = False,
        add_self_loops: bool | None = None,
        normalize: bool = True,
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
        level: str | None = None,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.improved, self.normalize = improved, normalize
        self.add_self_loops = normalize if add_self_loops is None else add_self_loops
        if self.add_self_loops and not normalize:
            raise OptionError(
                "`add_self_loops` must be False without normalize; got True. Use gn.WithLoops(...) to add loops."
            )
        self.lin = glorot_linear(in_channels, out_channels)
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.neighborhood, self.level = neighborhood, level

    def forward(self, structure: Structure, edge_weight: Tensor | None = None) -> Structure:
        """Convolve; `edge_weight` is `(E,)` in receiver order, ones unless given."""
        if self.level is None:
            rows = self.lin(features(structure, self.in_channels))
        else:
            rows = product_with_entries(structure, self.level, self.lin.weight)
        heard = self._propagation(structure, edge_weight, rows.dtype)(rows)
        bias = self.bias
        return structure.replace(x=heard if bias is None else heard + bias)

    def _propagation(self, structure: Structure, edge_weight: Tensor | None, dtype: torch.dtype) -> Propagation:
        if self.normalize:
            return normalised(structure, self.neighborhood, edge_weight, dtype, self.add_self_loops, self.improved)
        return Propagation(structure, self.neighborhood, edge_weight)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}"
