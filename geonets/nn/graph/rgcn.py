"""`RGCNConv`: a weight for each relation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import ByType, Neighborhood, require_types
from geonets.core.options import one_of
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec, ConvolveOperands, ConvolveSpec
from geonets.nn.graph.weights import glorot
from geonets.nn.layer import Layer, channels_of, heard_and_hearing
from geonets.nn.message_passing import LINKS


class RGCNConv(Layer):
    """`x_i' = W_0 x_i + b + sum_r reduce_{j -> i, type r} W_r x_j`; arguments and keys of PyG's `RGCNConv`.

    The relation is the edge type: a bond type, a joint type, on a chain or grid the direction. With a mean a sum over
    the relation is divided by `c_ir`, its number of edges. A convolution is this layer with a sum, without `W_0`, and a
    relation for each offset.

    Args:
        in_channels: channels of `x`; or those of the nodes that are heard and of those that hear, where they are of two
            structures.
        out_channels: channels of the result.
        num_relations: edge types.
        num_bases: write each `W_r` as a learned combination of this many bases.
        num_blocks: make each `W_r` block-diagonal with this many blocks.
        aggr: `"mean"`, `"sum"`, `"max"` or `"min"` over the edges of one relation.
        root_weight: add `W_0 x_i`.
        is_sorted: changes nothing: edges are sorted once.
        bias: add `b`.
        neighborhood: who hears whom; the topology's own links unless given.

    Raises:
        OptionError: if both bases and blocks are asked for, or blocks do not divide the channels.
        StructureError: if edges have no types, or types that are not below `num_relations`.

    Reference: Schlichtkrull et al., "Modeling relational data with graph convolutional networks", 2018, equations 2-4.

    Example:
        >>> import torch, geonets as gn
        >>> mol = gn.molecule("CC=O")
        >>> gn.nn.RGCNConv(9, 16, num_relations=5)(mol).x.shape
        torch.Size([3, 16])
    """

    def __init__(
        self,
        in_channels: int | tuple[int, int],
        out_channels: int,
        num_relations: int,
        num_bases: int | None = None,
        num_blocks: int | None = None,
        aggr: str = "mean",
        root_weight: bool = True,
        is_sorted: bool = False,
        bias: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        aggr = "sum" if aggr == "add" else aggr
        one_of("aggr", aggr, ("mean", "sum", "max", "min"))
        heard, hearing = channels_of(in_channels)
        if num_blocks is not None and (num_bases is not None or heard % num_blocks or out_channels % num_blocks):
            raise OptionError(
                f"`num_blocks` must divide both numbers of channels and be used without num_bases; got {num_blocks} "
                f"for {heard} -> {out_channels} channels and num_bases={num_bases}. Choose one of the two forms."
            )
        self.in_channels, self.out_channels, self.num_relations = in_channels, out_channels, num_relations
        self.num_bases, self.num_blocks, self.aggr = num_bases, num_blocks, aggr
        groups = num_blocks or 1
        shape = (groups, heard // groups, out_channels // groups) if num_blocks else (heard, out_channels)
        self.weight = nn.Parameter(glorot(torch.empty(num_bases or num_relations, *shape)))
        self.comp = None if num_bases is None else nn.Parameter(glorot(torch.empty(num_relations, num_bases)))
        self.root = nn.Parameter(glorot(torch.empty(hearing, out_channels))) if root_weight else None
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.spec = ConvolveSpec(neighborhood, groups, "weighted" if aggr == "mean" else "typed")

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, where they are another structure's: see `gn.Between`.
        """
        senders, x = heard_and_hearing(structure, source, self.in_channels)
        if self.aggr in ("max", "min"):
            rows = self._of_extremes(senders, structure, source)
        else:
            edges = self.spec.neighborhood.edges(structure, source)
            require_types(edges, self.num_relations)
            influence = shares(edges, self.num_relations).to(senders.dtype) if self.aggr == "mean" else None
            weight = self._weights().permute(1, 3, 2, 0).flatten(0, 1)  # (C_out, C_in / blocks, R)
            rows = run(self.spec, ConvolveOperands(senders, weight, None, influence), structure, source)
        rows = rows if self.root is None else rows + x @ self.root
        return structure.replace(x=rows if self.bias is None else rows + self.bias)

    def _of_extremes(self, senders: Tensor, structure: Structure, source: Structure | None) -> Tensor:
        """`sum_r W_r max_{j -> i, type r} x_j`."""
        spec = AggregateSpec(ByType(self.spec.neighborhood, self.num_relations), self.aggr)
        heard = run(spec, AggregateOperands(senders), structure, source)
        heard = heard.reshape(-1, self.num_relations, self.spec.groups, senders.shape[1] // self.spec.groups)
        return torch.einsum("nrbi,rbio->nbo", heard, self._weights()).flatten(1)

    def _weights(self) -> Tensor:
        """`(R, blocks, C_in / blocks, C_out / blocks)`."""
        if self.num_blocks is not None:
            return self.weight
        weight = self.weight if self.comp is None else torch.einsum("rb,bio->rio", self.comp, self.weight)
        return weight[:, None]

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, num_relations={self.num_relations}"


def shares(edges: EdgeList, num_types: int) -> Tensor:
    """`(E,)` 1 / c_ir: each edge's part in a mean over the edges of its receiver and type."""
    return edges.remember(("shares", num_types), lambda: _shares(edges, num_types))


def _shares(edges: EdgeList, num_types: int) -> Tensor:
    assert edges.edge_type is not None
    slots = edges.receivers * num_types + edges.edge_type
    _, kind, counts = torch.unique(slots, return_inverse=True, return_counts=True)
    return 1 / counts.double().index_select(0, kind)
