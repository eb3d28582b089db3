"""`rotation`: what turning, mirroring and moving the positions changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from geonets.check.report import Gap, Report, counted, worst_of
from geonets.check.trial import LEVELS, Call, Trial, gap_between
from geonets.core.errors import StructureError
from geonets.core.options import one_of
from geonets.core.structure import Structure

GROUPS = {
    "SO": ("rotations",),
    "O": ("rotations", "reflections"),
    "T": ("translations",),
    "SE": ("rotations", "translations"),
    "E": ("rotations", "reflections", "translations"),
}
"""What each group of motions is made of, the largest last."""


def rotation(
    layer: Any,
    structure: Structure,
    group: str = "E",
    *,
    vectors: Sequence[str] = (),
    draws: int = 3,
    tolerance: float = 1e-9,
    training: bool = False,
    call: Call | None = None,
    seed: int = 0,
) -> Report:
    """Whether a layer respects motions of space: `f(R pos + t) = f(pos)`, and `R f + t` for positions that it returns.

    Features must stay (invariant), a new `pos` must move along, and fields named in `vectors` must turn along, in
    what is given and in what is returned. Rotations, reflections and translations are tried apart, so that the report
    can say which group holds: `SO(3)`, `O(3)`, `SE(3)`, `E(3)` or translations only, `T(3)`.

    Args:
        layer: a layer, a model, or a function of structures; it is copied and left as it was.
        structure: with positions, of any dimension.
        group: what must hold: `"E"`, `"SE"`, `"O"`, `"SO"` or `"T"`.
        vectors: fields of nodes, edges or items whose channels are the components of a vector.
        draws: random motions of each kind.
        tolerance: the largest difference, in units of the output's largest entry, in float64.
        training: try it in training mode.
        call: how the layer is called; `layer(structure)` unless given.
        seed: of the motions.

    Returns:
        A `Report`; its verdict is the largest group that holds, or `"fails"`.

    Raises:
        OptionError: if the group is none of these.
        StructureError: if the structure has no positions.

    Reference: Satorras, Hoogeboom & Welling, "E(n) equivariant graph neural networks", 2021, section 3.1.

    Example:
        >>> import torch, geonets as gn
        >>> cloud = gn.points(torch.randn(2, 20, 3), x=torch.randn(2, 20, 4))
        >>> gn.check.rotation(gn.nn.GCNConv(4, 8, neighborhood=gn.KNN(3)), cloud).verdict
        'E(3)'
        >>> bool(gn.check.rotation(gn.nn.PointNetConv(gn.nn.MLP([7, 8]), neighborhood=gn.KNN(3)), cloud))
        False
    """
    one_of("group", group, tuple(GROUPS))
    trial = Trial(layer, structure, training, call, seed)
    given = trial.structure
    if given.pos is None:
        raise StructureError(
            "`structure` must have positions to be rotated; got none. "
            "Build it with gn.points(pos), or replace(pos=...)."
        )
    before = trial(given)
    found: dict[str, list[Gap]] = {}
    for kind in GROUPS["E"]:
        for draw in range(draws):
            turn, move = _motion(trial, kind)
            after = trial(_moved(given, turn, move, vectors))
            for old, new in zip(before, after, strict=True):
                expected = old.rows
                if old.name == "pos" and old.level == "nodes":
                    expected = expected @ turn.T + move
                elif old.name in vectors:
                    expected = expected @ turn.T
                what = f"{kind.removesuffix('s')} {draw}"
                found.setdefault(kind, []).append(gap_between(expected, new, tolerance, what))
    holds = {kind for kind in GROUPS["E"] if not worst_of(found.get(kind, [])).too_large}
    largest = [name for name, kinds in GROUPS.items() if holds.issuperset(kinds)][-1:]
    dim = given.pos.shape[1]
    asked = worst_of([gap for kind in GROUPS[group] for gap in found.get(kind, [])])
    worst = asked if asked.too_large else worst_of([gap for gaps in found.values() for gap in gaps])
    return trial.report(
        "rotation",
        worst,
        tolerance,
        f"{largest[0]}({dim})" if largest else "fails",
        f"{counted(draws, 'random motion')} of each kind (seed {seed})",
        ok=holds.issuperset(GROUPS[group]),
        details=tuple(f"{kind}: {'hold' if kind in holds else 'fail'}" for kind in GROUPS["E"]),
        law=f"respect the motions of {group}({dim})",
        advice="Let it read distances or relative positions only, or name the fields that turn along: vectors=(...).",
    )


def _motion(trial: Trial, kind: str) -> tuple[Tensor, Tensor]:
    """An orthogonal matrix `R` and a vector `t` of one kind."""
    pos = trial.structure.pos
    dim = pos.shape[1]
    stay, still = torch.eye(dim, dtype=pos.dtype, device=pos.device), pos.new_zeros(dim)
    if kind == "translations":
        return stay, trial.normal(still) * (float(pos.std()) if len(pos) > 1 else 1.0)
    turn, upper = torch.linalg.qr(trial.normal(stay))
    turn = turn * upper.diagonal().sign()  # uniform over the orthogonal group (Mezzadri 2007)
    if (float(torch.linalg.det(turn)) < 0) != (kind == "reflections"):
        turn = torch.cat([-turn[:, :1], turn[:, 1:]], 1)
    return turn, still


def _moved(structure: Structure, turn: Tensor, move: Tensor, vectors: Sequence[str]) -> Structure:
    changes: dict[str, dict[str, Tensor]] = {}
    for level in LEVELS:
        for name, field in getattr(structure, level).items():
            if name == "pos" and level == "nodes":
                changes.setdefault(level, {})[name] = field @ turn.T + move
            elif name in vectors:
                changes.setdefault(level, {})[name] = field @ turn.T
    return structure.replace(**changes)
