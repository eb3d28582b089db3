"""Archives, cards, downloads and data sets that cannot be had."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geonets as gn
from geonets.data.archives import unpack


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

CASES = ARCHIVES
