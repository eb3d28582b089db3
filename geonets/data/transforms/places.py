"""Positions of each item put into a common place and scale: `center`, `normalize`, `scale`, `jitter`."""

from __future__ import annotations

import torch

from geonets.core.errors import OptionError
from geonets.core.options import one_of
from geonets.core.ranges import segment_mean
from geonets.core.sampling import Seed, local_numbers, normal, number_of, uniform
from geonets.core.structure import Structure
from geonets.data.transforms.positions import positions


def center(structure: Structure) -> Structure:
    """Each item moved so that the mean of its positions is the origin: `pos_i - mean(pos)`.

    Args:
        structure: with positions.

    Raises:
        DtypeError: if positions are whole numbers.
        StructureError: if it has no positions.

    Example:
        >>> import geonets as gn
        >>> gn.transforms.center(gn.points([torch.tensor([[1.0], [3.0]]), torch.tensor([[7.0]])])).pos.flatten()
        tensor([-1.,  1.,  0.])
    """
    pos, topology = positions(structure, "center"), structure.topology
    means = segment_mean(pos, topology.node_offsets, topology.item_ids)
    return structure.replace(pos=pos - means[topology.item_ids])


def normalize(structure: Structure, to: str = "sphere") -> Structure:
    """Each item centred and scaled to size 1; shifts and sizes of the input then make no difference.

    `(pos_i - m) / s`, `m` the item's mean. An item whose nodes are all in one place is only centred.

    Args:
        structure: with positions.
        to: `"sphere"`: `s` is the largest distance from the mean; `"cube"`: `s` is the largest coordinate, so that the
            item just fits into `[-1, 1]^D`.

    Raises:
        OptionError: if `to` is another word.
        DtypeError: if positions are whole numbers.
        StructureError: if it has no positions.

    Reference: Qi et al., "PointNet", 2017, section 5.1 (sphere); PyG's `NormalizeScale` (cube).

    Example:
        >>> import geonets as gn
        >>> gn.transforms.normalize(gn.points([torch.tensor([[0.0, 0.0], [6.0, 8.0]])])).pos
        tensor([[-0.6000, -0.8000],
                [ 0.6000,  0.8000]])
    """
    one_of("to", to, ("sphere", "cube"))
    centred = center(structure)
    pos, items = centred.pos, structure.topology.item_ids
    reach = torch.linalg.vector_norm(pos, dim=1) if to == "sphere" else pos.abs().amax(1)
    largest = reach.new_zeros(len(structure)).scatter_reduce(0, items, reach, "amax")
    return centred.replace(pos=pos / torch.where(largest > 0, largest, 1)[items][:, None])


def scale(structure: Structure, factor: float | tuple[float, float], seed: Seed = None) -> Structure:
    """Each item made larger or smaller about the origin: `s_b pos_i`.

    Args:
        structure: with positions.
        factor: `s`, or the least and largest of which each item draws one, uniformly.
        seed: of the draws: a number, or a generator, or None for torch's global one.

    Raises:
        OptionError: if a factor is not positive and finite.
        DtypeError: if positions are whole numbers.
        StructureError: if it has no positions.

    Example:
        >>> import geonets as gn
        >>> gn.transforms.scale(gn.points([torch.tensor([[1.0], [3.0]])]), 2.0).pos.flatten()
        tensor([2., 6.])
    """
    pos = positions(structure, "scale")
    low, high = (factor, factor) if isinstance(factor, int | float) else factor
    if not 0 < low <= high < float("inf"):
        raise OptionError(
            f"`factor` must be positive, the least before the largest; got {factor}. Pass 2.0, or (0.8, 1.25)."
        )
    items = torch.arange(len(structure), device=structure.device)
    factors = low + (high - low) * uniform(number_of(seed), items) if high > low else low
    rows = torch.as_tensor(factors, device=structure.device).expand(len(structure))[structure.topology.item_ids]
    return structure.replace(pos=pos * rows[:, None].to(pos.dtype))


def jitter(structure: Structure, std: float, clip: float | None = None, seed: Seed = None) -> Structure:
    """Each position moved a little by itself: `pos_i + std z`, `z` normal, cut off at `clip`.

    Args:
        structure: with positions.
        std: in the unit of `pos`.
        clip: the largest move along an axis, in the unit of `pos`; none unless given.
        seed: of the draws: a number, or a generator, or None for torch's global one.

    Raises:
        OptionError: if `std` or `clip` is negative.
        DtypeError: if positions are whole numbers.
        StructureError: if it has no positions.

    Reference: Qi et al., "PointNet", 2017, section 5.1: std 0.01 and clip 0.05 on items of size 1.

    Example:
        >>> import geonets as gn
        >>> cloud = gn.points([torch.zeros(1000, 3)])
        >>> bool(gn.transforms.jitter(cloud, 0.01, clip=0.02, seed=0).pos.abs().max() <= 0.02)
        True
    """
    pos = positions(structure, "jitter")
    if std < 0 or (clip is not None and clip < 0):
        raise OptionError(f"`std` and `clip` must not be negative; got {std} and {clip}. Pass 0.01 and 0.05, say.")
    topology, axes = structure.topology, torch.arange(pos.shape[1], device=structure.device)
    moves = std * normal(number_of(seed), topology.item_ids[:, None], local_numbers(topology)[:, None], axes)
    moves = moves if clip is None else moves.clamp(-clip, clip)
    return structure.replace(pos=pos + moves.to(pos.dtype))
