"""Cards: TOML files that describe data sets, found by name and read word by word."""

from __future__ import annotations

import dataclasses
import re
import string
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from geonets.core.errors import OptionError, ReadError
from geonets.data.catalog.records import KINDS, PARTS, SPLITS, UNVERIFIED, Card, File

T = TypeVar("T")
HERE = Path(__file__).parent
SHELVES = (HERE / "shelf", HERE.parents[2] / "datasets")
"""Where cards stand in a wheel, and in a checkout."""

DIGEST = {"sha256": re.compile(r"[0-9a-f]{64}|" + UNVERIFIED), "md5": re.compile(r"[0-9a-f]{32}")}
ADDRESS = re.compile(r"https?://[^\s]+|package:\w+(/\w[\w.-]*)+")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def cards(folder: str | Path | None = None) -> dict[str, Card]:
    """All cards by name, in alphabetical order.

    Args:
        folder: of one's own cards; those of geonets unless given.

    Raises:
        ReadError: naming card and key, if a card says something that no card says.

    Example:
        >>> cards()["esol"].target.unit
        'log10(mol/L)'
    """
    return {path.stem: read_card(path) for path in sorted(_shelf(folder).glob("*.toml"))}


def card(name: str, folder: str | Path | None = None) -> Card:
    """The card of a name; capitals, spaces and hyphens do not matter.

    Args:
        name: of a data set.
        folder: of one's own cards; those of geonets unless given.

    Raises:
        OptionError: if there is none.
        ReadError: naming card and key, if the card says something that no card says.

    Example:
        >>> card("Tiny Shakespeare").kind
        'text'
    """
    shelf = _shelf(folder)
    found = {_plain(path.stem): path for path in sorted(shelf.glob("*.toml"))}
    if _plain(name) not in found:
        words = ", ".join(path.stem for path in found.values())
        raise OptionError(
            f"`name` must be one of {words or 'no cards at all'}; got {name!r} ({shelf}). "
            "Choose one of them, or write a card and name its folder: dataset(name, cards=...)."
        )
    return read_card(found[_plain(name)])


def read_card(path: Path) -> Card:
    """One card.

    Raises:
        ReadError: naming card and key, if it says something that no card says.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _fault(path, "be written in TOML", str(error), "the text") from None
    read = _record(Card, {**content, "name": path.stem, "folder": str(path.parent)}, path, "")
    wrong = next(_wrong(read), None)
    if wrong is not None:
        raise _fault(path, *wrong)
    return read


def _shelf(folder: str | Path | None) -> Path:
    shelves = SHELVES if folder is None else (Path(folder),)
    return next((shelf for shelf in shelves if shelf.is_dir()), shelves[-1])


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


def _fault(path: Path, rule: str, got: str, key: str) -> ReadError:
    message = f"`card` must {rule}; got {got[:300]} ({path}, {key}). Correct the card; docs/datasets.md tells its keys."
    return ReadError(message, source=str(path), place=key)


def _record(kind: type[T], content: Any, path: Path, key: str) -> T:
    """A record of a table whose keys and types are its own."""
    if not isinstance(content, Mapping):
        raise _fault(path, "have a table there", repr(content), key.rstrip("."))
    fields: dict[str, Any] = {field.name: field for field in dataclasses.fields(typing.cast(Any, kind))}
    unknown = sorted(content.keys() - fields.keys())
    if unknown:
        raise _fault(path, f"have keys of these only: {', '.join(fields)}", unknown[0], f"{key}{unknown[0]}")
    required = (dataclasses.MISSING, dataclasses.MISSING)
    missing = [n for n, f in fields.items() if n not in content and (f.default, f.default_factory) == required]
    if missing:
        raise _fault(path, f"tell the {missing[0]}", "nothing", f"{key}{missing[0]}")
    types_of = typing.get_type_hints(kind)
    return kind(**{name: _value(types_of[name], content[name], path, f"{key}{name}") for name in content})


def _value(kind: Any, value: Any, path: Path, key: str) -> Any:
    """A value of a field's type."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _value(inside[0], value, path, key)
    if dataclasses.is_dataclass(kind):
        return _record(typing.cast(type, kind), value, path, f"{key}.")
    if origin is tuple:
        if not isinstance(value, list):
            raise _fault(path, "have a list there", repr(value), key)
        return tuple(_value(inside[0], one, path, f"{key}[{number}]") for number, one in enumerate(value))
    if kind is float and type(value) is int:
        return float(value)
    if inside and isinstance(value, Mapping):
        return {name: _value(inside[1], one, path, f"{key}.{name}") for name, one in value.items()}
    if kind is not Any and type(value) is not (dict if inside else kind):
        raise _fault(path, f"have a {'table' if inside else kind.__name__} there", repr(value), key)
    return value


def _wrong(card: Card) -> typing.Iterator[tuple[str, str, str]]:
    """What is wrong with a card whose types are right: the rule, what it says instead, and the key."""
    for key, value, words in (("kind", card.kind, KINDS), ("split.kind", card.split.kind, SPLITS)):
        if value not in words:
            yield f"say one of {', '.join(words)}", repr(value), key
    for key, text in (("title", card.title), ("about", card.about), ("licence", card.licence)):
        if not text.strip():
            yield f"tell the {key}", "nothing", key
    if len(card.split.fractions) != 3 or not 0.999 < sum(card.split.fractions) < 1.001 or min(card.split.fractions) < 0:
        yield "have three fractions that make one", repr(list(card.split.fractions)), "split.fractions"
    yield from _wrong_reading(card)
    for number, file in enumerate(card.files):
        yield from _wrong_file(file, f"files[{number}]")


def _wrong_reading(card: Card) -> typing.Iterator[tuple[str, str, str]]:
    if (card.read.format is None) == (card.read.recipe is None):
        yield "name a format or a recipe", f"{card.read.format!r} and {card.read.recipe!r}", "read"
    if card.read.format is not None and not (card.files or card.read.files):
        yield "name the files to be read", "none", "read.files"
    unknown = card.read.files.keys() - {*PARTS, "all"}
    if unknown:
        yield f"name files of all, or of {', '.join(PARTS)}", min(unknown), "read.files"
    for part, patterns in card.read.files.items():
        for pattern in patterns:
            if not _braces(pattern) <= card.read.choices.keys():
                yield "have words in braces that are among its choices", repr(pattern), f"read.files.{part}"
    if card.read.label is not None:
        try:
            re.compile(card.read.label)
        except re.error as error:
            yield "have a regular expression there", f"{card.read.label!r}: {error}", "read.label"


def _braces(pattern: str) -> set[str]:
    """The words in braces of a pattern; the pattern itself where they make no sense."""
    try:
        return {word for _, word, _, _ in string.Formatter().parse(pattern) if word is not None}
    except ValueError:
        return {pattern}


def _wrong_file(file: File, place: str) -> typing.Iterator[tuple[str, str, str]]:
    if not NAME.fullmatch(file.name):
        yield "name a file, without folders", repr(file.name), f"{place}.name"
    for address in file.addresses:
        if not ADDRESS.fullmatch(address):
            rule = "have addresses that begin with https://, http:// or package:"
            yield rule, repr(address), f"{place}.addresses"
    for kind, pattern in DIGEST.items():
        digest = getattr(file, kind)
        if digest is not None and not pattern.fullmatch(digest):
            yield f"have a {kind} in lower-case hexadecimal digits", repr(digest), f"{place}.{kind}"
