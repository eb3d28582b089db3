"""From files to one Structure: read once, labelled, put together in the order of the parts, and saved."""

from __future__ import annotations

import dataclasses
import re
import string
import warnings
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, final

import torch

from geonets.core.errors import GeonetsError, OptionError, ReadError
from geonets.core.structure import Structure, batch
from geonets.data.catalog import recipes
from geonets.data.catalog.records import PARTS, Card
from geonets.data.readers.read import read_source
from geonets.data.readers.source import Source

Files = dict[str, list[tuple[str, Path]]]
"""Of each part: the files by their names below their folder."""


@final
@dataclasses.dataclass(frozen=True)
class Prepared:
    """What the files of a card become.

    Args:
        full: all items.
        rows: of each part that the files tell apart, as spans `[start, stop]` of items, or of nodes of a single graph.
        notes: JSON-able: `classes`, `words`, `skipped`.
    """

    full: Structure
    rows: dict[str, list[list[int]]] = dataclasses.field(default_factory=dict)
    notes: dict[str, Any] = dataclasses.field(default_factory=dict)


def chosen(card: Card, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of the reader, and the words of the patterns, with those that the user chose.

    Raises:
        OptionError: if a word of the patterns is to be of another type.
    """
    words = dict(card.read.choices)
    for name in words.keys() & options.keys():
        if type(options[name]) is not type(words[name]):
            raise OptionError(
                f"`{name}` must be {type(words[name]).__name__} in {card.name}; got {options[name]!r}. "
                f"Unless given it is {words[name]!r}."
            )
        words[name] = options[name]
    rest = {name: value for name, value in options.items() if name not in words}
    return {**card.read.options, **rest}, words


def prepare(card: Card, found: Mapping[str, Path], options: Mapping[str, Any]) -> Prepared:
    """Read the files of a card.

    Args:
        card: the card.
        found: files by their names below their folder.
        options: that the user chose.

    Raises:
        ReadError: if a file is missing or cannot be read, or there are not as many items as the card says.
    """
    reading, words = chosen(card, options)
    files = matched(card, found, words)
    if card.read.recipe is not None:
        recipe = getattr(recipes, card.read.recipe, None)
        if recipe is None or card.read.recipe.startswith("_"):
            raise _fault(card, "name a recipe that there is", repr(card.read.recipe), "read.recipe")
        try:
            return Prepared(*recipe(files, **reading))
        except GeonetsError:
            raise
        except (ValueError, KeyError, IndexError, TypeError) as error:
            got = f"{type(error).__name__}: {error}"
            raise _fault(card, "come with files and options as its recipe expects", got, "read.recipe") from None
    return _labelled(card, {part: _read(card, named, reading) for part, named in files.items()}, files)


def matched(card: Card, found: Mapping[str, Path], words: Mapping[str, Any]) -> Files:
    """The files of each part.

    Raises:
        ReadError: if a pattern fits none.
    """
    patterns = card.read.files or ({"all": tuple(file.name for file in card.files)} if card.files else {})
    files: Files = {}
    for part in (*PARTS, "all"):
        for pattern in patterns.get(part, ()):
            wanted = string.Formatter().vformat(pattern, (), words)
            fitting = sorted((n, path) for n, path in found.items() if PurePosixPath(n).match(wanted))
            if not fitting:
                shown = ", ".join(sorted(found)[:5]) + (", ..." if len(found) > 5 else "")
                raise _fault(card, f"come with files {wanted}", f"{len(found)} others: {shown}", f"read.files.{part}")
            files.setdefault(part, []).extend(pair for pair in fitting if pair not in files.get(part, ()))
    return files


def _fault(card: Card, rule: str, got: str, place: str) -> ReadError:
    where = str(Path(card.folder, f"{card.name}.toml"))
    message = (
        f"`{card.name}` must {rule}; got {got[:300]} ({where}, {place}). Correct the card, or name another folder."
    )
    return ReadError(message, source=where, place=place)


Pieces = list[tuple[str, Structure, list[str]]]
"""Of each file: its name, its items, and what was left out."""


def _read(card: Card, files: list[tuple[str, Path]], options: dict[str, Any]) -> Pieces:
    """The structures of some files."""
    pieces: Pieces = []
    folders = {path.parent: name for name, path in files} if card.read.folder else {}
    for name, path in [(name, folder) for folder, name in folders.items()] or files:
        source = Source(path, on_error="skip" if card.read.skip else "raise")
        structure = read_source(source, format=card.read.format, **options)
        pieces.append((name, structure, [str(error) for error in source.skipped]))
    return pieces


def _labelled(card: Card, parts: dict[str, Pieces], files: Files) -> Prepared:
    """All items one after another, with targets and meta from the names of their files."""
    pieces = [piece for part in parts.values() for piece in part]
    notes: dict[str, Any] = {}
    skipped = [error for _, _, left_out in pieces for error in left_out]
    if skipped:
        notes["skipped"] = skipped
        warnings.warn(f"{len(skipped)} records of {card.name} are left out; the first: {skipped[0]}", stacklevel=2)
    structures = [structure for _, structure, _ in pieces]
    if card.read.label is not None:
        told = [_told(card, name) for name, _, _ in pieces]
        structures = [_with_meta(s, words) for s, words in zip(structures, told, strict=True)]
        if "y" in told[0]:
            classes = list(card.target.classes if card.target else ()) or sorted({words["y"] for words in told})
            lost = next((words["y"] for words in told if words["y"] not in classes), None)
            if lost is not None:
                raise _fault(card, f"have classes {', '.join(classes)}", repr(lost), "target.classes")
            notes["classes"] = classes
            structures = [_with_y(s, classes.index(words["y"])) for s, words in zip(structures, told, strict=True)]
    full = structures[0] if len(structures) == 1 else batch(structures)
    rows: dict[str, list[list[int]]] = {}
    start = 0
    for part, own in parts.items():
        stop = start + sum(len(structure) for _, structure, _ in own)
        if part != "all":
            rows[part] = [[start, stop]]
        start = stop
    return Prepared(full, rows, notes)


def _told(card: Card, name: str) -> dict[str, str]:
    """What the name of a file says."""
    assert card.read.label is not None
    found = re.search(card.read.label, name)
    if found is None:
        raise _fault(card, f"have files whose names fit {card.read.label}", repr(name), "read.label")
    return {key: value for key, value in found.groupdict().items() if value is not None}


def _with_meta(structure: Structure, words: dict[str, str]) -> Structure:
    told = {name: word for name, word in words.items() if name != "y"}
    if not told:
        return structure
    return structure.replace(meta=[{**item, **told} for item in structure.meta or ({},) * len(structure)])


def _with_y(structure: Structure, kind: int) -> Structure:
    return structure.replace(globals={"y": torch.full((len(structure),), kind)})
