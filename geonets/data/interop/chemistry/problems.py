"""What is wrong with a molecule, and where: RDKit says None and prints a line, users are told."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from geonets.core.packages import require

ATOM = re.compile(r"\[[^\]]*\]|Br|Cl|[BCNOPSFI*bcnops]")
RING = re.compile(r"\[[^\]]*\]|%\((?P<wide>\d+)\)|%(?P<two>\d\d)|(?P<one>\d)")
POSITION = re.compile(r"around position (\d+)")
VALENCE = re.compile(r"Explicit valence for atom # \d+ (\w+), (\d+), is greater than permitted")
TIME = re.compile(r"^\[\d\d:\d\d:\d\d\] ", re.MULTILINE)
REPEATED = re.compile(r"^\w+ Parse Error: | while parsing.*| for input.*")


class Problem(NamedTuple):
    """Why something is no molecule.

    Args:
        reason: in a few words.
        place: the character of a string, or the atom, counted from 1; or None.
        atom: the number of the atom, counted from 0, or None.
    """

    reason: str
    place: str | None = None
    atom: int | None = None


class Quiet:
    """RDKit's error messages are kept in `messages`, and nothing is printed."""

    def __enter__(self) -> Quiet:
        base = require("rdkit.rdBase", "rdkit")
        self._blocked = base.BlockLogs()
        self._captured = base.CaptureErrorLog() if hasattr(base, "CaptureErrorLog") else None
        if self._captured is not None:
            self._captured.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._captured is not None:
            self._captured.__exit__(*raised)
        del self._blocked

    @property
    def messages(self) -> str:
        """What RDKit would have printed; empty before RDKit 2026, and where it cut a letter into halves."""
        with contextlib.suppress(UnicodeDecodeError):
            return "" if self._captured is None else self._captured.messages
        return ""

    @property
    def reason(self) -> str:
        """The first message without its time, its kind and the input it repeats."""
        lines = [line for line in TIME.sub("", self.messages).splitlines() if line.strip(" *")]
        if len(lines) > 1 and lines[0].endswith(("Violation", "Range Error")):
            lines = lines[1:]
        return REPEATED.sub("", lines[0]).strip().rstrip(".") if lines else "what RDKit cannot read"


def problem_of(smiles: str) -> Problem:
    """Why a string is no SMILES of a possible molecule, and at which character."""
    chem = require("rdkit.Chem", "rdkit")
    with Quiet() as log:
        mol = chem.MolFromSmiles(smiles, sanitize=False)
    if mol is not None:
        problem = impossible(mol)
        places = [found.start() + 1 for found in ATOM.finditer(smiles)]
        if problem.atom is not None and problem.atom < len(places):
            return problem._replace(place=f"character {places[problem.atom]}, {problem.place}")
        return problem
    found = POSITION.search(log.messages)
    at = int(found[1]) if found else _open_ring(smiles)
    return Problem(log.reason, None if at is None else f"character {at}")


def impossible(mol: Any) -> Problem:
    """Why a molecule cannot be, as RDKit's model of valence sees it."""
    chem = require("rdkit.Chem", "rdkit")
    problems: Sequence[Any] = ()
    with Quiet(), contextlib.suppress(RuntimeError):  # some molecules are beyond its own examination
        problems = chem.DetectChemistryProblems(mol)
    if not problems:
        return Problem("RDKit cannot sanitise it")
    problem = problems[0]
    reason = VALENCE.sub(r"valence \2 of \1 is greater than permitted", " ".join(problem.Message().split()))
    if hasattr(problem, "GetAtomIndices"):
        numbers = list(problem.GetAtomIndices())
        reason = "its aromatic bonds cannot alternate"
    else:
        numbers = [problem.GetAtomIdx()] if hasattr(problem, "GetAtomIdx") else []
    return Problem(reason, f"atom {numbers[0] + 1}", numbers[0]) if numbers else Problem(reason)


def _open_ring(smiles: str) -> int | None:
    """The character of the first ring label that has no partner."""
    opened: dict[str, int] = {}
    for found in RING.finditer(smiles):
        label = found["wide"] or found["two"] or found["one"]
        if label is not None and opened.pop(label, None) is None:
            opened[label] = found.start() + 1
    return min(opened.values(), default=None)
