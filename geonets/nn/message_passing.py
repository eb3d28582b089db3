"""`MessagePassing`: layers from a message function of one's own, and the edge features that layers read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from geonets.core.errors import StructureError
from geonets.core.neighborhoods import Between, Links, Neighborhood
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec, Reads
from geonets.nn.layer import Layer, features, with_rows

LINKS = Links()


class MessagePassing(Layer):
    """`x_i' = update(x_i, reduce_{j -> i} message(x_j, x_i, e_ij))` with functions of one's own.

    Args:
        message: called once with one row an edge, as `reads` says; returns one row an edge.
        reduce: `"sum"`, `"mean"`, `"max"`, `"min"`, `"var"`, `"std"` (divided by the number of messages), `"softmax"`
            (`sum_j softmax_j(t m_j) m_j` in each channel), or several of them, joined along the channels; a node that
            hears nothing gets 0.
        update: called with the nodes' rows and what they heard; what they heard is the result unless given.
        reads: what `message` is called with, in this order: `"sender"`, `"receiver"`, `"edge"` (`edge_attr` or None).
        neighborhood: who hears whom; the topology's own links unless given.
        temperature: `t` of the softmax; pass a `torch.nn.Parameter`, of one entry or one a channel, to learn it.

    Reference: Gilmer et al., "Neural message passing for quantum chemistry", 2017, equations 1-2.

    Example:
        >>> import torch, geonets as gn
        >>> reads = ("sender", "receiver")
        >>> difference = gn.nn.MessagePassing(lambda sender, receiver: sender - receiver, "max", reads=reads)
        >>> difference(gn.chain([torch.tensor([[1.0], [4.0], [2.0]])])).x.flatten()
        tensor([ 3., -2.,  2.])
    """

    def __init__(
        self,
        message: Callable[..., Tensor],
        reduce: str | tuple[str, ...] = "sum",
        update: Callable[[Tensor, Tensor], Tensor] | None = None,
        reads: Reads = ("sender", "receiver", "edge"),
        neighborhood: Neighborhood = LINKS,
        temperature: float | nn.Parameter = 1.0,
    ) -> None:
        super().__init__()
        self.message, self.update, self.temperature = message, update, temperature
        self.spec = AggregateSpec(neighborhood, reduce, "opaque", reads)

    def forward(
        self, structure: Structure, edge_attr: Tensor | None = None, source: Structure | None = None
    ) -> Structure:
        """Let the nodes hear.

        Args:
            structure: whose nodes hear.
            edge_attr: `(E, ...)` rows of the neighborhood's edges in receiver order; those of the structure, which
                belong to its own links, unless given.
            source: whose nodes are heard, where they are another structure's.

        Raises:
            StructureError: if a message or an update reads receivers that are new nodes, which have no rows yet.
        """
        x, hears = features(structure), self.spec.neighborhood
        target = hears.target(structure.topology)
        if target is not structure.topology and (self.update is not None or "receiver" in self.spec.reads):
            raise StructureError(
                f"`neighborhood` must lead to the nodes themselves where receivers are read; got {hears}, which leads "
                "to new ones. Read ('sender', 'edge') only, and leave out update."
            )
        rows = structure.edge_attr if edge_attr is None and isinstance(hears, Links) else edge_attr
        spoken = x if source is None else features(source)
        operands = AggregateOperands(spoken, x, rows, self.message, temperature=self.temperature)
        heard = run(self.spec, operands, structure, source)
        return with_rows(structure, target, heard if self.update is None else self.update(x, heard))

    def extra_repr(self) -> str:
        return f"reduce={self.spec.reduce!r}, neighborhood={self.spec.neighborhood}"


def edge_features(structure: Structure, neighborhood: Neighborhood, layer: str, source: Structure | None = None) -> Any:
    """The edge features `(E, C)` that belong to the edges of a neighborhood: `edge_attr` of the links or the relation.

    Raises:
        StructureError: if there are none.
    """
    if isinstance(neighborhood, Between):
        edges, fields = neighborhood.edges(structure, source), structure.levels[neighborhood.level].fields
        if "edge_attr" not in fields:
            raise StructureError(
                f"`structure` must have edge_attr on its level {neighborhood.level!r} for {layer}; got "
                f"{', '.join(fields)}. Add a row for each of its edges, or use a layer without edge features."
            )
        return edges.in_receiver_order(fields["edge_attr"])
    if structure.edge_attr is None or not isinstance(neighborhood, Links):
        found = "none" if structure.edge_attr is None else f"edges of {neighborhood}, which have none"
        raise StructureError(
            f"`structure` must have edge_attr on its own links for {layer}; got {found}. "
            "Pass gn.graph(..., edge_attr=...), or use a layer without edge features."
        )
    return structure.edge_attr
