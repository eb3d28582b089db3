"""Positions that can be moved."""

from __future__ import annotations

from torch import Tensor

from geonets.core.errors import DtypeError
from geonets.core.neighborhoods import require_pos
from geonets.core.structure import Structure


def positions(structure: Structure, rule: str) -> Tensor:
    """The positions `(N, D)`, once it is known that they are there and are real numbers.

    Raises:
        DtypeError: if they are whole numbers, which would be cut off.
        StructureError: if there are none.
    """
    require_pos(structure, rule)
    return real(structure.pos, "pos")


def real(rows: Tensor, name: str) -> Tensor:
    """The rows, once it is known that they are real numbers.

    Raises:
        DtypeError: if they are not.
    """
    if not rows.is_floating_point():
        raise DtypeError(f"`{name}` must be floating-point numbers; got {rows.dtype}. Convert it with .float().")
    return rows
