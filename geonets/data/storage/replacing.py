"""Files that are replaced whole or not at all, whatever interrupts the writing."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows has no such locks: what a killed process left stays there
    fcntl = None


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to be written, which takes the place of `path` when the block ends.

    Until then, and when the block fails, the old file is as it was. What processes that were killed left behind is
    taken away.
    """
    _sweep(path)
    part, file = _part(path)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.add_note(f"{path} is as it was before.")
        raise
    settle(path.parent)


def settle(folder: Path) -> None:
    """See that the names in a folder are on disk."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _part(path: Path) -> tuple[Path, BinaryIO]:
    """A new file beside `path`, locked for as long as this process lives."""
    while True:
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        file = part.open("xb")
        if fcntl is None:
            return part, file
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return part, file
        file.close()  # somebody took it for a dead process's in the moment before it was locked


def _sweep(path: Path) -> None:
    """Take away the parts that no living process has locked."""
    if fcntl is None:
        return
    for name in glob.glob(f".{glob.escape(path.name)}.*.part", root_dir=path.parent):
        with contextlib.suppress(OSError), (path.parent / name).open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (path.parent / name).unlink()
