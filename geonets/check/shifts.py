"""`translation`: does a layer commute with shifts, everywhere or away from the border?"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from geonets.check.report import Gap, Report, counted, worst_of
from geonets.check.trial import Answer, Call, Trial, distances, gap_between, on_items, scale_of
from geonets.core.errors import ShapeError, UnsupportedError
from geonets.core.structure import Structure
from geonets.core.topology import Lattice

Shift = tuple[int, ...]
VERDICTS = ("exact", "interior only", "fails")


@dataclasses.dataclass(frozen=True, eq=False)
class _Finding:
    """What one shift showed.

    Args:
        gap: the worst difference.
        depth: `(N,)` how far each node of the result is from a border; None where the result has no border.
        border: how far the results differ from the border inwards.
    """

    gap: Gap
    depth: Tensor | None = None
    border: int = 0


def translation(
    layer: Any,
    structure: Structure,
    shifts: Sequence[Shift] | None = None,
    *,
    exact: bool = False,
    stride: int | Shift | None = None,
    tolerance: float = 1e-9,
    training: bool = False,
    call: Call | None = None,
    seed: int = 0,
) -> Report:
    """Whether a layer on a lattice commutes with shifts: `f(roll(s, d)) = roll(f(s), d / stride)`.

    What leaves an item at one end comes in at the other. A circular convolution agrees everywhere (`"exact"`), a
    zero-padded one only where no window meets a border, neither before nor after the shift (`"interior only"`; the
    report says how wide the border is). Readouts must not change at all.

    Args:
        layer: a layer, a model, or a function of structures; it is copied and left as it was.
        structure: on a chain or grid.
        shifts: nodes along each axis; small and large ones along every axis by itself unless given.
        exact: the interior is not enough.
        stride: nodes of the input between neighbouring nodes of the result; the ratio of the sizes, rounded, unless
            given. Shifts that are chosen here are multiples of it.
        tolerance: the largest difference, in units of the output's largest entry, in float64.
        training: try it in training mode.
        call: how the layer is called; `layer(structure)` unless given.
        seed: of the layer's own randomness.

    Returns:
        A `Report`; its verdict is `"exact"`, `"interior only"` or `"fails"`.

    Raises:
        UnsupportedError: if the structure is no lattice, or the result is on other nodes than a lattice or the items.
        ShapeError: if a shift has not one number an axis.

    Reference: LeCun et al., "Handwritten digit recognition with a back-propagation network", 1989, section 3.

    Example:
        >>> import torch, geonets as gn
        >>> image = gn.grid(torch.randn(1, 8, 8, 1))
        >>> gn.check.translation(gn.nn.Conv2d(1, 2, 3, padding=1), image).verdict
        'interior only'
        >>> gn.check.translation(gn.nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular"), image).verdict
        'exact'
    """
    trial = Trial(layer, structure, training, call, seed)
    given = trial.structure
    topology = lattice_of(given, "translation")
    before = trial(given)
    ratios = [_ratio(answer, topology, stride) for answer in before]
    least = [max((int(r[axis]) for r in ratios), default=1) or 1 for axis in range(topology.num_axes)]
    chosen = _default_shifts(topology, least) if shifts is None else [_checked(shift, topology) for shift in shifts]
    found: dict[str, list[_Finding]] = {}
    for shift in chosen:
        after = trial(_rolled(given, topology, shift))
        moving = " and ".join(name for name, step in zip(topology.axes, shift, strict=True) if step)
        found.setdefault(moving, []).extend(
            _finding(old, new, topology, ratio, tolerance, shift)
            for old, new, ratio in zip(before, after, ratios, strict=True)
        )
    told = {moving: _verdict(findings) for moving, findings in found.items()}
    verdict = max((verdict for verdict, _ in told.values()), key=VERDICTS.index, default="exact")
    worst = worst_of([finding.gap for findings in found.values() for finding in findings])
    if worst.where is not None and worst.where.at_border is not None:
        where = dataclasses.replace(worst.where, at_border=verdict == "interior only")
        worst = dataclasses.replace(worst, where=where)
    return trial.report(
        "translation",
        worst,
        tolerance,
        verdict,
        f"{counted(len(chosen), 'shift')}: {', '.join(map(_named, chosen))}",
        ok=verdict == "exact" or (verdict == "interior only" and not exact),
        details=tuple(f"along {moving}: {verdict}{width}" for moving, (verdict, width) in told.items()),
        law=f"commute with shifts of the nodes{', also at the border' if exact else ''}",
        advice="Pad circularly, put it on a periodic lattice, or be content with the interior (exact=False).",
    )


def lattice_of(structure: Structure, check: str) -> Lattice:
    """The lattice of a structure.

    Raises:
        UnsupportedError: if it has another topology.
    """
    if not isinstance(structure.topology, Lattice):
        raise UnsupportedError(
            f"`structure` must be on a chain or grid for check.{check}; got {structure.topology!r}. "
            "Other structures have no axis to move along."
        )
    return structure.topology


def _ratio(answer: Answer, topology: Lattice, stride: int | Shift | None) -> tuple[Fraction, ...]:
    """Nodes of the input for each node of the result, along each axis."""
    axes = range(topology.num_axes)
    if stride is not None:
        return tuple(Fraction(stride if isinstance(stride, int) else stride[axis]) for axis in axes)
    target = answer.topology
    if answer.level != "nodes" or not isinstance(target, Lattice) or target.num_axes != topology.num_axes:
        return (Fraction(1),) * topology.num_axes
    many, few = (t.sizes.sizes.amax(0).tolist() if t.num_items else [1] * len(axes) for t in (topology, target))
    pairs = [(max(many[axis], 1), max(few[axis], 1)) for axis in axes]
    return tuple(Fraction(round(m / f)) if m >= f else Fraction(1, round(f / m)) for m, f in pairs)


def _default_shifts(topology: Lattice, least: list[int]) -> list[Shift]:
    """Along each axis by itself: one step, one back, and about half of the smallest item."""
    sizes = topology.sizes.sizes
    smallest = sizes.masked_fill(sizes == 0, sizes.max() if sizes.numel() else 0).amin(0).tolist() if len(sizes) else []
    shifts = []
    for axis, size in enumerate(smallest):
        half = max(size // 2 // least[axis], 1) * least[axis]
        for step in dict.fromkeys((least[axis], -least[axis], half)):
            shifts.append(tuple(step if other == axis else 0 for other in range(topology.num_axes)))
    return shifts


def _checked(shift: Any, topology: Lattice) -> Shift:
    numbers = (shift,) if isinstance(shift, int) else tuple(shift)
    if len(numbers) != topology.num_axes:
        raise ShapeError(
            f"`shifts` must have one number for each of the axes {topology.axes}; got {shift}. "
            "Pass tuples, 0 along axes that stay."
        )
    return numbers


def _rolled(structure: Structure, topology: Lattice, shift: Shift) -> Structure:
    rows = _source_rows(topology, torch.tensor(shift, device=topology.device))
    return structure.replace(nodes={name: field.index_select(0, rows) for name, field in structure.nodes.items()})


def _source_rows(topology: Lattice, shift: Tensor) -> Tensor:
    """`(N,)` the node that a roll brings to each place."""
    sizes = topology.sizes.sizes.index_select(0, topology.item_ids)
    places = (topology.coordinates() - shift) % sizes
    within = places[:, 0]
    for axis in range(1, topology.num_axes):
        within = within * sizes[:, axis] + places[:, axis]
    return within + topology.node_offsets[:-1].index_select(0, topology.item_ids)


def _finding(
    old: Answer, new: Answer, given: Lattice, ratio: tuple[Fraction, ...], tolerance: float, shift: Shift
) -> _Finding:
    what = f"shift {_named(shift)}"
    if on_items(old, old.structure):
        return _Finding(gap_between(old.rows, new, tolerance, what))
    target = old.topology
    if old.level != "nodes" or not isinstance(target, Lattice) or target.num_axes != given.num_axes:
        raise UnsupportedError(
            f"`layer` must return nodes of a lattice or one row an item for check.translation; got {target!r}. "
            "Choose a part of what it returns with call=."
        )
    moved = [number / each for number, each in zip(shift, ratio, strict=True)]
    if any(step.denominator != 1 for step in moved):
        raise ShapeError(
            f"`shifts` must be multiples of the stride {_named(tuple(map(int, ratio)))}; got {_named(shift)}. "
            "Shift by as many nodes as lie between neighbouring results, or say the stride."
        )
    if old.rows.shape != new.rows.shape:
        return _Finding(gap_between(old.rows, new, tolerance, what))
    step = torch.tensor([int(s) for s in moved], device=target.device)
    expected = old.rows.index_select(0, _source_rows(target, step))
    gap = gap_between(expected, new, tolerance, what)
    if gap.worst == 0:
        return _Finding(gap)
    scale = scale_of(expected)
    wrong = (distances(expected, new.rows) > tolerance * scale).flatten(1).any(1)
    depth = _depth(target, step)
    return _Finding(gap, depth, int(depth.masked_fill(~wrong, -1).max()) + 1)


def _verdict(findings: list[_Finding]) -> tuple[str, str]:
    """What the shifts along some axes showed together: one border for all of them, within which results agree."""
    wrong = [finding for finding in findings if finding.gap.too_large]
    if not wrong:
        return "exact", ""
    border = max(finding.border for finding in wrong)
    kept = [(int((f.depth >= border).sum()), len(f.depth)) for f in wrong if f.depth is not None]
    if len(kept) < len(wrong) or not max(kept)[0]:
        return "fails", ""
    return "interior only", f", border {border}, beyond which up to {max(kept)[0]} of {max(kept)[1]} nodes agree"


def _depth(target: Lattice, step: Tensor) -> Tensor:
    """`(N,)` how far a node is from the ends of the axes that move, before and after the shift; -1 across an end."""
    sizes = target.sizes.sizes.index_select(0, target.item_ids)
    after = target.coordinates()
    before = after - step
    depth = torch.stack([after, sizes - 1 - after, before, sizes - 1 - before]).amin(0)
    periodic = torch.tensor(getattr(target, "periodic", (False,) * target.num_axes), device=target.device)
    ends = (step != 0) & ~periodic
    return depth.masked_fill(~ends, int(sizes.max()) if sizes.numel() else 0).amin(1).clamp(min=-1)


def _named(shift: Shift) -> str:
    return str(shift[0]) if len(shift) == 1 else f"({', '.join(map(str, shift))})"
