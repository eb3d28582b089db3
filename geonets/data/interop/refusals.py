"""What every way out asks first: that nothing gets lost which the other side cannot hold."""

from __future__ import annotations

from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.structure import Structure


def refuse_levels(structure: Structure, target: str, held: tuple[str, ...] = ()) -> None:
    """Raise if there are further levels beside those that the target holds.

    Raises:
        StructureError: if there are.
    """
    lost = sorted(structure.levels.keys() - set(held))
    if lost:
        raise StructureError(
            f"`structure` must have no further levels for {target}, which would lose them; got {', '.join(lost)}. "
            "Remove them first: structure.replace(levels={})."
        )


def refuse_fields(structure: Structure, level: str, target: str, held: tuple[str, ...] = ()) -> None:
    """Raise if a level has fields beside those that the target holds.

    Raises:
        StructureError: if it has.
    """
    lost = sorted(getattr(structure, level).keys() - set(held))
    if lost:
        kept = f" beside {', '.join(held)}" if held else ""
        raise StructureError(
            f"`structure` must have no {level} fields{kept} for {target}, which would lose them; "
            f"got {', '.join(lost)}. Remove them first: structure.replace({level}={{{lost[0]!r}: None}})."
        )


def field_of(structure: Structure, level: str, name: str) -> Tensor:
    """A field of a level.

    Raises:
        StructureError: if there is none of that name.
    """
    fields = getattr(structure, level)
    if name not in fields:
        raise StructureError(
            f"`structure` must have the {level} field {name!r}; got {', '.join(fields) or 'none'}. "
            f"Name one of them, or add it: structure.replace({level}={{{name!r}: ...}})."
        )
    return fields[name]
