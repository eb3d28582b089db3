"""What a card says of a data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, final

UNVERIFIED = "unverified"
"""Stands for a checksum that is recorded at the first download and enforced from then on."""

KINDS = ("graphs", "images", "meshes", "molecules", "networks", "points", "sequences", "text")
SPLITS = ("published", "random", "scaffold", "stratified", "none")
PARTS = ("train", "val", "test")


@final
@dataclasses.dataclass(frozen=True)
class File:
    """One file of a data set, and where it comes from.

    Args:
        name: under which it is kept.
        addresses: `https://...`, tried in this order, or `package:<package>/<path>`; none for a file of one's own.
        sha256: of its bytes, or `"unverified"`.
        md5: of its bytes, where its publisher states that.
        size: in bytes, where known.
        unpack: whether it is an archive.
    """

    name: str
    addresses: tuple[str, ...] = ()
    sha256: str = UNVERIFIED
    md5: str | None = None
    size: int | None = None
    unpack: bool = False


@final
@dataclasses.dataclass(frozen=True)
class Reading:
    """How files become structures: by a format of `gn.read`, or by a recipe of the catalog.

    Args:
        format: a format of `gn.read`.
        recipe: a function of `geonets.data.catalog.recipes`.
        options: of the format's reader or of the recipe.
        files: patterns of the files of each part, `train`, `val` and `test`, or of `all`; they may stand anywhere below
            the folder, and are read in the order of their names. All files of the card unless given.
        choices: words in braces in the patterns, with what they stand for unless the user says otherwise.
        folder: whether the reader is given the folder of a file instead of the file.
        label: a regular expression on a file's path with named groups: `y` is the target, others go to `meta`.
        skip: whether records that cannot be read are left out, with a warning.
    """

    format: str | None = None
    recipe: str | None = None
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    files: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    choices: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    folder: bool = False
    label: str | None = None
    skip: bool = False


@final
@dataclasses.dataclass(frozen=True)
class Target:
    """What is to be predicted.

    Args:
        name: what `y` is.
        unit: of `y`, or of each column.
        classes: what 0, 1, ... stand for.
    """

    name: str
    unit: str = "1"
    classes: tuple[str, ...] = ()


@final
@dataclasses.dataclass(frozen=True)
class Split:
    """Which items train, validate and test.

    Args:
        kind: `published` by the files or masks of the set itself, `random`, `scaffold` (of molecules), `stratified`
            (by `y`), or `none`.
        fractions: of train, val and test.
        seed: of the random and stratified.
    """

    kind: str = "none"
    fractions: tuple[float, ...] = (0.8, 0.1, 0.1)
    seed: int = 0


@final
@dataclasses.dataclass(frozen=True)
class Result:
    """What others reached.

    Args:
        model: with what.
        metric: in what.
        value: how much.
        source: who says so.
        split: on which split, where it is not the card's.
    """

    model: str
    metric: str
    value: float
    source: str
    split: str = ""


@final
@dataclasses.dataclass(frozen=True)
class Card:
    """All that is known of a data set before it is fetched.

    Args:
        name: of the card's file.
        title: what it is.
        about: what it is good for, one sentence.
        kind: of its items: graphs, images, meshes, molecules, networks (one graph), points, sequences, text.
        task: what is to be done.
        licence: its name or terms, and who says so; begins with `unknown` where nobody is known to say it.
        citation: authors, title, year.
        homepage: where its makers describe it.
        features: what the fields hold.
        read: how files become structures.
        target: what is to be predicted, where anything is.
        files: where they come from; none where a package makes the set.
        items: how many there are, where known; another number is an error.
        restricted: whether the licence must be accepted before a download.
        split: which items train, validate and test.
        results: of others.
        folder: where the card stands.
    """

    name: str
    title: str
    about: str
    kind: str
    task: str
    licence: str
    citation: str
    homepage: str
    features: str
    read: Reading
    target: Target | None = None
    files: tuple[File, ...] = ()
    items: int | None = None
    restricted: bool = False
    split: Split = dataclasses.field(default_factory=Split)
    results: tuple[Result, ...] = ()
    folder: str = ""

    def __str__(self) -> str:
        size = sum(file.size or 0 for file in self.files)
        rows = [("good for", self.about), ("task", self.task), ("items", "" if self.items is None else str(self.items))]
        rows += [("features", self.features)]
        if self.target is not None:
            rows.append(("target", f"{self.target.name} [{self.target.unit}]"))
            rows.append(("classes", ", ".join(self.target.classes)))
        fractions = (
            "" if self.split.kind in ("published", "none") else f" {self.split.fractions}, seed {self.split.seed}"
        )
        rows += [("split", f"{self.split.kind}{fractions}"), ("size", f"{size:,} bytes" if size else "")]
        rows += [("licence", self.licence + (" (must be accepted)" if self.restricted else ""))]
        rows += [("citation", self.citation), ("homepage", self.homepage)]
        for result in self.results:
            where = f" on {result.split}" if result.split else ""
            rows.append(("result", f"{result.model}: {result.metric} {result.value:g}{where} ({result.source})"))
        return "\n  ".join([f"{self.name}: {self.title}", *(f"{name:<10}{text}" for name, text in rows if text)])
