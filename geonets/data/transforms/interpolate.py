"""`interpolate`: a field brought from the nodes of one structure to those of another, by position."""

from __future__ import annotations

from geonets.core.errors import ShapeError, StructureError
from geonets.core.structure import Structure
from geonets.nn import Interpolate


def interpolate(structure: Structure, source: Structure, name: str = "x", k: int = 3) -> Structure:
    """A field at the positions of a structure, by inverse squared distance from the `k` nearest nodes of another.

    `x_i = sum_j w_ij x_j / sum_j w_ij`, `w_ij = 1 / |pos_i - pos_j|^2`; at a node of `source` that node's own.
    The layer is `gn.nn.Interpolate`. Of equally near nodes the lower numbers are heard.

    Args:
        structure: where the field is wanted, with positions.
        source: which has the field, with positions and as many items.
        name: the node field, with rows `(C,)`; it is written under the same name.
        k: how many nodes are heard; of an item that has fewer, all.

    Raises:
        ShapeError: if the field's rows have not one axis.
        StructureError: if one of the two has no positions, they have not as many items, or `source` has no such field.

    Reference: Qi, Yi, Su & Guibas, "PointNet++", 2017, equation 2; PyG's `knn_interpolate`.

    Example:
        >>> import torch, geonets as gn
        >>> known = gn.points([torch.tensor([[0.0], [3.0]])], x=[torch.tensor([[0.0], [10.0]])])
        >>> gn.interpolate(gn.points([torch.tensor([[1.0]])]), known, k=2).x
        tensor([[2.]])
    """
    if name not in source.nodes:
        raise StructureError(
            f"`source` must have the node field {name!r}; got {', '.join(source.nodes) or 'none'}. Name one of them."
        )
    field = source.nodes[name]
    if field.ndim != 2:
        raise ShapeError(
            f"`source.nodes[{name!r}]` must have axes (N, C); got shape {tuple(field.shape)}. Reshape it first."
        )
    found = Interpolate(k)(source.replace(x=field), structure)
    return structure.replace(nodes={name: found.x})
