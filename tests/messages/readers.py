"""Files that cannot be read: each names the file, the place and the cure."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Any

import geonets as gn
from geonets.data.readers import Source
from geonets.data.readers.numbers import table


def written(name: str, content: str | bytes) -> Path:
    """A file of this name and content."""
    path = Path(tempfile.mkdtemp(), name)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(name: str, content: str | bytes, **options: Any) -> Any:
    """What becomes of a file of this name and content."""
    return gn.read(written(name, content), **options)


def source(content: str | bytes) -> Source:
    return Source(written("some.txt", content))


def broken_record() -> None:
    file = source("")
    file.leave_out(file.error("be whole", "half", "line 9", "Mend it.", record=2))


ZIPPED = gzip.compress(b"OFF 0 0 0\n" * 100)
CORNER = "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n"

CASES = [
    ("must exist; got no such file or folder .nowhere.off", lambda: gn.read("nowhere.off")),
    ("must hold something; got an empty file .*byte 0", lambda: read("empty.off", b"")),
    ("must be of a known format; got 'a.odd'", lambda: read("a.odd", "?")),
    ("`format` must be one of off", lambda: read("a.off", "OFF", format="odd")),
    ("`on_error` must be one of raise, skip", lambda: read("a.off", "OFF", on_error="ignore")),
    ("`colour` must be an option of the format off; got colour=1", lambda: read("a.off", "OFF 0 0 0", colour=1)),
    ("must have at most 8 bytes; got 10 bytes", lambda: read("a.off", "OFF 0 0 0\n", max_bytes=8)),
    ("must have at most 99 bytes; got more when decompressed", lambda: read("a.off.gz", ZIPPED, max_bytes=99)),
    ("must be a whole gzip file; got a cut one", lambda: read("a.off.gz", ZIPPED[:-9], format="off")),
    ("must be an intact gzip file", lambda: read("a.off.gz", ZIPPED[:20] + b"?" + ZIPPED[21:], format="off")),
    ("must be UTF-8 text; got UTF-16", lambda: read("a.off", "OFF".encode("utf-16"))),
    ("must be UTF-8 text; got byte 0xff .*line 2, byte 4", lambda: read("a.off", b"OFF\n\xff")),
    ("must be text; got a zero byte .*line 2", lambda: read("a.off", "OFF\n\0")),
    ("must name files inside its folder only", lambda: Source(written("a", "").parent).member("../b")),
    ("must hold the file b; got none", lambda: Source(written("a", "").parent).member("b")),
    ("must have 2 numbers for each row; got 1 .*line 2", lambda: table(source(""), ["1 2", "3"])),
    ("must have finite numbers only; got 'inf'", lambda: table(source(""), ["1 inf"])),
    ("must have a number there; got '1_0'", lambda: table(source(""), ["1 1_0"])),
    ("must have 64-bit whole numbers; got '99999999999999999999'", lambda: table(source(""), ["9" * 20], kind=int)),
    ("must be whole; got half .*record 2, line 9", broken_record),
    ("must begin with OFF; got 'of'", lambda: read("a.off", "of", format="off")),
    ("must announce three whole numbers; got '3 x' .*line 2", lambda: read("a.off", "OFF\n3 x\n")),
    ("must have the 3 vertices and 1 faces that line 2 announces", lambda: read("a.off", CORNER)),
    ("must end after 3 vertices and 1 faces", lambda: read("a.off", CORNER + "3 0 1 2\n" * 2)),
    ("must have a number there; got 'zero' .*line 3, vertex 0", lambda: read("a.off", "OFF\n1 0 0\n0 zero 0")),
    ("must count and name the corners of a face; got '4 0 1 2'", lambda: read("a.off", CORNER + "4 0 1 2")),
    ("must have a whole number there; got '1.5' .*line 6, corner 1", lambda: read("a.off", CORNER + "3 0 1.5 2")),
    ("must have at least three corners a face; got 2", lambda: read("a.off", CORNER + "2 0 1")),
    ("must have faces of vertices between 0 and 2; got vertex 9 .*face 0", lambda: read("a.off", CORNER + "3 0 1 9")),
]
