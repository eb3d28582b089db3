"""`Recurrent`: a cell of one's own on any structure that has an order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import Predecessors
from geonets.engine.spec import RecurOperands, RecurSpec
from geonets.nn.recurrent.base import Recurrence, spec_of


class Recurrent(Recurrence):
    """`state_i = cell(x_i, reduce_{j -> i} state_j)` with any cell: torch's, or one's own.

    On chains a node hears the one before, and only chains that have not ended advance. In a tree or another acyclic
    graph it hears the sum or mean of its predecessors' states, part by part.

    Args:
        cell: `cell(x, state) -> state` on rows: `x` is `(n, C)`, a state a tensor `(n, S)` or a tuple of such tensors,
            the first of which is the output. A module's parameters are the layer's.
        state_size: `S`, or a tuple with one for each part; `cell.hidden_size` unless given, twice for `LSTMCell`.
        reduce: `"sum"` or `"mean"`, over several predecessors.
        reverse: from the ends to the beginnings.
        rounds: step all nodes at once, so many times, instead of one after another: any graph, cycles too.

    Raises:
        OptionError: if the size of the state is not known.
        ShapeError: if the cell returns anything but a state.

    Example:
        >>> import torch, geonets as gn
        >>> leaky = gn.nn.Recurrent(lambda x, level: 0.9 * level + x, state_size=1)
        >>> leaky(gn.chain([torch.ones(3, 1)])).x.flatten()
        tensor([1.0000, 1.9000, 2.7100])
        >>> out, (h, c) = gn.nn.Recurrent(torch.nn.LSTMCell(3, 8))(gn.chain(torch.randn(2, 5, 3)), return_state=True)
        >>> out.x.shape, c.shape
        (torch.Size([10, 8]), torch.Size([2, 8]))
    """

    def __init__(
        self,
        cell: Callable[[Tensor, Any], Any],
        state_size: int | Sequence[int] | None = None,
        reduce: str = "sum",
        reverse: bool = False,
        rounds: int = 0,
    ) -> None:
        super().__init__()
        self.cell = cell
        sizes = _state_sizes(cell) if state_size is None else state_size
        sizes = (sizes,) if isinstance(sizes, int) else tuple(sizes)
        directions = (Predecessors(reverse),)
        self._spec = spec_of("opaque", sizes[0], directions=directions, reduce=reduce, rounds=rounds, state_sizes=sizes)

    @property
    def spec(self) -> RecurSpec:
        return self._spec

    def operands(self, x: Tensor, state: tuple[Tensor, ...] | None) -> RecurOperands:
        return RecurOperands(x, [], state, self.cell)

    def extra_repr(self) -> str:
        return f"state_size={self.spec.state_sizes}, reduce={self.spec.reduce!r}"


def _state_sizes(cell: Any) -> int | tuple[int, ...]:
    size = getattr(cell, "hidden_size", None)
    if not isinstance(size, int):
        raise OptionError(
            f"`state_size` must be given for a cell without hidden_size; got None for {type(cell).__name__}. "
            "Pass the number of channels of the state, or a tuple with one number for each part."
        )
    return (size, size) if "LSTM" in type(cell).__name__ else size
