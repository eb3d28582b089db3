"""What files of molecules have in common: records that may be broken, targets among their properties."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar, final

import torch

from geonets.core.errors import ReadError
from geonets.core.options import one_of
from geonets.core.structure import Structure
from geonets.data.interop.chemistry import MOST, Quiet, from_rdkit, impossible, together
from geonets.data.readers.source import Source

Target = str | Sequence[str] | None
ABSENT = ("", "nan", "na", "n/a", "null", "none")


Content = TypeVar("Content", list[str], dict[str, str])


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Block(Generic[Content]):
    """One record before it is read.

    Args:
        source: the file.
        number: of the record, counted from 1.
        line: the number of its first line in the file.
        content: its lines, or its entries by title.
    """

    source: Source
    number: int
    line: int
    content: Content

    def error(self, rule: str, got: str, place: str | int, cure: str) -> ReadError:
        """An error to be raised; the place may be a line, counted in the record from 0."""
        where = f"line {self.line + place}" if isinstance(place, int) else place
        return self.source.error(rule, got, where, cure, record=self.number)


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    """One molecule as it was read.

    Args:
        mol: RDKit's.
        meta: what becomes its record in `meta`; `"properties"` there is where targets are looked up.
    """

    mol: Any
    meta: dict[str, Any]


Build = Callable[[list[Record]], Structure]


def read_records(
    source: Source,
    blocks: Iterable[Block[Content]],
    read_one: Callable[[Block[Content]], Record],
    build: Build,
    y: Target,
    missing: str,
    table: Sequence[dict[str, str]] | None = None,
) -> Structure:
    """Read every record, or note those that cannot be read, and put the molecules together.

    Args:
        source: the file.
        blocks: of its records.
        read_one: makes a record of a block, or raises.
        build: makes the Structure.
        y: the names of the properties that become `y`.
        missing: `"raise"` where a target is missing, or `"keep"` it as NaN.
        table: properties from elsewhere: one row for every record, or one for each that can be read.

    Raises:
        ReadError: if a record cannot be read, or none can.
    """
    one_of("missing", missing, ("raise", "keep"))
    found: list[tuple[Block[Any], dict[str, Any]]] = []
    parts: list[Structure] = []
    records: list[Record] = []
    seen = 0
    for block in blocks:
        seen += 1
        try:
            record = read_one(block)
        except ReadError as error:
            source.leave_out(error)
            continue
        records.append(record)
        found.append((dataclasses.replace(block, content=type(block.content)()), record.meta))
        if len(records) == MOST:
            parts.append(build(records))
            records = []
    if not found:
        first = source.skipped[0].place if source.skipped else None
        got = f"{seen} that cannot be read, the first at {first}" if first else "none"
        raise source.error("hold at least one molecule", got, "the whole file", "Check the file.")
    structure = together([*parts, build(records)] if records else parts)
    if table is not None:
        found = _beside(source, found, seen, table)
        structure = structure.replace(meta=[meta for _, meta in found])
    return structure if y is None else _with_targets(structure, source, found, y, missing)


def _with_targets(
    structure: Structure, source: Source, found: list[tuple[Block[Any], dict[str, Any]]], target: Target, missing: str
) -> Structure:
    """The molecules that have their targets, with these as `y`."""
    kept, rows = [], []
    for item, (block, meta) in enumerate(found):
        try:
            rows.append(_targets(block, meta.get("properties", {}), target, missing))
            kept.append(item)
        except ReadError as error:
            source.leave_out(error)
    if len(kept) < len(found):
        structure = structure[torch.tensor(kept, dtype=torch.int64)]
    y = torch.tensor(rows, dtype=torch.float32).reshape(len(kept), -1)
    return structure.replace(globals={"y": y[:, 0] if isinstance(target, str) else y})


def built(hydrogens: bool | None, features: str, pos: bool | None) -> Build:
    """How molecules are put together where a file says which hydrogens and coordinates there are."""
    return lambda records: from_rdkit(
        [record.mol for record in records],
        hydrogens=hydrogens,
        features=features,
        pos=pos,
        meta=[record.meta for record in records],
    )


def lines_of(source: Source) -> list[str]:
    """The lines of a text whose names and remarks may be in an old encoding: what is no UTF-8 is read as Latin-1."""
    content = source.content
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise source.error("be text", "a zero byte", f"line {line}", "Name the format: read(path, format=...).")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def is_finite(word: str) -> bool:
    """Whether a word is a number, and neither NaN nor infinite."""
    try:
        return math.isfinite(float(word)) and "_" not in word
    except ValueError:
        return False


def parsed_block(
    block: Block[list[str]],
    parse: Callable[..., Any],
    text: str,
    line_of: Callable[[int], int],
    culprit: Callable[[], ReadError | None] = lambda: None,
) -> Any:
    """RDKit's molecule of a block.

    Args:
        block: for messages.
        parse: RDKit's function, which takes `sanitize`.
        text: what it parses.
        line_of: the line of an atom, counted in the block from 0, by the number of the atom.
        culprit: what is wrong with the text, if it is no molecule at all; asked only then.

    Raises:
        ReadError: saying which line or atom is wrong.
    """
    with Quiet() as log:
        mol = _attempt(parse, text, sanitize=True)
        whole = mol if mol is not None else _attempt(parse, text, sanitize=False)
    if whole is None:
        raise culprit() or block.error("hold a molecule in this format", log.reason, 0, "Correct the record.")
    if mol is None:
        problem = impossible(whole)
        place = f"line {block.line + (0 if problem.atom is None else line_of(problem.atom))}"
        place += "" if problem.place is None else f", {problem.place}"
        raise block.error("hold a possible molecule", problem.reason, place, "Correct the atom.")
    return mol


def _attempt(parse: Callable[..., Any], text: str, sanitize: bool) -> Any:
    """RDKit's molecule, or None also where its parser breaks its own rules."""
    try:
        return parse(text, sanitize=sanitize)
    except (RuntimeError, ValueError):
        return None


def _targets(block: Block[Any], properties: dict[str, str], target: Target, missing: str) -> list[float]:
    names = [] if target is None else [target] if isinstance(target, str) else target
    row = []
    for name in names:
        text = properties.get(name, "")
        if text.strip().lower() in ABSENT:
            if missing == "keep":
                row.append(math.nan)
                continue
            cure = "Choose among: " + (", ".join(properties) or "none") + "; or pass missing='keep', on_error='skip'."
            raise block.error(f"have the target {name!r}", repr(text), f"line {block.line}", cure)
        try:
            row.append(float(text if "_" not in text else "no number"))
        except ValueError:
            raise block.error(
                f"have a number as target {name!r}", repr(text), f"line {block.line}", "Correct the entry."
            ) from None
    return row


def _beside(
    source: Source, found: list[tuple[Block[Any], dict[str, Any]]], seen: int, table: Sequence[dict[str, str]]
) -> list[tuple[Block[Any], dict[str, Any]]]:
    """What is said of every molecule, with the properties of a table that stands in another file."""
    if len(table) == seen:
        rows = [table[block.number - 1] for block, _ in found]
    elif len(table) == len(found):
        rows = list(table)
    else:
        raise source.error(
            f"have as many records as its table has rows, {len(table)}",
            f"{seen} records, of which {len(found)} can be read",
            "the whole file",
            "Pass the table of this file.",
        )
    return [
        (block, {**meta, "properties": {**meta.get("properties", {}), **row}})
        for (block, meta), row in zip(found, rows, strict=True)
    ]
