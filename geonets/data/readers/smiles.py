"""SMILES: lists of strings with names, and tables with a column of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from geonets.core.errors import OptionError
from geonets.core.structure import Structure
from geonets.data.interop.chemistry import Problem, Quiet, of_strings, parsed
from geonets.data.readers.molecules import Block, Record, read_records
from geonets.data.readers.source import Source

TITLES = ("smiles", "smi", "canonical_smiles")
"""How a line of titles may begin, where a list of strings has one."""


def read_smiles(
    source: Source,
    *,
    column: str | None = None,
    separator: str | None = None,
    y: str | Sequence[str] | None = None,
    missing: str = "raise",
    hydrogens: bool = False,
    features: str = "rdkit",
) -> Structure:
    """Molecules from lines of `SMILES name`, or, if a column is named, from a table with a line of titles.

    The string, its name, and the other columns as `"properties"` are in `meta`, as text.

    Args:
        source: the file.
        column: the title of the column of SMILES strings; without it the file is a list.
        separator: between columns; a tab, a semicolon or a comma, whichever the line of titles holds.
        y: the title of the column that becomes `y`, `(B,)`; or several, `(B, T)`.
        missing: `"raise"` where a target is empty or says NA, or `"keep"` it as NaN.
        hydrogens: as in `gn.molecule`.
        features: as in `gn.molecule`.

    Raises:
        ReadError: if a string is no molecule; naming the record, the line and the character.
        OptionError: if there is a target but no column.
    """
    if y is not None and column is None:
        raise OptionError(
            f"`column` must name the column of SMILES strings where there is a target; got None and y={y!r}. "
            "Pass the title of the column: column='smiles'."
        )

    def record(block: Block[dict[str, str]]) -> Record:
        return _record(block, column, hydrogens)

    def build(records: list[Record]) -> Structure:
        meta = [one.meta for one in records]
        return of_strings([one.mol for one in records], [record["smiles"] for record in meta], features, meta)

    blocks = _lines(source) if column is None else _rows(source, column, separator)
    with Quiet():
        return read_records(source, blocks, record, build, y, missing)


def _record(block: Block[dict[str, str]], column: str | None, hydrogens: bool) -> Record:
    fields = dict(block.content)
    smiles = fields.pop(column or "smiles")
    found = parsed(smiles, hydrogens)
    if isinstance(found, Problem):
        place = f"line {block.line}" + (f", {found.place}" if found.place else "")
        got = f"{smiles[:100]!r}, {found.reason}"
        raise block.error("hold SMILES strings of possible molecules", got, place, "Correct the string.")
    meta: dict[str, Any] = {"smiles": smiles}
    if column is None:
        meta |= fields
    elif fields:
        meta["properties"] = fields
    return Record(found, meta)


def _lines(source: Source) -> Iterator[Block[dict[str, str]]]:
    """Each line's string and name."""
    number = 0
    for line, text in enumerate(source.lines, 1):
        words = text.split(None, 1)
        if not words or text.startswith("#") or (line == 1 and words[0].lower() in TITLES):
            continue
        number += 1
        named = {"name": words[1].strip()} if len(words) > 1 else {}
        yield Block(source, number, line, {"smiles": words[0], **named})


def _rows(source: Source, column: str, separator: str | None) -> Iterator[Block[dict[str, str]]]:
    """Each row's titles and entries, in turn."""
    first = source.text.partition("\n")[0]
    between = separator or next((mark for mark in "\t;" if mark in first), ",")
    rows = csv.reader(io.StringIO(source.text, newline=""), delimiter=between)
    number = 0
    try:
        titles = next(rows, [])
        if titles.count(column) != 1 or len(set(titles)) < len(titles):
            rule, got = f"have the column {column!r} and no title twice", ", ".join(titles) or "no titles"
            raise source.error(rule, got, "line 1", "Name one of them as column.")
        for row in rows:
            if not any(row):
                continue
            number += 1
            if len(row) != len(titles):
                broken = Block(source, number, rows.line_num, dict.fromkeys(row, ""))
                rule, got = f"have {len(titles)} entries in each row", str(len(row))
                source.leave_out(broken.error(rule, got, 0, "Add or remove entries there."))
                continue
            yield Block(source, number, rows.line_num, dict(zip(titles, row, strict=True)))
    except csv.Error as error:
        place = f"line {rows.line_num}"
        raise source.error("be a table", str(error), place, "Correct the quotes there.") from None
