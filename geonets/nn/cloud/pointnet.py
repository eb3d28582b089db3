"""`PointNetConv`: what stands out among the points around a point."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import torch
from torch import Tensor

from geonets.core.neighborhoods import Neighborhood, WithLoops
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.graph.linear import before_tail
from geonets.nn.layer import Layer, positions
from geonets.nn.message_passing import LINKS


class PointNetConv(Layer):
    """`x_i' = global_nn(max_{j -> i} local_nn([x_j, pos_j - pos_i]))`; arguments and keys of PyG's `PointNetConv`.

    Args:
        local_nn: on `(E, C + D)` rows, or None to pass them on.
        global_nn: on `(N, C')` rows, or None.
        add_self_loops: a node hears itself, where it hears nodes of its own structure.
        neighborhood: who hears whom; the topology's own links unless given.

    Raises:
        StructureError: if the structure has no positions.

    Reference: Qi et al., "PointNet++", 2017, equation 2.

    Example:
        >>> import torch, geonets as gn
        >>> conv = gn.nn.PointNetConv(gn.nn.MLP([3, 16]), neighborhood=gn.KNN(4))
        >>> conv(gn.points(torch.randn(2, 10, 3))).x.shape
        torch.Size([20, 16])
    """

    def __init__(
        self,
        local_nn: Callable[[Tensor], Tensor] | None = None,
        global_nn: Callable[[Tensor], Tensor] | None = None,
        add_self_loops: bool = True,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        self.local_nn, self.global_nn = local_nn, global_nn
        hears = WithLoops(neighborhood) if add_self_loops else neighborhood
        self.spec = AggregateSpec(hears, "max", "opaque", ("sender", "receiver"))
        self.across = AggregateSpec(neighborhood, "max", "opaque", ("sender", "receiver"))
        self.with_tail = {spec: dataclasses.replace(spec, tail=True) for spec in (self.spec, self.across)}

    def forward(self, structure: Structure, source: Structure | None = None) -> Structure:
        """Let every node hear the nodes around it.

        Args:
            structure: whose nodes hear.
            source: whose nodes are heard, item by item, by a neighborhood that looks into another structure; the
                structure itself unless given.
        """
        spec, source = (self.spec, structure) if source is None else (self.across, source)
        pos, heard_pos = positions(structure, "PointNetConv"), positions(source, "PointNetConv")
        senders = heard_pos if source.x is None else torch.cat([source.x, heard_pos], 1)
        parts = None if self.local_nn is None else before_tail(self.local_nn)
        network, tail = (self.local_nn, None) if parts is None else parts
        spec = spec if tail is None else self.with_tail[spec]
        message = functools.partial(_message, network)
        rows = run(spec, AggregateOperands(senders, pos, message=message, tail=tail), structure, source)
        return structure.replace(x=rows if self.global_nn is None else self.global_nn(rows))

    def extra_repr(self) -> str:
        return f"neighborhood={self.spec.neighborhood}"


def _message(network: Callable[[Tensor], Tensor] | None, sender: Tensor, receiver: Tensor) -> Tensor:
    width = sender.shape[1] - receiver.shape[1]
    rows = torch.cat([sender[:, :width], sender[:, width:] - receiver], 1)
    return rows if network is None else network(rows)
