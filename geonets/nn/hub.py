"""Layers through one node that stands for the whole item: `DeepSets` and `VirtualNode`."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from geonets.core.neighborhoods import Hub
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.layer import Layer, features
from geonets.nn.nodewise import MLP


class DeepSets(Layer):
    """`x_i' = L x_i + G reduce_j x_j + b`: all that a linear layer on a set can do without asking for an order.

    With `reduce="sum"` it is the matrix `lambda I + gamma 1 1^T` of the theorem, with channels.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result.
        reduce: over all nodes of the item: `"sum"`, or `"mean"` or `"max"`, which do not grow with it.
        bias: add one.

    Reference: Zaheer et al., "Deep sets", 2017, theorem 3 and equation 4.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.DeepSets(3, 8)(gn.points(None, x=[torch.randn(5, 3), torch.randn(2, 3)])).x.shape
        torch.Size([7, 8])
    """

    def __init__(self, in_channels: int, out_channels: int, reduce: str = "sum", bias: bool = True) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.lin_own = nn.Linear(in_channels, out_channels, bias=bias)
        self.lin_all = nn.Linear(in_channels, out_channels, bias=False)
        self.spec = AggregateSpec(Hub(), reduce)

    def forward(self, structure: Structure) -> Structure:
        x = features(structure, self.in_channels)
        everybody = self.lin_all(run(self.spec, AggregateOperands(x), structure))
        return structure.replace(x=self.lin_own(x) + everybody.index_select(0, structure.topology.item_ids))

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, reduce={self.spec.reduce!r}"


class VirtualNode(Layer):
    """One more node that speaks to all nodes of its item, hears them all, and remembers it until the next such layer.

        x_i' = x_i + u
        u' = u + nn(u + reduce_i x_i')

    Put one before each layer of messages: every node is then two steps away from every other. The state `u` is
    `globals["u"]` of the structure; the first `VirtualNode` starts it with a learnt row.

    Args:
        channels: of `x` and of `u`.
        nn: on `(B, channels)` rows; an MLP with a hidden layer of twice the width unless given.
        reduce: how the nodes are heard.

    Reference: Gilmer et al., "Neural message passing for quantum chemistry", 2017, section 5.2; Hu et al., "OGB-LSC",
        2021, appendix A.

    Example:
        >>> import torch, geonets as gn
        >>> virtual = gn.nn.VirtualNode(9)
        >>> net = gn.nn.Sequential(virtual, gn.nn.GCNConv(9, 9), gn.nn.VirtualNode(9), gn.nn.GCNConv(9, 9))
        >>> net(gn.molecule(["CCO", "C"])).globals["u"].shape
        torch.Size([2, 9])
    """

    def __init__(self, channels: int, nn: Callable[[Tensor], Tensor] | None = None, reduce: str = "sum") -> None:
        super().__init__()
        self.channels = channels
        self.start = torch.nn.Parameter(torch.zeros(channels))
        self.nn = MLP([channels, 2 * channels, channels]) if nn is None else nn
        self.spec = AggregateSpec(Hub(), reduce)

    def forward(self, structure: Structure) -> Structure:
        x, state = features(structure, self.channels), structure.globals.get("u")
        if state is None:
            state = self.start.expand(len(structure), -1)
        x = x + state.index_select(0, structure.topology.item_ids)
        heard = run(self.spec, AggregateOperands(x), structure)
        return structure.replace(x=x, globals={"u": state + self.nn(state + heard)})

    def extra_repr(self) -> str:
        return f"{self.channels}, reduce={self.spec.reduce!r}"
