"""`RNN`, `LSTM`, `GRU` on chains, trees and other acyclic graphs."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from geonets.core.options import one_of
from geonets.engine.spec import RecurOperands, RecurSpec
from geonets.engine.spec.recur import BOTH, FORWARD
from geonets.nn.recurrent.base import Recurrence, spec_of


class _OfTorch(Recurrence, nn.RNNBase):
    """Parameters, keys and initialisation of torch's; `RNNBase`, not `LSTM`, since a compiler refuses to trace that."""

    rounds: int

    @property
    def spec(self) -> RecurSpec:
        return spec_of(
            self.mode.lower(),
            self.hidden_size,
            self.num_layers,
            BOTH if self.bidirectional else FORWARD,
            self.bias,
            self.dropout,
            self.proj_size,
            rounds=self.rounds,
        )

    def operands(self, x: Tensor, state: tuple[Tensor, ...] | None) -> RecurOperands:
        return RecurOperands(x, [getattr(self, name) for name in self._flat_weights_names], state)

    def extra_repr(self) -> str:
        return super().extra_repr() + (f", rounds={self.rounds}" if self.rounds else "")


class RNN(_OfTorch):
    """`h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)`; arguments and keys of `torch.nn.RNN`.

    On a tree `h_{t-1}` is the sum over the children. `batch_first` changes nothing: a Structure knows its items.

    Args:
        rounds: step all nodes at once, so many times, instead of one after another: any graph, cycles too.

    Reference: Elman, "Finding structure in time", 1990.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.RNN(3, 8)(gn.chain(torch.randn(24, 10, 3))).x.shape
        torch.Size([240, 8])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        rounds: int = 0,
    ) -> None:
        one_of("nonlinearity", nonlinearity, ("tanh", "relu"))
        self.nonlinearity, self.rounds = nonlinearity, rounds
        mode = f"RNN_{nonlinearity.upper()}"
        sizes = input_size, hidden_size, num_layers
        nn.RNNBase.__init__(self, mode, *sizes, bias, batch_first, dropout, bidirectional, 0, device, dtype)


class LSTM(_OfTorch):
    """`c_t = f c_{t-1} + i g`, `h_t = o tanh(c_t)`; arguments and keys of `torch.nn.LSTM`.

    On a tree it is the child-sum LSTM with the same weights: every child has a forget gate of its own.
    `batch_first` changes nothing: a Structure knows its items.

    Args:
        proj_size: project `h` to so many channels: `h_t = W_hr (o tanh(c_t))`.
        rounds: step all nodes at once, so many times, instead of one after another: any graph, cycles too.

    Reference: Hochreiter & Schmidhuber, "Long short-term memory", 1997; Gers et al., "Learning to forget", 2000;
        Tai, Socher & Manning, "Improved semantic representations from tree-structured LSTM networks", 2015, eq. 2-8;
        Sak, Senior & Beaufays, "Long short-term memory based recurrent neural network architectures", 2014.

    Example:
        >>> import torch, geonets as gn
        >>> out, (h, c) = gn.nn.LSTM(3, 64)(gn.chain([torch.randn(7, 3), torch.randn(4, 3)]), return_state=True)
        >>> out.x.shape, h.shape
        (torch.Size([11, 64]), torch.Size([1, 2, 64]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
        rounds: int = 0,
    ) -> None:
        self.rounds = rounds
        options = bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        nn.RNNBase.__init__(self, "LSTM", input_size, hidden_size, num_layers, *options)


class GRU(_OfTorch):
    """`h_t = (1 - z) n + z h_{t-1}`, `n = tanh(W_in x_t + b_in + r (W_hn h_{t-1} + b_hn))`.

    Arguments and keys of `torch.nn.GRU`. On a tree `h_{t-1}` is the sum over the children.
    `batch_first` changes nothing: a Structure knows its items.

    Args:
        rounds: step all nodes at once, so many times, instead of one after another: any graph, cycles too.

    Reference: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.GRU(3, 8, bidirectional=True)(gn.chain(torch.randn(2, 10, 3))).x.shape
        torch.Size([20, 16])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        rounds: int = 0,
    ) -> None:
        self.rounds = rounds
        options = bias, batch_first, dropout, bidirectional, 0, device, dtype
        nn.RNNBase.__init__(self, "GRU", input_size, hidden_size, num_layers, *options)
