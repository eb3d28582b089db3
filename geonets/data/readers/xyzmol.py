"""XYZ molecules: elements and coordinates, one frame after another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.interop.chemistry import Quiet
from geonets.data.readers.molecules import Block, Record, built, is_finite, lines_of, read_records
from geonets.data.readers.source import Source

MOST_STEPS = 1000
"""How many ways to distribute charges and multiple bonds are tried before bonds count as unknown."""


def looks_like_molecule(source: Source) -> bool:
    """Whether a text begins with a number, a comment, and an element with three coordinates."""
    lines = [] if source.is_folder else source.head().decode("latin-1").splitlines()
    words = lines[2].split() if len(lines) > 2 else []
    return lines[:1] != [] and lines[0].strip().isdigit() and len(words) > 3 and not is_finite(words[0])


def read_xyzmol(
    source: Source, *, bonds: bool = False, charge: int = 0, features: str = "rdkit", pos: bool | None = None
) -> Structure:
    """Atoms with `pos` in angstrom; without bonds, unless they are to be determined from the distances.

    Comments and further columns are in `meta`, as text.

    Args:
        source: the file.
        bonds: determine bonds and their orders.
        charge: of each molecule, which tells the orders of its bonds.
        features: as in `gn.molecule`.
        pos: as in `gn.from_rdkit`.

    Raises:
        ReadError: if there are not as many atoms as announced, an element is unknown, a coordinate is no number, or no
            bonds fit the charge.

    Reference: Kim & Kim, "Universal structure conversion method for organic molecules: from atomic connectivity to
        three-dimensional geometry", 2015 (bonds).
    """

    def record(block: Block[list[str]]) -> Record:
        return _record(block, bonds, charge)

    return read_records(source, _frames(source), record, built(None, features, pos), None, "raise")


def _frames(source: Source) -> Iterator[Block[list[str]]]:
    lines = lines_of(source)
    at = number = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        number += 1
        word = lines[at].strip()
        if not (word.isascii() and word.isdigit() and len(word) <= 9) or int(word) > len(lines) - at - 2:
            rule = f"announce no more atoms than the {max(0, len(lines) - at - 2)} lines that follow"
            raise source.error(rule, repr(lines[at]), f"line {at + 1}", "Correct the count.", record=number)
        end = at + 2 + int(word)
        yield Block(source, number, at + 1, lines[at:end])
        at = end


def _record(block: Block[list[str]], bonds: bool, charge: int) -> Record:
    chem = require("rdkit.Chem", "rdkit")
    table = chem.GetPeriodicTable()
    mol = chem.RWMol()
    positions, further = [], []
    for at, line in enumerate(block.content[2:], 2):
        words = line.split()
        if len(words) < 4 or not all(is_finite(word) for word in words[1:4]):
            raise block.error(
                "have an element and three coordinates for each atom", repr(line), at, "Correct the atom."
            )
        number = _atomic_number(table, words[0])
        if number is None:
            raise block.error("have known elements", repr(words[0]), at, "Correct the element.")
        atom = chem.Atom(number)
        atom.SetNoImplicit(True)
        mol.AddAtom(atom)
        positions.append([float(word) for word in words[1:4]])
        further.append(words[4:])
    conformer = chem.Conformer(len(positions))
    conformer.Set3D(True)
    for number, position in enumerate(positions):
        conformer.SetAtomPosition(number, position)
    mol.AddConformer(conformer)
    if bonds and not _determine(mol, charge):
        got, cure = f"none for the charge {charge}", "Pass the charge, or bonds=False."
        raise block.error("have bonds that fit its distances and its charge", got, 0, cure)
    comment = block.content[1].strip()
    return Record(mol, {**({"comment": comment} if comment else {}), **({"columns": further} if any(further) else {})})


def _atomic_number(table: Any, word: str) -> int | None:
    if word.isascii() and word.isdigit():
        return int(word) if len(word) < 4 and 1 <= int(word) <= 118 else None
    with Quiet(), contextlib.suppress(RuntimeError):
        number = table.GetAtomicNumber(word.capitalize())
        return number if 1 <= number <= 118 else None
    return None


def _determine(mol: Any, charge: int) -> bool:
    """Add bonds in place; whether there are any that fit."""
    determine = require("rdkit.Chem.rdDetermineBonds", "rdkit")
    chem = require("rdkit.Chem", "rdkit")
    for atom in mol.GetAtoms():
        atom.SetNoImplicit(False)
    try:
        with Quiet():
            determine.DetermineBonds(mol, charge=charge, maxIterations=MOST_STEPS)
            chem.SanitizeMol(mol)
    except (ValueError, RuntimeError):
        return False
    return True
