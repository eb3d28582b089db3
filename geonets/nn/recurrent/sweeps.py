"""Recurrences with weights for each relation: sweeps of grids from all corners, and N-ary trees."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import Predecessors
from geonets.engine.spec import RecurOperands, RecurSpec
from geonets.engine.spec.recur import FORWARD, GATES
from geonets.nn.recurrent.base import Recurrence, spec_of


class _Relational(Recurrence):
    """Weights `w_ih`, `w_hh` with a matrix for each relation, and biases, for each layer and direction."""

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        relations: int,
        directions: tuple[Predecessors, ...],
        bias: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        reduce = "mean" if cell == "gru" else "sum"  # what a GRU carries over would double at every node of a grid
        self._spec = spec_of(
            cell, hidden_size, num_layers, directions, bias, dropout, relations=relations, reduce=reduce
        )
        width, heard = GATES[cell] * hidden_size, (GATES[cell] + (relations - 1) * (cell == "lstm")) * hidden_size
        self._names = []
        for layer, direction in itertools.product(range(num_layers), directions):
            channels = input_size if layer == 0 else len(directions) * hidden_size
            shapes = {"weight_ih": (width, channels), "weight_hh": (relations, heard, hidden_size)}
            shapes |= {"bias_ih": (width,), "bias_hh": (width,)} if bias else {}
            for kind, shape in shapes.items():
                name = f"{kind}_l{layer}{_suffix(direction)}"
                self.register_parameter(name, nn.Parameter(torch.empty(shape)))
                self._names.append(name)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters as torch's recurrent layers do, evenly from `+-1 / sqrt(H)`."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    @property
    def spec(self) -> RecurSpec:
        return self._spec

    def operands(self, x: Tensor, state: tuple[Tensor, ...] | None) -> RecurOperands:
        return RecurOperands(x, [getattr(self, name) for name in self._names], state)

    def extra_repr(self) -> str:
        layers = f", num_layers={self.spec.num_layers}" if self.spec.num_layers > 1 else ""
        return f"{self.input_size}, {self.hidden_size}{layers}"


class NaryTreeLSTM(_Relational):
    """An LSTM on trees whose children have positions: a matrix for each position, and a forget gate.

    `i, o, g = act(W x + sum_l U_l h_l + b)`, `f_k = sigmoid(W_f x + sum_l U_kl h_l + b_f)`,
    `c = i g + sum_k f_k c_k`, `h = o tanh(c)`. The position of a child is the `edge_type` of its edge. With an arity
    of 1 it is an `LSTM`.

    Args:
        input_size: channels of the nodes.
        hidden_size: `H`.
        arity: `K`, how many positions there are.
        bias: whether gates have biases: the sum of two, as in torch.

    Raises:
        StructureError: if an edge has no type, or one of `K` and above.

    Reference: Tai, Socher & Manning, "Improved semantic representations from tree-structured LSTM networks", 2015,
        eq. 9-14.

    Example:
        >>> import torch, geonets as gn
        >>> left_and_right = torch.tensor([[1, 2], [0, 0]])
        >>> tree = gn.graph(left_and_right, x=torch.randn(3, 4), edge_type=torch.tensor([0, 1]))
        >>> gn.nn.NaryTreeLSTM(4, 8, arity=2)(tree).x.shape
        torch.Size([3, 8])
    """

    def __init__(self, input_size: int, hidden_size: int, arity: int, bias: bool = True) -> None:
        if arity < 1:
            raise OptionError(f"`arity` must be positive; got {arity}. Say how many children a node may have.")
        super().__init__("lstm", input_size, hidden_size, 1, arity, FORWARD, bias, 0.0)


class _Sweeps(_Relational):
    """From every corner of a grid to the opposite one; the outputs of all corners are joined along the channels."""

    cell: str
    axes: int

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, dropout: float = 0.0
    ) -> None:
        corners = tuple(Predecessors(flips) for flips in itertools.product((False, True), repeat=self.axes))
        super().__init__(self.cell, input_size, hidden_size, num_layers, self.axes, corners, bias, dropout)


class RNN2d(_Sweeps):
    """`h_yx = tanh(W x_yx + U_0 h_{y-1,x} + U_1 h_{y,x-1} + b)` from each of the four corners of an image.

    The four sweeps have weights of their own and give `4 H` channels, in the order of the corners (top left, top
    right, bottom left, bottom right); a pixel has thus seen the whole image. Keys are `weight_ih_l0`, `weight_hh_l0`
    (a matrix for each axis), `bias_ih_l0`, `bias_hh_l0`, and the same ending in `_reverse1`, `_reverse0` and
    `_reverse01`, which name the axes that the sweep runs against.

    Args:
        input_size: channels of the nodes.
        hidden_size: `H`.
        num_layers: stacked layers, each of which reads all sweeps of the one below.
        bias: whether there are biases: the sum of two, as in torch.
        dropout: the part of the rows between layers that training leaves out.

    Raises:
        UnsupportedError: if the structure is no lattice with as many axes.

    Reference: Graves, Fernandez & Schmidhuber, "Multi-dimensional recurrent neural networks", 2007, section 2.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.RNN2d(3, 8)(gn.grid(torch.randn(2, 5, 7, 3))).x.shape
        torch.Size([70, 32])
    """

    cell, axes = "rnn_tanh", 2


class LSTM2d(_Sweeps):
    """`c_yx = i g + f_0 c_{y-1,x} + f_1 c_{y,x-1}`, `h = o tanh(c)` from each of the four corners of an image.

    A forget gate for each axis; each gate reads both neighbours. Arguments and keys as in `RNN2d`, where `weight_hh`
    holds the gates i, f_0, f_1, g, o for each axis.

    Reference: Graves, Fernandez & Schmidhuber, "Multi-dimensional recurrent neural networks", 2007, section 3.1,
        without peepholes.

    Example:
        >>> import torch, geonets as gn
        >>> gn.nn.LSTM2d(3, 8)(gn.grid([torch.randn(5, 7, 3), torch.randn(2, 2, 3)])).x.shape
        torch.Size([39, 32])
    """

    cell, axes = "lstm", 2


class GRU2d(_Sweeps):
    """`h_yx = (1 - z) n + z (h_{y-1,x} + h_{y,x-1}) / 2` from each of the four corners of an image.

    The mean is over the neighbours that there are. Arguments and keys as in `RNN2d`, gates as in `GRU`.

    Reference: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014, on a grid as in Graves,
        Fernandez & Schmidhuber, "Multi-dimensional recurrent neural networks", 2007.
    """

    cell, axes = "gru", 2


class RNN3d(_Sweeps):
    """`RNN2d` on volumes, from each of the eight corners."""

    cell, axes = "rnn_tanh", 3


class LSTM3d(_Sweeps):
    """`LSTM2d` on volumes, from each of the eight corners."""

    cell, axes = "lstm", 3


class GRU3d(_Sweeps):
    """`GRU2d` on volumes, from each of the eight corners."""

    cell, axes = "gru", 3


def _suffix(direction: Predecessors) -> str:
    """`_reverse` and the axes that a sweep runs against; nothing for none."""
    flips = direction.reverse if isinstance(direction.reverse, tuple) else ()
    against = "".join(str(axis) for axis, flip in enumerate(flips) if flip)
    return f"_reverse{against}" if against else ""
