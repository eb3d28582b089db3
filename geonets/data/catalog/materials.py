"""The files of a card: downloaded into the cache, found in a package, or looked up in a folder of the user's."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, final

from geonets.core.errors import FetchError, OptionError
from geonets.data.archives import unpack
from geonets.data.catalog.digests import Ledger, digest
from geonets.data.catalog.download import Limits, download
from geonets.data.catalog.records import UNVERIFIED, Card, File

ACCEPT = "GEONETS_ACCEPT_LICENCE"
"""Names, separated by commas, of the data sets whose licence is accepted."""

MAX_MEMBERS = 200_000
"""Of an archive whose card is at hand."""


@final
@dataclasses.dataclass(frozen=True)
class Materials:
    """Where the files of a card are, or are to be.

    Args:
        card: the card.
        home: its folder in the cache.
        source: a folder of the user's that holds them already, instead of a download.
        accept_licence: whether its licence is accepted.
        limits: of downloads.
    """

    card: Card
    home: Path
    source: Path | None
    accept_licence: bool
    limits: Limits

    @property
    def ledger(self) -> Ledger:
        """The checksums of the first downloads."""
        return Ledger(self.home / "digests.json")

    def signature(self) -> list[Any] | None:
        """What tells whether the files are those of last time, at little cost; None if some are still to be brought."""
        if self.source is not None:
            return [[name, *_stamp(path)] for name, path in sorted(_below(self.source, but=self.home.parent))]
        found: list[Any] = []
        for file in self.card.files:
            inside = _in_package(file)
            wanted = self.wanted(file)
            if inside is not None:
                found.append([file.name, inside.stat().st_size])
            elif wanted is None:
                return None
            else:
                found.append([file.name, wanted])
        return found

    def wanted(self, file: File) -> str | None:
        """The checksum that a file must have, if that is known."""
        return self.ledger[file.name] if file.sha256 == UNVERIFIED else file.sha256

    def bring(self, working: Path) -> dict[str, Path]:
        """All files by their path below their folder; archives are unpacked into a working folder.

        Raises:
            OptionError: if the licence is to be accepted first.
            FetchError: if a file cannot be brought.
            ReadError: if an archive is not to be trusted.
        """
        found: dict[str, Path] = {}
        if self.source is not None:
            found |= _below(self.source, but=self.home.parent)
        for file in self.card.files:
            if self.source is not None:
                path = next((path for name, path in sorted(found.items()) if _is(name, file.name)), None)
            else:
                path = _in_package(file) or self._downloaded(file)
                found[file.name] = path
            if path is not None and file.unpack:
                folder = unpack(path, working / file.name, max_members=MAX_MEMBERS)
                found |= _below(folder)
        return found

    def _downloaded(self, file: File) -> Path:
        """A file in the cache, with the right bytes."""
        path = self.home / "files" / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        wanted = self.wanted(file)
        if path.exists() and wanted is not None:
            if digest(path) == wanted:
                return path
            warnings.warn(f"{path} is not what was downloaded: it is fetched again.", stacklevel=2)
        if not any(address.startswith("http") for address in file.addresses):
            raise FetchError(
                f"`{file.name}` must be in a package that is installed, or a folder of yours; got neither "
                f"({self.card.name}, {', '.join(file.addresses) or 'no address'}). "
                "Install the package, or name the folder: dataset(name, source=...)."
            )
        self._accept()
        web = tuple(address for address in file.addresses if address.startswith("http"))
        download(dataclasses.replace(file, addresses=web), path, wanted=wanted, limits=self.limits)
        if wanted is None:
            found = digest(path)
            self.ledger.record(file.name, found)
            warnings.warn(
                f"{file.name} of {self.card.name} has no published checksum: {found} is recorded in "
                f"{self.ledger.path} and enforced from now on.",
                stacklevel=2,
            )
        return path

    def _accept(self) -> None:
        names = {name.strip().casefold() for name in os.environ.get(ACCEPT, "").split(",")}
        if self.card.restricted and not (self.accept_licence or names & {self.card.name.casefold(), "all"}):
            raise OptionError(
                f"`accept_licence` must be True before {self.card.name} is downloaded; got False (its licence: "
                f"{self.card.licence}). Read it at {self.card.homepage}, then pass accept_licence=True, or set "
                f"{ACCEPT}={self.card.name}."
            )


def clean(folder: Path) -> None:
    """Remove what a preparation left that did not come to its end."""
    for path in folder.glob(".working-*"):
        shutil.rmtree(path, ignore_errors=True)


def _in_package(file: File) -> Path | None:
    """The file where an installed package brings it along."""
    for address in file.addresses:
        package, _, rest = address.removeprefix("package:").partition("/")
        spec = importlib.util.find_spec(package) if address.startswith("package:") else None
        for place in (spec.submodule_search_locations or ()) if spec is not None else ():
            if (Path(place) / rest).is_file():
                return Path(place) / rest
    return None


def _below(folder: Path, but: Path | None = None) -> Iterator[tuple[str, Path]]:
    """All files below a folder, but for those below another one, with their names from there."""
    for place, folders, names in os.walk(folder):
        ours = (name for name in folders if not name.startswith((".", "__MACOSX")))
        folders[:] = sorted(name for name in ours if but is None or Path(place, name).resolve() != but.resolve())
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and not name.startswith("."):
                yield path.relative_to(folder).as_posix(), path


def _is(name: str, wanted: str) -> bool:
    return PurePosixPath(name).name == wanted


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
