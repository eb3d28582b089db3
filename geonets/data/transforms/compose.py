"""`compose`: several transforms, one after another, as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import final

from geonets.core.structure import Structure

Transform = Callable[[Structure], Structure]


@final
@dataclasses.dataclass(frozen=True)
class Composed:
    """Transforms that are applied one after another; may be pickled if they may be."""

    steps: tuple[Transform, ...]

    def __call__(self, structure: Structure) -> Structure:
        for step in self.steps:
            structure = step(structure)
        return structure


def compose(*steps: Transform) -> Composed:
    """One transform that applies several, the first first.

    Transforms with options are `functools.partial`s. Random ones get a generator, which moves on from call to call.

    Args:
        *steps: functions from a Structure to a Structure.

    Example:
        >>> import functools, torch, geonets as gn
        >>> from geonets import transforms
        >>> generator = torch.Generator().manual_seed(0)
        >>> augment = transforms.compose(
        ...     transforms.normalize,
        ...     functools.partial(transforms.rotate, axis="z", seed=generator),
        ...     functools.partial(transforms.jitter, std=0.01, seed=generator),
        ... )
        >>> clouds = gn.points([torch.randn(100, 3), torch.randn(30, 3)])
        >>> augment(clouds).pos.shape, torch.equal(augment(clouds).pos, augment(clouds).pos)
        (torch.Size([130, 3]), False)
    """
    return Composed(steps)
