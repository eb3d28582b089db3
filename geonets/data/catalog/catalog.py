"""`dataset`: by name into the cache, and from there into memory."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from geonets.core.errors import FetchError, ReadError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.catalog.dataset import Dataset
from geonets.data.catalog.digests import read_json, write_json
from geonets.data.catalog.download import Limits
from geonets.data.catalog.materials import Materials, clean
from geonets.data.catalog.prepare import Prepared, chosen, prepare
from geonets.data.catalog.records import PARTS, Card
from geonets.data.catalog.shelves import card as card_of
from geonets.data.storage import load, save

SCHEMA = 1
"""Of what is prepared; another number prepares everything anew."""

CACHE = "GEONETS_CACHE"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
FULL, MADE = "full.geonets", "made.json"


def dataset(
    name: str,
    *,
    root: str | Path | None = None,
    source: str | Path | None = None,
    cards: str | Path | None = None,
    accept_licence: bool = False,
    refresh: bool = False,
    limits: Limits | None = None,
    **options: Any,
) -> Dataset:
    """A data set by name: fetched once, checked, prepared once, and split as its card says.

    `geonets datasets` lists the names. Any number of processes may ask for the same set at once: one prepares it, the
    others wait; whatever is interrupted leaves the cache as it was.

    Args:
        name: of a card.
        root: where data sets are kept; else `$GEONETS_CACHE`, else the platform's folder for caches.
        source: a folder that holds the files already, instead of a download; they are taken as they are.
        cards: a folder of one's own cards.
        accept_licence: whether the licence of a set for research only is accepted; or name the set in
            `$GEONETS_ACCEPT_LICENCE`.
        refresh: prepare it again.
        limits: of time and size of downloads.
        **options: of its reader, and choices of its card, such as `task=2` of bAbI.

    Raises:
        OptionError: if there is no such card, or the licence is to be accepted first.
        FetchError: if its files cannot be brought, or there is no room.
        ReadError: if a file or the card cannot be read.

    Example:
        >>> import geonets as gn
        >>> digits = gn.dataset("digits")
        >>> len(digits.train), digits.full.topology.uniform
        (1438, (8, 8))
    """
    card = card_of(name, cards)
    own = Path(card.folder) if cards is not None and not any(file.addresses for file in card.files) else None
    place = own if source is None else Path(source)
    if place is not None and not place.is_dir():
        raise FetchError(f"`source` must be a folder; got {str(place)!r}. Name the folder that holds the files.")
    home = _root(root) / (card.name if cards is None else f"{card.name}-{_hash(str(Path(card.folder).resolve()))[:8]}")
    materials = Materials(card, home, place, accept_licence, limits or Limits())
    entry = _Entry(card, materials, options)
    prepared = None if refresh else entry.opened()
    if prepared is None:
        prepared = entry.prepared(refresh)
    else:
        entry.swept()
    return _dataset(card, prepared)


def _root(root: str | Path | None) -> Path:
    chosen = root or os.environ.get(CACHE) or require("platformdirs").user_cache_dir("geonets")
    return Path(chosen).expanduser()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _dataset(card: Card, prepared: Prepared) -> Dataset:
    rows = {part: _rows(prepared.rows[part]) for part in PARTS if part in prepared.rows}
    if not rows and card.split.kind == "published":
        masks = {part: prepared.full.nodes.get(f"{part}_mask") for part in PARTS}
        rows = {part: mask.nonzero()[:, 0] for part, mask in masks.items() if mask is not None}
    return Dataset(card, prepared.full, rows, prepared.notes).as_stated(card.split)


def _rows(spans: list[list[int]]) -> Tensor:
    return torch.cat([torch.arange(start, stop) for start, stop in spans])


@final
@dataclasses.dataclass
class _Entry:
    """One data set in the cache, prepared with some options."""

    card: Card
    materials: Materials
    options: Mapping[str, Any]

    def opened(self) -> Prepared | None:
        """What was prepared from the same files by the same card with the same options; None if nothing was."""
        key = self._key()
        folder = self.materials.home / f"prepared-{key}"
        if key is None or not folder.exists():
            return None
        try:
            full: Structure = load(folder / FULL)
        except ReadError as error:
            warnings.warn(f"{self.card.name} is prepared again: {error}", stacklevel=2)
            return None
        made = read_json(folder / MADE)
        if not made:
            warnings.warn(f"{self.card.name} is prepared again: {folder / MADE} is damaged.", stacklevel=2)
            return None
        return Prepared(full, made["rows"], made["notes"])

    def swept(self) -> None:
        """Remove what a process left behind that was killed when all was in place, unless one is at work now."""
        filelock, home = require("filelock"), self.materials.home
        if any(home.glob(".working-*")):
            with contextlib.suppress(filelock.Timeout, OSError), filelock.FileLock(home / ".lock", timeout=0):
                clean(home)

    def prepared(self, refresh: bool) -> Prepared:
        """Bring and read the files, unless another process did so in the meantime."""
        home = self.materials.home
        with self._room(), self._locked():
            found = None if refresh else self.opened()
            if found is not None:
                return found
            clean(home)
            working = home / f".working-{os.getpid()}"
            working.mkdir()
            try:
                files = self.materials.bring(working)
                key = self._key()
                made = prepare(self.card, files, self.options)
                self._check_count(made.full)
                self._keep(made, working, key)
            finally:
                shutil.rmtree(working, ignore_errors=True)
            found = self.opened()
            assert found is not None, "what was just written is there"
            return found

    def _keep(self, made: Prepared, working: Path, key: str | None) -> None:
        """Save what was made, all of it or nothing."""
        beside = working / "prepared"
        beside.mkdir()
        save(made.full, beside / FULL)
        write_json(beside / MADE, {"rows": made.rows, "notes": made.notes, "by": os.getpid()})
        folder = self.materials.home / f"prepared-{key}"
        if folder.exists():
            folder.rename(working / "old")
        beside.rename(folder)

    def _key(self) -> str | None:
        signature = self.materials.signature()
        if signature is None:
            return None
        reading, words = chosen(self.card, self.options)
        card = dataclasses.asdict(self.card)
        said = [SCHEMA, signature, card["read"], card["target"], reading, words]
        return _hash(json.dumps(said, sort_keys=True, default=str))[:16]

    def _check_count(self, full: Structure) -> None:
        """A card that tells how many items there are is right about it, unless the user's files or options are read."""
        as_stated = self.materials.source is None and not self.options
        if self.card.items is not None and as_stated and len(full) != self.card.items:
            place = str(Path(self.card.folder, f"{self.card.name}.toml"))
            raise ReadError(
                f"`{self.card.name}` must have {self.card.items} items; got {len(full)} ({place}, items). "
                "Its source has changed: correct the card.",
                source=place,
                place="items",
            )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        filelock = require("filelock")
        home, seconds = self.materials.home, self.materials.limits.seconds
        home.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(home / ".lock", timeout=seconds):
                yield
        except filelock.Timeout:
            raise FetchError(
                f"`{self.card.name}` must be prepared by one process at a time; got another at work for {seconds:g} "
                f"seconds ({home}). Wait for it, or raise Limits(seconds=...)."
            ) from None

    @contextlib.contextmanager
    def _room(self) -> Iterator[None]:
        """A full or closed disk is an error that names the folder."""
        try:
            yield
        except OSError as error:
            if isinstance(error, FetchError) or error.errno not in (
                errno.ENOSPC,
                errno.EDQUOT,
                errno.EROFS,
                errno.EACCES,
            ):
                raise
            raise FetchError(
                f"`root` must have room for {self.card.name}; got {error.strerror} ({self.materials.home}). "
                f"Make room, or name another folder: dataset(name, root=...) or ${CACHE}."
            ) from None
