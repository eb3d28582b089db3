"""What every way out asks first: that nothing gets lost which the other side cannot hold."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.structure import Structure

LEVELS = ("nodes", "edges", "globals")


def refuse_losses(structure: Structure, target: str, **held: tuple[str, ...] | None) -> None:
    """Raise if a structure has what another library cannot hold.

    Args:
        structure: what is to go there.
        target: the other library, for the message.
        **held: by level the names of the fields that it holds, or None for any; other levels it does not hold at all.

    Raises:
        StructureError: if a level or a field would be lost.
    """
    for level in structure.levels:
        if level not in held:
            raise StructureError(
                f"`structure` must have no level {level!r} for {target}, which would lose it; got one of "
                f"{int(structure.levels[level].counts.sum())} rows. Remove it first: structure.replace(levels={{}})."
            )
    levels: dict[str, Mapping[str, Tensor]] = {name: getattr(structure, name) for name in LEVELS}
    levels |= {name: level.fields for name, level in structure.levels.items()}
    for level, fields in levels.items():
        kept = held.get(level, ())
        lost = [name for name in fields if kept is not None and name not in kept]
        if lost:
            beside = f" beside {', '.join(kept)}" if kept else ""
            cure = f"{level}={{{lost[0]!r}: None}}" if level in LEVELS else "levels={}"
            raise StructureError(
                f"`structure` must have no fields of {level}{beside} for {target}, which would lose them; "
                f"got {', '.join(lost)}. Remove them first: structure.replace({cure})."
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
