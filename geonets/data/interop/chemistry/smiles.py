"""Molecules from SMILES strings, by RDKit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, overload

from geonets.core.errors import DtypeError, ReadError, ShapeError
from geonets.core.options import one_of
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.core.tensors import as_tensor
from geonets.data.interop.chemistry.features import MOST, structure_of, together
from geonets.data.interop.chemistry.problems import Problem, Quiet, problem_of

WRAPS = re.compile(r"\[\d{4,}|\[[^\]]*(?:[+-]\d{3,}|H\d{2,})")
"""Isotopes, charges and hydrogens that RDKit's small integers do not hold: it takes [99999C] for 34463."""

MARKS = re.compile(r"[@/\\]")
LABELS = re.compile(r"\[\d|:\d|\|")


@overload
def molecule(
    smiles: str | Sequence[str],
    *,
    y: Any = None,
    hydrogens: bool = False,
    features: str = "rdkit",
    on_error: Literal["raise"] = "raise",
) -> Structure: ...


@overload
def molecule(
    smiles: str | Sequence[str],
    *,
    y: Any = None,
    hydrogens: bool = False,
    features: str = "rdkit",
    on_error: Literal["skip"],
) -> tuple[Structure, list[ReadError]]: ...


def molecule(
    smiles: str | Sequence[str],
    *,
    y: Any = None,
    hydrogens: bool = False,
    features: str = "rdkit",
    on_error: str = "raise",
) -> Structure | tuple[Structure, list[ReadError]]:
    """Molecules as graphs: atoms are nodes, bonds are typed edges in both directions.

    `x` holds `ATOM_FEATURES`, `edge_attr` holds `BOND_FEATURES`, both float32; `edge_type` counts `BOND_TYPES`.
    Isotopes and atom map numbers are fields of their own where there are any.

    Args:
        smiles: one SMILES string, or several.
        y: `(B, ...)` one target a string.
        hydrogens: make hydrogens nodes of their own.
        features: `"rdkit"`, or `"pyg"`: the numbers, their dtype and the order of edges that PyG's `from_smiles` has.
        on_error: `"raise"` at the first string that is no molecule, or `"skip"` it.

    Returns:
        A Structure with one item a string, and the string in `meta`; with `on_error="skip"` also the list of errors of
        the strings that were left out, whose `place` names the row.

    Raises:
        DtypeError: if it is no text.
        ReadError: if a string is no SMILES of a possible molecule; the message names row and character and says why.

    Reference: Weininger, "SMILES, a chemical language and information system", 1988.

    Example:
        >>> molecule("CN1C=NC2=C1C(=O)N(C(=O)N2C)C")
        Structure of Graph(1 item of 14 nodes, 30 edges with types)
          nodes   x           (14, 9) float32
          edges   edge_attr   (30, 3) float32
        >>> _, left_out = molecule(["CCO", "C1CC"], on_error="skip")
        >>> left_out[0].place
        'row 1, character 2'
    """
    one_of("on_error", on_error, ("raise", "skip"))
    strings = [smiles] if isinstance(smiles, str | bytes) else list(smiles)
    rows: list[int] = []
    mols: list[Any] = []
    errors: list[ReadError] = []
    parts: list[Structure] = []
    with Quiet():
        for row, string in enumerate(strings):
            if not isinstance(string, str):
                kind = type(string).__name__
                raise DtypeError(f"`smiles` must be strings; got {kind} (row {row}). Pass SMILES text.")
            found = parsed(string, hydrogens)
            if isinstance(found, Problem):
                errors.append(_error(string, row, found))
                if on_error == "raise":
                    raise errors[0]
            else:
                rows.append(row)
                mols.append(found)
            if len(mols) == MOST:
                parts.append(of_strings(mols, [strings[kept] for kept in rows[-MOST:]], features))
                mols = []
    if not rows:
        got = f"{len(errors)} that are none" if errors else "none"
        raise ReadError(f"`smiles` must hold at least one molecule; got {got}. Pass SMILES strings.")
    if mols:
        parts.append(of_strings(mols, [strings[kept] for kept in rows[-len(mols) :]], features))
    structure = together(parts)
    if y is not None:
        target = as_tensor(y, "y")
        if not target.ndim or len(target) != len(strings):
            raise ShapeError(
                f"`y` must have one row for each of the {len(strings)} strings; got shape {tuple(target.shape)}. "
                "Targets of strings that are left out are left out with them."
            )
        structure = structure.replace(globals={"y": target[rows] if errors else target})
    return structure if on_error == "raise" else (structure, errors)


def of_strings(
    mols: Sequence[Any], strings: Sequence[str], features: str, meta: Sequence[dict[str, Any]] | None = None
) -> Structure:
    """Molecules as a Structure, where their strings tell which of them need to be asked for rare features."""
    return structure_of(
        mols,
        features,
        stereo=[MARKS.search(string) is not None for string in strings],
        labels=[LABELS.search(string) is not None for string in strings],
        meta=[{"smiles": string} for string in strings] if meta is None else meta,
    )


def parsed(smiles: str, hydrogens: bool | None = None) -> Any:
    """RDKit's molecule of a string, or the `Problem` with it."""
    chem = require("rdkit.Chem", "rdkit")
    text = smiles.strip()
    if not text:
        return Problem("it is empty")
    body, _, rest = text.partition(" ") if " " in text else text.partition("\t")
    if rest and not rest.lstrip().startswith("|"):
        return Problem("there is text after the molecule", f"character {smiles.index(body) + len(body) + 1}")
    large = WRAPS.search(body)
    if large is not None:
        return Problem("no atom has such numbers", f"character {smiles.index(body) + large.start() + 1}")
    mol = chem.MolFromSmiles(text)
    if mol is None:
        return problem_of(text)
    return chem.AddHs(mol) if hydrogens else mol


def _error(smiles: str, row: int, problem: Problem) -> ReadError:
    place = f"row {row}" if problem.place is None else f"row {row}, {problem.place}"
    shown = smiles if len(smiles) <= 200 else f"{smiles[:200]}..."
    return ReadError(
        f"`smiles` must be a SMILES string of a possible molecule; got {shown!r}, {problem.reason} ({place}). "
        "Correct the string, or leave it out: on_error='skip'.",
        place=place,
    )
