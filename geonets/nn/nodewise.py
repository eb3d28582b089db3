"""Layers that act on each node by itself: torch's own, on the rows of a structure."""

from __future__ import annotations

import itertools
from typing import Any

from torch import nn

from geonets.core.errors import OptionError
from geonets.nn.layer import Layer, NodeWise, on_nodes


class Linear(NodeWise, nn.Linear):
    """`y_i = W x_i + b` on every node; arguments and keys of `torch.nn.Linear`.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.Linear(3, 8)(gn.chain(torch.randn(2, 5, 3))).x.shape
        torch.Size([10, 8])
    """


class Embedding(NodeWise, nn.Embedding):
    """A learned vector for each number in a vocabulary; arguments and keys of `torch.nn.Embedding`.

    `x` holds whole numbers, `(N,)` or one channel `(N, 1)`.

    Example:
        >>> import torch, geonets as gn
        >>> words = gn.chain([torch.tensor([[4], [0]]), torch.tensor([[2]])])
        >>> gn.nn.Embedding(5, 8)(words).x.shape
        torch.Size([3, 8])
    """

    def forward(self, input: Any) -> Any:
        return on_nodes(lambda rows: nn.Embedding.forward(self, rows.reshape(len(rows))), input)


class Dropout(NodeWise, nn.Dropout):
    """Leave out entries of `x` at random in training; arguments of `torch.nn.Dropout`."""


class ReLU(NodeWise, nn.ReLU):
    """`max(x, 0)`."""


class LeakyReLU(NodeWise, nn.LeakyReLU):
    """`max(x, 0) + negative_slope * min(x, 0)`."""


class ELU(NodeWise, nn.ELU):
    """`x` above 0, `alpha (exp(x) - 1)` below."""


class GELU(NodeWise, nn.GELU):
    """`x` times the normal distribution function of `x`."""


class SiLU(NodeWise, nn.SiLU):
    """`x sigmoid(x)`."""


class Softplus(NodeWise, nn.Softplus):
    """`log(1 + exp(beta x)) / beta`."""


class Tanh(NodeWise, nn.Tanh):
    """Hyperbolic tangent."""


class Sigmoid(NodeWise, nn.Sigmoid):
    """`1 / (1 + exp(-x))`."""


class PerNode(Layer):
    """Any torch module of one's own that acts on each row by itself.

    Args:
        module: takes rows `(N, C)`, returns rows `(N, C')`; it must not look at any other row.

    Example:
        >>> import torch, geonets as gn
        >>> shares = gn.nn.PerNode(torch.nn.Softmax(dim=1))
        >>> shares(gn.chain(torch.zeros(1, 2, 4))).x
        tensor([[0.2500, 0.2500, 0.2500, 0.2500],
                [0.2500, 0.2500, 0.2500, 0.2500]])
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, structure: Any) -> Any:
        return on_nodes(self.module, structure)


class MLP(NodeWise, nn.Sequential):
    """Linear layers with a nonlinearity between them, on every node: `W_2 relu(W_1 x + b_1) + b_2`.

    Args:
        channels: widths from input to output.
        norm: `"batch"` or `"layer"` before each nonlinearity, or None.
        dropout: the part of the hidden entries that training leaves out.
        activate_last: end with normalisation and nonlinearity, not with a linear layer.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.MLP([3, 16, 1])(gn.chain(torch.randn(2, 5, 3))).x.shape
        torch.Size([10, 1])
    """

    def __init__(
        self, channels: list[int], norm: str | None = None, dropout: float = 0.0, activate_last: bool = False
    ) -> None:
        norms = {None: None, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
        if norm not in norms:
            raise OptionError(f"`norm` must be 'batch', 'layer' or None; got {norm!r}. Choose one of them.")
        if len(channels) < 2:
            raise OptionError(
                f"`channels` must name at least input and output; got {channels}. Pass [in, hidden, out]."
            )
        layers: list[nn.Module] = []
        for step, (before, after) in enumerate(itertools.pairwise(channels)):
            layers.append(nn.Linear(before, after))
            if step < len(channels) - 2 or activate_last:
                make = norms[norm]
                layers += [make(after)] if make is not None else []
                layers.append(nn.ReLU())
                layers += [nn.Dropout(dropout)] if dropout else []
        super().__init__(*layers)
