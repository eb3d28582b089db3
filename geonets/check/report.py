"""`Report`: what a check found, where it is worst, and what was tried."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Sequence
from typing import final

from geonets.core.errors import CheckError


@final
@dataclasses.dataclass(frozen=True)
class Place:
    """Where a number is.

    Args:
        field: of what the layer returned.
        level: `"nodes"`, `"edges"` or `"globals"`.
        row: the node's number in its item, the edge's or the item's number.
        item: of a node.
        coordinates: of a node on a lattice, by axis.
        channel: or None where there is but one.
        at_border: of a node on a lattice.
    """

    field: str
    level: str
    row: int
    item: int | None
    coordinates: dict[str, int] | None
    channel: int | None
    at_border: bool | None

    def in_item(self, item: int) -> Place:
        """The same place in an item of another number."""
        return dataclasses.replace(self, row=item) if self.level == "globals" else dataclasses.replace(self, item=item)

    def __str__(self) -> str:
        name = {"nodes": "node", "edges": "edge", "globals": "item"}[self.level]
        text = f"{name} {self.row}" + (f" of item {self.item}" if self.item is not None else "")
        if self.coordinates is not None:
            text += f" ({', '.join(f'{axis} {place}' for axis, place in self.coordinates.items())})"
        parts = [text, *([f"channel {self.channel}"] if self.channel is not None else [])]
        parts += [f"field {self.field}"] if self.field != "x" else []
        if self.at_border is not None:
            parts.append("at the border" if self.at_border else "in the interior")
        return ", ".join(parts)


@dataclasses.dataclass(frozen=True)
class Gap:
    """How far one answer was from what it should have been.

    Args:
        worst: the largest absolute difference.
        relative: the same in units of the output's largest entry.
        too_large: whether it exceeds the tolerance.
        where: its place, if the answer had entries.
        what: the trial in which it was found.
    """

    worst: float
    relative: float
    too_large: bool
    where: Place | None
    what: str


@final
@dataclasses.dataclass(frozen=True)
class Report:
    """What a check found; true where the law holds.

    Args:
        check: the name of the check.
        layer: the class of the layer.
        structure: what it was tried on.
        ok: whether the law holds, as strictly as was asked.
        verdict: in a few words: `"exact"`, `"interior only"`, `"equivariant"`, `"fails"`, ...
        worst: the largest absolute difference.
        relative: the same in units of the output's largest entry.
        tolerance: how large it may be, in these units.
        where: its place.
        what: the trial in which it was found.
        tried: what was tried.
        details: more to tell, a line each.
        law: what the layer must do.
        advice: what to do where it does not.
    """

    check: str
    layer: str
    structure: str
    ok: bool
    verdict: str
    worst: float
    relative: float
    tolerance: float
    where: Place | None
    what: str
    tried: str
    details: tuple[str, ...]
    law: str
    advice: str

    def __bool__(self) -> bool:
        return self.ok

    def require(self) -> Report:
        """This report, if the law holds.

        Raises:
            CheckError: if it does not; an `AssertionError`, so that a test of one's own shows it as a failure.
        """
        if self.ok:
            return self
        got = f"{self.verdict}, a difference of {self._size()} ({self._place()})" if self.worst else self.verdict
        raise CheckError(f"`layer` must {self.law}; got {got} from {self.layer} on {self.structure}. {self.advice}")

    def __str__(self) -> str:
        verdict = self.verdict if self.ok or self.verdict == "fails" else f"fails ({self.verdict})"
        lines = [f"{self.check} of {self.layer}: {verdict}", f"    on {self.structure}"]
        if self.relative <= self.tolerance:
            lines.append(f"    no difference above {self.tolerance:.0e} of the output's scale")
        else:
            lines += [f"    worst difference {self._size()}", f"        {self._place()}"]
        lines += [f"    {line}" for line in self.details]
        return "\n".join([*lines, f"    tried {self.tried}"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        color = "#2a7d46" if self.ok else "#b3261e"
        first, *rest = str(self).splitlines()
        body = html.escape("\n".join(line.removeprefix("    ") for line in rest))
        return f"<b style='color:{color}'>{html.escape(first)}</b><pre>{body}</pre>"

    def _size(self) -> str:
        return f"{self.worst:.2g}, which is {self.relative:.2g} of the output's scale"

    def _place(self) -> str:
        return ", ".join([*([str(self.where)] if self.where is not None else []), *([self.what] if self.what else [])])


def worst_of(gaps: Sequence[Gap]) -> Gap:
    """The largest of several gaps; none at all is no difference."""
    return max(gaps, key=lambda gap: (gap.too_large, gap.relative), default=Gap(0.0, 0.0, False, None, ""))


def counted(count: int, thing: str) -> str:
    """`"1 order"`, `"3 orders"`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
