"""SDF and MOL: MDL's tables of atoms and bonds, versions 2000 and 3000, one molecule or many with properties."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator, Sequence

from geonets.core.errors import ReadError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.readers.molecules import Block, Record, built, is_finite, lines_of, parsed_block, read_records
from geonets.data.readers.source import Source

END = "$$$$"
COUNTS = re.compile(r"M  V30 COUNTS +(\d+) +(\d+)\b")
PROPERTY = re.compile(r">.*<(.*)>")


def read_sdf(
    source: Source,
    *,
    y: str | Sequence[str] | None = None,
    missing: str = "raise",
    table: str | None = None,
    hydrogens: bool | None = None,
    features: str = "rdkit",
    pos: bool | None = None,
) -> Structure:
    """Molecules with their bonds; `pos` in angstrom if all have three dimensions.

    Name and properties (`> <SOL>`) are in `meta`, as text.

    Args:
        source: the file.
        y: the property that becomes `y`, `(B,)`; or several, `(B, T)`.
        missing: `"raise"` where a record has no target, or `"keep"` it as NaN.
        table: a CSV file in the same folder with further properties: a row for each record, or each that can be read.
        hydrogens: as in `gn.from_rdkit`, which knows these options: the file's own unless given.
        features: as in `gn.molecule`.
        pos: as in `gn.from_rdkit`.

    Raises:
        ReadError: if there are not as many atoms or bonds as announced, or an atom has more bonds than it can.

    Reference: BIOVIA, "CTfile formats", 2020.
    """
    rows = None if table is None else _rows(Source(source.path.parent).member(table))
    build = built(hydrogens, features, pos)
    return read_records(source, _blocks(source), _record, build, y, missing, rows)


def _blocks(source: Source) -> Iterator[Block[list[str]]]:
    lines = lines_of(source)
    start = number = 0
    for at, line in enumerate([*lines, END]):
        if line.startswith(END):
            if any(text.strip() for text in lines[start:at]):
                number += 1
                yield Block(source, number, start + 1, lines[start:at])
            start = at + 1


def _record(block: Block[list[str]]) -> Record:
    end = next((at for at, line in enumerate(block.content) if line.startswith("M  END")), None)
    first, atoms, bonds = _counts(block, len(block.content) if end is None else end)
    if end is None:
        raise block.error("end with M  END", "no such line", len(block.content) - 1, "Fetch the whole file.")
    if first != 4:
        _check_v3000(block, first)
    chem = require("rdkit.Chem", "rdkit")
    parse = functools.partial(chem.MolFromMolBlock, removeHs=False)
    text = "\n".join(block.content[: end + 1]) + "\n"
    mol = parsed_block(block, parse, text, lambda atom: first + atom, lambda: _culprit(block, first, atoms, bonds))
    name, properties = block.content[0].strip(), _properties(block, end + 1)
    meta = {**({"name": name} if name else {}), **({"properties": properties} if properties else {})}
    return Record(mol, meta)


def _counts(block: Block[list[str]], end: int) -> tuple[int, int, int]:
    """The line of the first atom, and how many atoms and bonds are announced, once so many lines are there."""
    if len(block.content) < 4:
        rule, got = "begin with three lines and a line of counts", f"{len(block.content)} lines"
        raise block.error(rule, got, 0, "Fetch it again.")
    counts, first, line = block.content[3], 4, 3
    words = [counts[:3].strip(), counts[3:6].strip()]
    if "V3000" in counts:
        line = next((at for at, text in enumerate(block.content) if text.startswith("M  V30 COUNTS")), 3)
        found = COUNTS.match(block.content[line])
        words, first = (list(found.groups()) if found else ["", ""]), line + 2
    if not all(word.isascii() and word.isdigit() and len(word) <= 9 for word in words):
        rule, got = "announce atoms and bonds as whole numbers", repr(block.content[line])
        raise block.error(rule, got, line, "Correct the counts.")
    atoms, bonds = map(int, words)
    if end - first < atoms + bonds:
        raise block.error(
            f"have the {atoms} atoms and {bonds} bonds that it announces",
            f"{max(0, end - first)} lines of them",
            line if "V3000" in counts else end,
            "Correct the counts, or fetch the whole file.",
        )
    return first, atoms, bonds


def _check_v3000(block: Block[list[str]], first: int) -> None:
    """Raise unless every atom of version 3000 has three numbers: RDKit takes words for zeros."""
    continued = False
    for at, line in enumerate(block.content[first:], first):
        if line.startswith("M  V30 END"):
            return
        if not continued and not all(is_finite(word) for word in (line.split() + [""] * 7)[4:7]):
            rule = "have three coordinates for each atom"
            raise block.error(rule, repr(line), at, "Correct the atom.")
        continued = line.rstrip().endswith("-")


def _culprit(block: Block[list[str]], first: int, atoms: int, bonds: int) -> ReadError | None:
    """The first atom or bond of version 2000 that is none."""
    if first != 4:
        return None
    for at, line in enumerate(block.content[first : first + atoms], first):
        finite = all(is_finite(line[start : start + 10]) for start in (0, 10, 20))
        if not finite or not line[31:34].strip():
            return block.error(
                "have three coordinates and an element for each atom", repr(line), at, "Correct the atom."
            )
    for at, line in enumerate(block.content[first + atoms : first + atoms + bonds], first + atoms):
        words = [line[start : start + 3].strip() for start in (0, 3, 6)]
        if not all(word.isascii() and word.isdigit() for word in words) or not all(
            1 <= int(w) <= atoms for w in words[:2]
        ):
            rule = f"have two atoms between 1 and {atoms} and a type for each bond"
            return block.error(rule, repr(line), at, "Correct the bond.")
    return None


def _properties(block: Block[list[str]], start: int) -> dict[str, str]:
    """What stands below `> <NAME>`, up to an empty line."""
    properties: dict[str, str] = {}
    name, value = None, []
    for line in [*block.content[start:], ""]:
        header = PROPERTY.match(line) if name is None else None
        if header is not None:
            name, value = header[1], []
        elif name is not None and line.strip():
            value.append(line)
        elif name is not None:
            properties[name] = "\n".join(value)
            name = None
    return properties


def _rows(source: Source) -> list[dict[str, str]]:
    """The rows of a CSV file, by the names in its first line."""
    rows = csv.DictReader(source.lines, restkey="", restval="")
    return [{name: value for name, value in row.items() if name} for row in rows]
