"""`Coarsen` and `Refine`: down to fewer nodes and up again; `Interpolate` between positions."""

from __future__ import annotations

from torch import Tensor

from geonets.core.neighborhoods import KNN, Back, Coarser, Neighborhood
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.layer import Layer, features, remembered

HALF = Coarser(2)


class Coarsen(Layer):
    """`y_c = reduce_{j -> c} x_j`: every coarse node receives from the nodes that speak to it.

    Args:
        neighborhood: who the coarse nodes are and whom they hear: `gn.Coarser`, which finds what is natural on any
            structure, `gn.Blocks`, `gn.Farthest`, `gn.Voxels`, `gn.Independent`, a strided `gn.Stencil`.
        reduce: `"max"`, `"mean"`, `"sum"` or `"min"`; a coarse node that hears nothing gets 0.

    Returns:
        A Structure over the coarse nodes, with positions where the nodes have them.

    Example:
        >>> import torch, geonets as gn
        >>> half = gn.nn.Coarsen(gn.Coarser(2))
        >>> half(gn.chain(torch.randn(1, 7, 3))).topology
        Chain(1 item of 4 nodes along (time))
        >>> half(gn.points(torch.randn(2, 40, 3), x=torch.ones(2, 40, 1))).topology
        Set(2 items of 10 nodes)
    """

    def __init__(self, neighborhood: Neighborhood = HALF, reduce: str = "max") -> None:
        super().__init__()
        self.neighborhood, self.reduce = neighborhood, reduce
        AggregateSpec(neighborhood, reduce)

    def forward(self, structure: Structure) -> Structure:
        spec = _spec(self.neighborhood.resolved(structure.topology), self.reduce)
        rows = run(spec, AggregateOperands(features(structure)), structure)
        return spec.neighborhood.receivers(structure).replace(x=rows)

    def refine(self, coarse: Structure, fine: Structure) -> Structure:
        """The way back: `Refine` with the same neighborhood."""
        return spread(self.neighborhood, "mean", coarse, fine)

    def extra_repr(self) -> str:
        return f"{self.neighborhood}, reduce={self.reduce!r}"


class Refine(Layer):
    """`x_i = reduce_{c -> i} y_c`: every node hears the coarse nodes that it spoke to; one that spoke to none gets 0.

    Args:
        neighborhood: the coarsening that leads from the fine structure to the coarse one.
        reduce: of what a node hears, where it spoke to several: `"mean"`, `"sum"`, `"max"` or `"min"`.

    Returns:
        The fine structure with features of the coarse one.

    Raises:
        StructureError: if `coarse` is not what the neighborhood makes of `fine`.

    Example:
        >>> import torch, geonets as gn
        >>> fine = gn.chain([torch.tensor([[1.0], [5.0], [2.0]])])
        >>> coarse = gn.nn.Coarsen(gn.Blocks(2))(fine)
        >>> gn.nn.Refine(gn.Blocks(2))(coarse, fine).x.flatten()
        tensor([5., 5., 2.])
    """

    def __init__(self, neighborhood: Neighborhood = HALF, reduce: str = "mean") -> None:
        super().__init__()
        self.neighborhood, self.reduce = neighborhood, reduce
        AggregateSpec(neighborhood, reduce)

    def forward(self, coarse: Structure, fine: Structure) -> Structure:
        return spread(self.neighborhood, self.reduce, coarse, fine)

    def extra_repr(self) -> str:
        return f"{self.neighborhood}, reduce={self.reduce!r}"


class Interpolate(Layer):
    """Features between positions, by inverse squared distance to the `k` nearest coarse nodes of the item.

    `x_i = sum_{c -> i} w_ic y_c / sum_{c -> i} w_ic`, `w_ic = 1 / |pos_i - pos_c|^2`.

    Args:
        k: coarse nodes that a node hears; an item with fewer is heard whole.

    Returns:
        The fine structure with features of the coarse one.

    Raises:
        StructureError: if one of the two has no positions.

    Reference: Qi, Yi, Su & Guibas, "PointNet++", 2017, equation 2.

    Example:
        >>> import torch, geonets as gn
        >>> few = gn.points([torch.tensor([[0.0], [3.0]])], x=[torch.tensor([[0.0], [10.0]])])
        >>> gn.nn.Interpolate(k=2)(few, gn.points([torch.tensor([[1.0]])])).x
        tensor([[2.]])
    """

    def __init__(self, k: int = 3) -> None:
        super().__init__()
        self.neighborhood = KNN(k, loop=True)

    def forward(self, coarse: Structure, fine: Structure) -> Structure:
        weights = self._weights(coarse, fine)
        spec = _weighted(self.neighborhood)
        return fine.replace(x=run(spec, AggregateOperands(features(coarse), edges=weights), fine, coarse))

    def _weights(self, coarse: Structure, fine: Structure) -> Tensor:
        edges = self.neighborhood.edges(fine, coarse)
        apart = fine.pos.index_select(0, edges.receivers) - coarse.pos.index_select(0, edges.senders)
        weights = 1 / apart.square().sum(1).clamp(min=1e-16)  # as PyG's knn_interpolate
        totals = weights.new_zeros(edges.num_receivers).index_add(0, edges.receivers, weights)
        return weights / totals.index_select(0, edges.receivers)

    def extra_repr(self) -> str:
        return f"k={self.neighborhood.k}"


def spread(neighborhood: Neighborhood, reduce: str, coarse: Structure, fine: Structure) -> Structure:
    """The fine structure with what its nodes hear of the coarse nodes that they spoke to."""
    spec = _spec(Back(neighborhood).resolved(fine.topology), reduce)
    return fine.replace(x=run(spec, AggregateOperands(features(coarse)), fine, coarse))


@remembered
def _spec(neighborhood: Neighborhood, reduce: str) -> AggregateSpec:
    return AggregateSpec(neighborhood, reduce)


@remembered
def _weighted(neighborhood: Neighborhood) -> AggregateSpec:
    return AggregateSpec(neighborhood, "sum", "weighted")
