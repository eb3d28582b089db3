"""Archives, cards, downloads and data sets that cannot be had."""

from __future__ import annotations

import errno
import gzip
import io
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from loopback import endless, says, serving
from shelves import CONTENT, shelf

import geonets as gn
from geonets.data.archives import unpack
from geonets.data.catalog import Limits, card
from geonets.data.catalog.download import download
from geonets.data.catalog.records import File
from geonets.data.catalog.shelves import read_card


def folder() -> Path:
    return Path(tempfile.mkdtemp())


def zipped(*names: str, content: str = "x", change: Callable[[bytearray], object] = lambda _: None) -> Path:
    """A zip archive of these members."""
    path = folder() / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    packed = bytearray(path.read_bytes())
    change(packed)
    path.write_bytes(packed)
    return path


def tarred(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> Path:
    path = folder() / "a.tar"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.size = kind, size
        archive.addfile(member, io.BytesIO(bytes(size)))
    return path


def unpacked(path: Path, **limits: Any) -> Path:
    return unpack(path, folder() / "out", **limits)


def cut(path: Path, size: int) -> Path:
    path.write_bytes(path.read_bytes()[:size])
    return path


def squeezed(path: Path) -> Path:
    path.write_bytes(gzip.compress(path.read_bytes())[:-9])
    return path


def encrypted(packed: bytearray) -> None:
    packed[6] |= 1
    packed[packed.index(b"PK\1\2") + 8] |= 1


def is_unknown(packed: bytearray) -> None:
    packed[8] = packed[packed.index(b"PK\1\2") + 10] = 99


ARCHIVES = [
    ("`folder` must be new or empty; got", lambda: unpack(zipped("a"), zipped("a").parent)),
    ("must be an intact archive; got .*its first bytes|end", lambda: unpacked(tarred("a").parent / "lost")),
    ("must be an intact archive; got .*behind it .*member 1, 'a'", lambda: unpacked(cut(tarred("a", size=9), 1024))),
    (r"must be an intact archive; got a header of 20000.. bytes", lambda: unpacked(tarred("a" * 2_000_000))),
    ("must be an intact archive; got a cut compressed file", lambda: unpacked(squeezed(tarred("a")))),
    ("must hold members that can be unpacked; got .*password", lambda: unpacked(zipped("a", change=encrypted))),
    ("must hold members that can be unpacked; got", lambda: unpacked(zipped("a", change=is_unknown))),
    (
        "must be an intact archive; got .*member 1, 'a'",
        lambda: unpacked(zipped("a", change=lambda p: p.__setitem__(31, 0))),
    ),
    ("must hold at most 1 members; got 2 or more .*member limit", lambda: unpacked(zipped("a", "b"), max_members=1)),
    ("must hold names inside its folder only; got '../a' .*member 1", lambda: unpacked(zipped("../a"))),
    ("must hold names of at most 255 bytes; got 'aaa", lambda: unpacked(zipped("a" * 300))),
    ("must hold files and folders only; got 'a', a link", lambda: unpacked(tarred("a", tarfile.SYMTYPE))),
    ("must hold each name once; got 'A' again .*member 2", lambda: unpacked(zipped("a", "A"))),
    (
        "must hold at most 9 bytes, 200 for each of its own; got more",
        lambda: unpacked(tarred("a", size=10), max_bytes=9),
    ),
    ("must hold 'c'; got 2: a, b .*its members", lambda: gn.read(zipped("a", "b"), member="c")),
    ("must hold one file that can be read; got 2: a, b", lambda: gn.read(zipped("a", "b"))),
]

CARD = """
title = "T"
about = "A"
kind = "meshes"
task = "t"
licence = "MIT"
citation = "c"
homepage = "h"
features = "x"
"""
READ = '[read]\nformat = "off"\nfiles.all = ["*.off"]\n'


def carded(head: str = "", read: str = READ, **files: str) -> Path:
    """A folder with the card `mine` and some files."""
    place = folder()
    (place / "mine.toml").write_text(head + CARD + read)
    for name, content in files.items():
        (place / f"{name}.off").write_text(content)
    return place


def mine(head: str = "", read: str = READ, root: Path | None = None, **files: str) -> Any:
    """The data set of that card."""
    return gn.dataset("mine", cards=carded(head, read, **files), root=root or folder())


def recipe(name: str) -> str:
    return f'[read]\nrecipe = "{name}"\n'


def fetched(misbehaviour: Any = None, path: Path | None = None, limits: Limits | None = None, **changes: Any) -> None:
    """What becomes of a file that a server gives in its own way."""
    quick = limits or Limits(20, 60, 1 << 20, 1, 0.01)
    with serving({"a": b"content"}, misbehaviour) as server:
        addresses = tuple(server.address(name) for name in changes.pop("at", ["a"]))
        download(File("a.bin", addresses, **changes), path or folder() / "a.bin", limits=quick)


def fetched_to_a_full_disk() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with mock.patch("geonets.data.catalog.download.os.fsync", side_effect=full):
        fetched()


def shelved(more: str = "", *, full_disk: bool = False, locked: bool = False, **asked: Any) -> Any:
    """The data set `corner`, from a server."""
    root = folder()
    with serving({"corner": CONTENT}) as server:
        cards = shelf(folder(), server.address("corner"), more=more)
        if locked:
            gn.dataset("corner", cards=cards, root=root)
            import filelock

            (home,) = root.iterdir()
            with filelock.FileLock(home / ".lock"):
                return gn.dataset("corner", cards=cards, root=root, refresh=True, limits=Limits(seconds=0.1))
        if full_disk:
            full = OSError(errno.ENOSPC, "No space left on device")
            with mock.patch("geonets.data.catalog.catalog.save", side_effect=full):
                return gn.dataset("corner", cards=cards, root=root)
        return gn.dataset("corner", cards=cards, root=root, **asked)


CORNER = "OFF 3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
TARGET = '[target]\nname = "kind"\nclasses = ["b"]\n'


def lost_package() -> Any:
    place = carded(read='[[files]]\nname = "a.off"\naddresses = ["package:atlantis/a.off"]\n' + READ)
    return gn.dataset("mine", cards=place, root=folder())


CARDS = [
    ("`name` must be one of babi, .*; got 'atlantis'", lambda: card("atlantis")),
    ("must be written in TOML; got .*mine.toml, the text", lambda: read_card(carded("?") / "mine.toml")),
    ("must have keys of these only: name, .*; got colour", lambda: read_card(carded("colour = 1\n") / "mine.toml")),
    ("must tell the read; got nothing", lambda: read_card(carded(read="") / "mine.toml")),
    ("must have a table there; got 3 .*read", lambda: read_card(carded("read = 3\n", "") / "mine.toml")),
    ("must have a list there; got 'a'", lambda: read_card(carded(read=READ + 'files.val = "a"\n') / "mine.toml")),
    ("must have a int there; got 'all'", lambda: read_card(carded("items = 'all'\n") / "mine.toml")),
    ("must say one of published", lambda: read_card(carded(read=READ + '[split]\nkind = "fair"\n') / "mine.toml")),
]
DOWNLOADS = [
    ("must have the sha256 0000.*; got ", lambda: fetched(sha256="0" * 64)),
    ("must be at one of its 2 addresses; got: be there; got 404", lambda: fetched(at=["b", "c"])),
    ("must come within 1 attempts; got 503", lambda: fetched(lambda h: says(h, 503))),
    ("must fit on the disk; got .*No space left", fetched_to_a_full_disk),
    (
        "must come from a web address.*a redirect to file:",
        lambda: fetched(lambda h: says(h, 302, Location="file:///a")),
    ),
    ("must come after at most 5 redirects", lambda: fetched(lambda h: says(h, 302, Location="/a"))),
    ("must be there; got 403", lambda: fetched(lambda h: says(h, 403))),
    ("must be a file; got a web page", lambda: fetched(lambda h: says(h, body=b"x", Content_Type="text/html"))),
    ("must be a file; got a web page, b'<html", lambda: fetched(lambda h: says(h, body=b"<html>"))),
    ("must have at most 1048576 bytes; got", lambda: fetched(endless)),
    ("must come within 0 seconds; got", lambda: fetched(limits=Limits(seconds=0))),
    (
        "must fit on the disk, which has",
        lambda: fetched(lambda h: says(h, length=1 << 59), limits=Limits(bytes=1 << 60)),
    ),
]
SETS = [
    ("`source` must be a folder; got 'nowhere'", lambda: gn.dataset("cora", source="nowhere")),
    ("`corner` must have 7 items; got 1", lambda: shelved("items = 7")),
    ("must be prepared by one process at a time; got another at work", lambda: shelved(locked=True)),
    ("`root` must have room for corner; got No space left", lambda: shelved(full_disk=True)),
    ("`accept_licence` must be True before corner is downloaded", lambda: shelved("restricted = true")),
    ("must be in a package that is installed, or a folder", lost_package),
    ("`mine` must come with files [*].off; got 1 others", mine),
    ("`mine` must name a recipe that there is; got 'soup'", lambda: mine(read=recipe("soup"))),
    ("`mine` must come with files and options as its recipe", lambda: mine(read=recipe("digits"))),
    ("must have files whose names fit", lambda: mine(read=READ + "label = 'x(?P<y>.)'\n", a=CORNER)),
    ("must have classes b; got 'a'", lambda: mine(read=TARGET + READ + "label = '(?P<y>[a-z])[.]'\n", a=CORNER)),
    ("`task` must be int in babi; got 'two'", lambda: gn.dataset("babi", source=folder(), task="two")),
    ("`kind` must be one of random, scaffold", lambda: gn.dataset("karate").split("fair")),
    ("`fractions` must be three numbers that make one", lambda: gn.dataset("karate").split("random", fractions=(1, 1))),
    ("`count` must be at least 3; got 2", lambda: gn.dataset("karate").folds(2)),
    ("`y` must be one whole number for each of the 1 rows", lambda: mine(a=CORNER).folds(3)),
    ("`kind` must be random or stratified where `meta` has no SMILES", lambda: gn.dataset("digits").split("scaffold")),
]
CASES = ARCHIVES + CARDS + DOWNLOADS + SETS
