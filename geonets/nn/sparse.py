"""`SparseLinear`: a linear layer on features of which only the entries that are not zero are kept."""

from __future__ import annotations

from torch import Tensor, nn

from geonets.core.neighborhoods import Entries
from geonets.core.ranges import Sizes
from geonets.core.structure import Structure
from geonets.core.topology import Set
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.layer import Layer, remembered


class SparseLinear(Layer):
    """`y_i = W x_i + b` on features kept sparse; keys of `torch.nn.Linear`, so that its weights can be loaded.

    `W x_i = sum_c x_ic w_c` over the entries of `x_i`: nodes hear channels, and a channel says its column of `W`.

    Args:
        in_features: channels of the features.
        out_features: channels of the result.
        level: of the structure that holds the entries: see `gn.keep_sparse`.
        bias: add `b`.

    Raises:
        StructureError: if there is no such level, or an entry in a channel that is not there.

    Example:
        >>> import torch, geonets as gn
        >>> words = (torch.rand(3, 100) < 0.1).float()
        >>> papers = gn.keep_sparse(gn.graph(torch.tensor([[0, 1], [1, 2]]), num_nodes=3), words, "words")
        >>> gn.nn.SparseLinear(100, 8, "words")(papers).x.shape
        torch.Size([3, 8])
    """

    def __init__(self, in_features: int, out_features: int, level: str, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.out_features, self.level = in_features, out_features, level
        as_torch = nn.Linear(in_features, out_features, bias)
        self.weight, self.bias = as_torch.weight, as_torch.bias

    def forward(self, structure: Structure) -> Structure:
        rows = product_with_entries(structure, self.level, self.weight)
        return structure.replace(x=rows if self.bias is None else rows + self.bias)

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}, {self.level!r}"


def product_with_entries(structure: Structure, level: str, weight: Tensor) -> Tensor:
    """`W x_i` of every node, `(N, C_out)`.

    Args:
        structure: which holds the entries of `x`.
        level: where.
        weight: `(C_out, C)`.
    """
    spec = _spec(level, weight.shape[1])
    entries = spec.neighborhood.edges(structure)
    values = entries.in_receiver_order(structure.levels[level]["values"]).to(weight.dtype)
    columns = weight.T.contiguous()
    channels = Structure(Set(Sizes.of((len(columns),), device=columns.device)), {"x": columns})
    return run(spec, AggregateOperands(columns, edges=values), structure, channels)


@remembered
def _spec(level: str, num_channels: int) -> AggregateSpec:
    return AggregateSpec(Entries(level, num_channels), "sum", "weighted")
