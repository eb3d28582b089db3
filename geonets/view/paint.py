"""What colour each node has, and what the colours mean: `Plain`, `Categories`, `Scale`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import DtypeError, OptionError, ShapeError
from geonets.core.packages import require
from geonets.core.structure import Structure

Array = np.ndarray[Any, Any]
Color = None | str | Tensor | Sequence[Any]
"""A node field's name, or one value a node: numbers, categories (bools, integers, strings), or red, green and blue."""

PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b8a800", "#8c6bb1", "#7f8c8d", "#a6611a")
"""Okabe & Ito's colours, which colour-blind people tell apart, with darker yellow and without black, then four more."""

MUTED, ACCENT, SINGLE = "#aab4c3", "#d55e00", "#3b76b8"
COLORMAP = "viridis"
UNNAMED = "value"


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Plain:
    """Colours without a meaning of their own.

    Args:
        rgb: `(N, 3)` red, green and blue between 0 and 1.
    """

    rgb: Array


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Categories:
    """One colour a category.

    Args:
        codes: `(N,)` the category of each node.
        names: of the categories.
        colors: of the categories, as `#rrggbb`.
    """

    codes: Array
    names: tuple[str, ...]
    colors: tuple[str, ...]

    @property
    def rgb(self) -> Array:
        """`(N, 3)` between 0 and 1."""
        return np.array([rgb_of(color) for color in self.colors]).reshape(-1, 3)[self.codes]


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Scale:
    """Colours of a range of numbers.

    Args:
        values: `(N,)`; what is not finite is grey.
        name: what the numbers are.
    """

    values: Array
    name: str

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest finite value."""
        finite = self.values[np.isfinite(self.values)]
        return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)

    @property
    def rgb(self) -> Array:
        """`(N, 3)` between 0 and 1."""
        low, high = self.limits
        finite = np.isfinite(self.values)
        places = np.where(finite, (self.values - low) / ((high - low) or 1.0), 0.0)
        colors = require("matplotlib").colormaps[COLORMAP](places)[:, :3]
        return np.where(finite[:, None], colors, rgb_of(MUTED))


Paint = Plain | Categories | Scale


def rgb_of(color: str) -> tuple[float, float, float]:
    """`#rrggbb` as numbers between 0 and 1.

    Example:
        >>> rgb_of("#ff0000")
        (1.0, 0.0, 0.0)
    """
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def paint(structure: Structure, color: Color, rows: slice) -> Paint:
    """What `color` says about the nodes `rows` of a structure.

    Numbers with fractions are a scale, as are more than ten different integers; bools, fewer integers and strings are
    categories; three numbers between 0 and 1 a node, or three bytes, are red, green and blue.

    Args:
        structure: the whole batch.
        color: a node field's name, or one value a node of the batch or of the chosen rows.
        rows: of the item that is shown.

    Raises:
        OptionError: if there is no node field of this name.
        ShapeError: if there is not one value a node.
    """
    count = rows.stop - rows.start
    if color is None:
        return Plain(np.tile(rgb_of(SINGLE), (count, 1)))
    name = UNNAMED
    if isinstance(color, str):
        if color not in structure.nodes:
            raise OptionError(
                f"`color` must name a node field or hold one value a node; got {color!r}, and the fields are "
                f"{sorted(structure.nodes)}. Name one of them, or pass values."
            )
        name, values = color, _array(structure.nodes[color])
    else:
        values = _array(color)
    if len(values) == structure.num_nodes:
        values = values[rows]
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if len(values) != count or values.ndim > 2 or (values.ndim == 2 and values.shape[1] != 3):
        raise ShapeError(
            f"`color` must have one value, or red, green and blue, for each of the {count} nodes; "
            f"got shape {values.shape}. Pass a column of it, `field[:, 0]` say."
        )
    if values.ndim == 2:
        return _rgb(values)
    return _categories(values, name) or Scale(values.astype(float), name)


def _rgb(values: Array) -> Plain:
    values = values / 255 if values.dtype == np.uint8 else values.astype(float)
    if not ((values >= 0) & (values <= 1)).all():  # NaN fails as well
        raise OptionError(
            "`color` must be red, green and blue between 0 and 1 where it has three columns; "
            f"got {values.min():g} .. {values.max():g}. Divide by the largest that there can be, or pass one column."
        )
    return Plain(values)


def _categories(values: Array, name: str) -> Categories | None:
    if values.dtype.kind == "b":
        names = ("no", "yes") if name == UNNAMED else (f"not {name}", name)
        return Categories(values.astype(int), names, (MUTED, ACCENT))
    if values.dtype.kind == "f":
        return None
    found, codes = np.unique(values, return_inverse=True)
    if values.dtype.kind in "iu" and len(found) > len(PALETTE):
        return None
    prefix = f"{name} " if values.dtype.kind in "iu" and name != UNNAMED else ""
    colors = tuple(PALETTE[place % len(PALETTE)] for place in range(len(found)))
    return Categories(codes, tuple(f"{prefix}{value}" for value in found), colors)


def _array(values: Any) -> Array:
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        values = values.float() if values.dtype in (torch.bfloat16, torch.float16) else values
    array = np.asarray(values)
    if array.dtype.kind not in "biufU" or not array.ndim:
        raise DtypeError(
            f"`color` must hold numbers, bools or strings; got {array.dtype} of shape {array.shape}. "
            "Pass one value a node."
        )
    return array
